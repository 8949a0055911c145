//! One order, from the account to the chain.

use std::time::Duration;

use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, Error, Identifier, NewAccount, NewOrder, Order, OrderStatus,
    RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::sign::CertifiedKey;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::http::AcmeHttp;
use super::store::{AcmeStore, KeepError};
use crate::config::Acme;
use crate::data_folder::DataError;
use crate::tls::certificates::Certificates;
use crate::tls::pair::{Pair, provider};

/// Verifying takes seconds from a few places of the world, issuing another few; a busy authority takes a minute.
const PATIENCE: RetryPolicy =
    RetryPolicy::new().initial_delay(Duration::from_millis(500)).timeout(Duration::from_secs(120));

/// Why there is no certificate. All of it may be tried again later.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OrderError {
    /// The authority cannot be reached, or is none.
    #[error(
        "{directory} does not answer as an authority ({why}); check this machine's way to the internet and tls.acme_directory"
    )]
    Unreachable {
        /// Where it should be.
        directory: String,
        /// What happened.
        why: String,
    },
    /// The authority could not convince itself that a name is ours.
    #[error(
        "the authority could not verify {name} ({why}); port 443 of {name} has to reach a door of this server from the internet"
    )]
    Unverified {
        /// Which name.
        name: String,
        /// What the authority says.
        why: String,
    },
    /// The authority refuses.
    #[error("the authority refuses: {0}")]
    Refused(String),
    /// The authority does not verify by TLS-ALPN-01.
    #[error(
        "the authority does not verify names by TLS-ALPN-01, which is the one way here; choose another with tls.acme_directory"
    )]
    OtherWays,
    /// What the authority gave cannot be kept.
    #[error(transparent)]
    Keep(#[from] KeepError),
    /// The account cannot be kept.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The library failed at something that it can do.
    #[error("an answer to the authority could not be made: {0}")]
    Failed(String),
}

/// Gets a certificate for all names and keeps it.
pub(super) async fn order(
    acme: &Acme,
    store: &AcmeStore,
    certificates: &Certificates,
) -> Result<Pair, OrderError> {
    let account = account(acme, store).await?;
    let names: Vec<_> = acme.names.iter().cloned().map(Identifier::Dns).collect();
    let refused = |error| explained(acme, error);
    let mut order = account.new_order(&NewOrder::new(&names)).await.map_err(refused)?;
    answer_challenges(acme, &mut order, certificates).await?;
    match order.poll_ready(&PATIENCE).await {
        Ok(OrderStatus::Ready) => {}
        Ok(_) | Err(Error::Api(_) | Error::Timeout(_)) => return Err(unverified(acme, &mut order).await),
        Err(error) => return Err(refused(error)),
    }
    let (request, key_pem) = request(&acme.names).map_err(|error| OrderError::Failed(error.to_string()))?;
    order.finalize_csr(&request).await.map_err(refused)?;
    let chain_pem = order.poll_certificate(&PATIENCE).await.map_err(refused)?;
    Ok(store.keep_certificate(&chain_pem, &key_pem)?)
}

/// Our account with the authority, made if there is none. Whoever sets `acme` agrees to the authority's terms.
async fn account(acme: &Acme, store: &AcmeStore) -> Result<Account, OrderError> {
    let builder = || Account::builder_with_http(Box::new(AcmeHttp::new()));
    let refused = |error| explained(acme, error);
    if let Some(known) = store.account() {
        return builder().from_credentials(known).await.map_err(refused);
    }
    let contact: Vec<&str> = acme.contact.iter().map(String::as_str).collect();
    let new = NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
    let directory = acme.directory.to_string();
    let (account, credentials) = builder().create(&new, directory, None).await.map_err(refused)?;
    store.keep_account(&credentials)?;
    Ok(account)
}

/// Shows the authority's answer for each name that it does not know as ours yet, and asks it to look.
async fn answer_challenges(
    acme: &Acme,
    order: &mut Order,
    certificates: &Certificates,
) -> Result<(), OrderError> {
    let refused = |error| explained(acme, error);
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization.map_err(refused)?;
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let mut challenge = authorization.challenge(ChallengeType::TlsAlpn01).ok_or(OrderError::OtherWays)?;
        let name = challenge.identifier().to_string();
        let digest = challenge.key_authorization().digest();
        let answer = answer(&name, digest.as_ref()).map_err(OrderError::Failed)?;
        certificates.challenge(&name, answer);
        challenge.set_ready().await.map_err(refused)?;
    }
    Ok(())
}

/// What an authority wants to see at a name: a certificate of its own making for the name, with the digest of the
/// key authorization (RFC 8737 §3).
fn answer(name: &str, digest: &[u8]) -> Result<CertifiedKey, String> {
    let make = || {
        let mut params = CertificateParams::new([name.to_owned()])?;
        params.distinguished_name = DistinguishedName::new();
        params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let cert = params.self_signed(&key)?;
        Ok::<_, rcgen::Error>((cert.der().clone(), key.serialize_der()))
    };
    let (cert, key) = make().map_err(|error| error.to_string())?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key));
    let key = provider().key_provider.load_private_key(key).map_err(|error| error.to_string())?;
    // Not checked against each other: the critical extension is one that only an authority understands.
    Ok(CertifiedKey::new(vec![cert], key))
}

/// A request for a certificate with a key of its own: DER and PEM.
fn request(names: &[String]) -> Result<(Vec<u8>, String), rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    Ok((params.serialize_request(&key)?.der().to_vec(), key.serialize_pem()))
}

/// Which name the authority could not verify, in its own words.
async fn unverified(acme: &Acme, order: &mut Order) -> OrderError {
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        if let Err(error) = authorization.refresh().await {
            return explained(acme, error);
        }
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let said = authorization.challenges.iter().find_map(|challenge| challenge.error.as_ref());
        let why = said.and_then(|problem| problem.detail.clone());
        let name = authorization.identifier().to_string();
        let why = why.unwrap_or_else(|| "it does not say why".to_owned());
        return OrderError::Unverified { name, why };
    }
    OrderError::Refused("the order is invalid although every name is verified".to_owned())
}

fn explained(acme: &Acme, error: Error) -> OrderError {
    match error {
        Error::Api(problem) => OrderError::Refused(problem.to_string()),
        other => OrderError::Unreachable { directory: acme.directory.to_string(), why: other.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use x509_parser::oid_registry::asn1_rs::oid;

    use super::*;

    /// RFC 8737 §3: the name alone, and the digest as an octet string in a critical extension.
    #[test]
    fn an_answer_has_the_name_and_the_digest_of_the_key_authorization() {
        let digest = [0xA5; 32];
        let answer = answer("a.test", &digest).expect("it can be made");
        let (_, cert) = x509_parser::parse_x509_certificate(&answer.cert[0]).expect("a certificate");
        let names = cert.subject_alternative_name().expect("well formed").expect("it has names");
        assert_eq!(names.value.general_names.len(), 1);
        assert!(names.value.general_names[0].to_string().contains("a.test"));
        let id = oid!(1.3.6.1.5.5.7.1.31);
        let identifier = cert.get_extension_unique(&id).expect("well formed").expect("it is there");
        assert!(identifier.critical);
        assert_eq!(identifier.value, [&[0x04, 0x20][..], &digest].concat());
    }
}
