//! What the doors show now.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::Ticketer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::pair::{Pair, provider};

/// What an authority speaks when it verifies a name, and nothing else does (RFC 8737 §6.2).
pub const ACME_ALPN: &[u8] = b"acme-tls/1";

/// The certificate of all doors. A new one is shown from the next handshake on; connections that are open
/// never notice.
#[derive(Debug)]
pub struct Certificates {
    shown: RwLock<Option<Arc<Pair>>>,
    /// Answers to an authority that verifies names, by name. Empty but for a few seconds every two months.
    challenges: RwLock<BTreeMap<String, Arc<CertifiedKey>>>,
}

impl Certificates {
    /// With a certificate to begin with, or none yet: then handshakes fail until there is one.
    pub fn new(first: Option<Pair>) -> Arc<Self> {
        Arc::new(Self { shown: RwLock::new(first.map(Arc::new)), challenges: RwLock::default() })
    }

    /// The one that is shown.
    pub fn shown(&self) -> Option<Arc<Pair>> {
        self.shown.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Shows this one from the next handshake on.
    pub fn show(&self, pair: Pair) {
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(pair));
    }

    /// Answers an authority that verifies `name` with this certificate, until [`Self::end_challenges`].
    pub(super) fn challenge(&self, name: &str, answer: CertifiedKey) {
        let mut challenges = self.challenges.write().unwrap_or_else(PoisonError::into_inner);
        challenges.insert(name.to_ascii_lowercase(), Arc::new(answer));
    }

    pub(super) fn end_challenges(&self) {
        self.challenges.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// For the doors: TLS 1.2 and 1.3; HTTP/1.1 only, because over HTTP/2 a browser would carry the sound on the
    /// page's connection. With `acme`, an authority may verify names as well.
    pub fn server_config(self: &Arc<Self>, acme: bool) -> Arc<ServerConfig> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("the provider has ciphers for TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // Who comes again shakes hands without a signature, at any thread: what it takes is in the ticket, and no thread
        // looks it up in a table of all.
        config.ticketer = Ticketer::new().expect("the provider has random bytes");
        config.send_tls13_tickets = 1;
        if acme {
            config.alpn_protocols.push(ACME_ALPN.to_vec());
        }
        Arc::new(config)
    }
}

/// HTTP/2 by its name in TLS (RFC 9113 §3.2).
pub(crate) const HTTP2_ALPN: &[u8] = b"h2";

/// The same, and HTTP/2 before all others.
pub(crate) fn with_http2(config: &ServerConfig) -> Arc<ServerConfig> {
    let mut config = config.clone();
    config.alpn_protocols.insert(0, HTTP2_ALPN.to_vec());
    Arc::new(config)
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // An authority offers this protocol alone (RFC 8737 §3).
        let verifies = hello
            .alpn()
            .is_some_and(|mut offered| offered.next() == Some(ACME_ALPN) && offered.next().is_none());
        if verifies {
            let name = hello.server_name()?.to_ascii_lowercase();
            return self.challenges.read().unwrap_or_else(PoisonError::into_inner).get(&name).cloned();
        }
        self.shown().map(|pair| Arc::clone(&pair.key))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, ServerName};
    use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConnection};
    use stentor_types::Wall;

    use super::*;
    use crate::cert::{self, Made};
    use crate::clock::Clock;

    fn made(now: Wall) -> (tempfile::TempDir, Made) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let made = cert::make(&["a.test".into()], dir.path(), now).expect("a certificate");
        (dir, made)
    }

    fn pair(made: &Made) -> Pair {
        super::super::load(&made.cert, &made.key).expect("it was just made")
    }

    /// The certificate that a client of these protocols is shown, if the handshake comes to its end.
    fn shown(
        certificates: &Arc<Certificates>,
        cas: &[&Path],
        name: &str,
        alpn: &[&[u8]],
    ) -> Result<Vec<u8>, rustls::Error> {
        let mut roots = RootCertStore::empty();
        for ca in cas {
            roots.add(CertificateDer::from_pem_file(ca).expect("a certificate")).expect("an authority");
        }
        let mut config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("TLS 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
        let name = ServerName::try_from(name.to_owned()).expect("a name");
        let mut client = ClientConnection::new(Arc::new(config), name).expect("a client");
        let mut server = ServerConnection::new(certificates.server_config(true)).expect("a server");
        while client.is_handshaking() || server.is_handshaking() {
            let mut wire = Vec::new();
            client.write_tls(&mut wire).expect("memory takes everything");
            server.read_tls(&mut wire.as_slice()).expect("memory gives everything");
            server.process_new_packets()?;
            let mut wire = Vec::new();
            server.write_tls(&mut wire).expect("memory takes everything");
            client.read_tls(&mut wire.as_slice()).expect("memory gives everything");
            client.process_new_packets()?;
        }
        Ok(client.peer_certificates().expect("a handshake has one")[0].to_vec())
    }

    #[test]
    fn a_new_certificate_is_shown_from_the_next_handshake_on() {
        let now = Clock::start().wall();
        let ((_a, old), (_b, new)) = (made(now), made(now));
        let certificates = Certificates::new(None);
        let see = || shown(&certificates, &[&old.ca, &new.ca], "a.test", &[b"http/1.1"]);
        assert!(see().is_err(), "there is none yet");
        for made in [&old, &new] {
            let pair = pair(made);
            let leaf = pair.key.cert[0].to_vec();
            certificates.show(pair);
            assert_eq!(see(), Ok(leaf));
        }
    }

    #[test]
    fn an_authority_sees_its_answer_and_everybody_else_the_certificate() {
        let now = Clock::start().wall();
        let ((_a, ours), (_b, answer)) = (made(now), made(now));
        let certificates = Certificates::new(Some(pair(&ours)));
        let (ours_leaf, answer_leaf) = (pair(&ours).key.cert[0].to_vec(), pair(&answer).key.cert[0].to_vec());
        let see = |name: &str, alpn: &[&[u8]]| shown(&certificates, &[&ours.ca, &answer.ca], name, alpn);
        assert!(see("a.test", &[ACME_ALPN]).is_err(), "nothing is verified now");
        certificates.challenge("A.test", (*pair(&answer).key).clone());
        assert_eq!(see("a.test", &[ACME_ALPN]), Ok(answer_leaf));
        assert!(see("localhost", &[ACME_ALPN]).is_err(), "another name has no answer");
        let ordinary: [&[&[u8]]; 3] = [&[], &[b"http/1.1"], &[b"http/1.1", ACME_ALPN]];
        for ordinary in ordinary {
            assert_eq!(see("a.test", ordinary), Ok(ours_leaf.clone()));
        }
        certificates.end_challenges();
        assert!(see("a.test", &[ACME_ALPN]).is_err());
    }
}
