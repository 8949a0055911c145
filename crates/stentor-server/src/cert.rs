//! A certificate for a local network: browsers give a microphone to HTTPS only, and a machine that
//! nobody outside can reach gets no certificate from a public authority.
//!
//! A small authority is made, signs one certificate, and its key is thrown away: who trusts `ca.pem`
//! trusts that one certificate and nothing that anybody could make later.

use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::net::{IpAddr, UdpSocket};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};
use stentor_types::Wall;
use time::{Date, OffsetDateTime};

/// Apple's systems refuse more than 825 days, even of an authority that a person trusts.
const LIFETIME: Duration = Duration::from_secs(825 * 24 * 60 * 60);

/// The certificate is valid a day back, for phones whose clock is behind.
const BACKDATED: Duration = Duration::from_secs(24 * 60 * 60);

/// Names in one certificate: more is a mistake, and the files stay under 8 kB.
const NAMES_MAX: usize = 64;

/// What was made. As text, it tells a person what to do with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The certificate and its authority, for `--tls-cert`.
    pub cert: PathBuf,
    /// Its key, for `--tls-key`.
    pub key: PathBuf,
    /// The authority, for the devices of those who listen and speak.
    pub ca: PathBuf,
    /// What it is valid for.
    pub names: Vec<String>,
    /// Its last day.
    pub until: Date,
}

/// Why there is no certificate. The caller's to mend.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertError {
    /// A name that no certificate can have.
    #[error("{0:?} is neither a host name nor an address; write it as in stentor.local or 192.168.1.5")]
    OddName(String),
    /// Too many names.
    #[error("{0} names are too many for one certificate; at most {NAMES_MAX}")]
    TooManyNames(usize),
    /// There is such a file already.
    #[error("{} exists; move it away or choose another folder", .0.display())]
    Exists(PathBuf),
    /// A file cannot be written.
    #[error("cannot write {}: {error}", file.display())]
    Unwritable {
        /// Which.
        file: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The library failed at something that it can do.
    #[error("the certificate could not be made: {0}")]
    Failed(#[from] rcgen::Error),
}

/// Makes `cert.pem`, `key.pem` (readable by its owner only) and `ca.pem` in `folder`, valid for
/// `names` (host names and addresses) and always for this machine itself.
///
/// # Errors
/// A name is odd, a file exists, or the folder cannot be written.
pub fn make(names: &[String], folder: &Path, now: Wall) -> Result<Made, CertError> {
    let names = with_own_machine(names)?;
    let made = Made {
        cert: folder.join("cert.pem"),
        key: folder.join("key.pem"),
        ca: folder.join("ca.pem"),
        names,
        until: moment(end_of(now)).date(),
    };
    for file in [&made.cert, &made.key, &made.ca] {
        if file.exists() {
            return Err(CertError::Exists(file.clone()));
        }
    }
    let issuer_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let issuer_params = authority(now);
    let ca = issuer_params.self_signed(&issuer_key)?;
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let cert = leaf(&made.names, now)?.signed_by(&key, &Issuer::new(issuer_params, &issuer_key))?;

    fs::create_dir_all(folder).map_err(|error| CertError::Unwritable { file: folder.into(), error })?;
    write_new(&made.key, 0o600, &key.serialize_pem())?;
    write_new(&made.cert, 0o644, &(cert.pem() + &ca.pem()))?;
    write_new(&made.ca, 0o644, &ca.pem())?;
    Ok(made)
}

/// How this machine is called on its network: its host name, the same under `.local`, and the
/// address that it would use to the outside. Nothing is sent to find out.
pub fn own_names() -> Vec<String> {
    let mut names = Vec::new();
    let host = rustix::system::uname().nodename().to_string_lossy().to_ascii_lowercase();
    if is_host_name(&host) && host != "localhost" {
        if !host.contains('.') {
            names.push(format!("{host}.local"));
        }
        names.push(host);
    }
    // Documentation addresses (RFC 5737, RFC 3849): choosing a route is all that connect() does.
    for (bind, to) in [("0.0.0.0:0", "192.0.2.1:9"), ("[::]:0", "[2001:db8::1]:9")] {
        let socket = UdpSocket::bind(bind).and_then(|socket| socket.connect(to).map(|()| socket));
        if let Ok(address) = socket.and_then(|socket| socket.local_addr()) {
            names.push(address.ip().to_string());
        }
    }
    names
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (cert, key, ca) = (self.cert.display(), self.key.display(), self.ca.display());
        writeln!(f, "Made a certificate for {}, valid until {}.\n", self.names.join(", "), self.until)?;
        writeln!(f, "  start with it    stentor serve --tls-cert {cert} --tls-key {key}")?;
        writeln!(f, "  keep private     {key}")?;
        writeln!(f, "  give to devices  {ca}\n")?;
        writeln!(f, "Each device that speaks or listens has to trust {ca} once:")?;
        writeln!(
            f,
            "  Linux            copy it to /usr/local/share/ca-certificates/stentor.crt, then update-ca-certificates;"
        )?;
        writeln!(
            f,
            "                   Firefox and Chromium import it in their settings, under certificates, authorities"
        )?;
        writeln!(f, "  macOS            open it, and set it to Always Trust in Keychain Access")?;
        writeln!(f, "  Windows          certutil -addstore -user Root ca.pem")?;
        writeln!(
            f,
            "  iPhone, iPad     open it, install the profile, then Settings, General, About, Certificate Trust Settings"
        )?;
        writeln!(
            f,
            "  Android          Settings, Security, Encryption & credentials, Install a certificate, CA certificate"
        )
    }
}

/// The wanted names without doubles, and those under which a machine reaches itself.
fn with_own_machine(wanted: &[String]) -> Result<Vec<String>, CertError> {
    let mut names = Vec::new();
    for name in wanted.iter().map(String::as_str).chain(["localhost", "127.0.0.1", "::1"]) {
        let name = name.to_ascii_lowercase();
        if name.parse::<IpAddr>().is_err() && !is_host_name(name.strip_prefix("*.").unwrap_or(&name)) {
            return Err(CertError::OddName(name));
        }
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.len() > NAMES_MAX {
        return Err(CertError::TooManyNames(names.len()));
    }
    Ok(names)
}

/// Letters, digits and hyphens in labels of at most 63 (RFC 1123 §2.1). A last label of digits
/// would be a mistyped address.
pub(crate) fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= 253 && name.split('.').all(is_label) && !last.bytes().all(|b| b.is_ascii_digit())
}

fn authority(now: Wall) -> CertificateParams {
    let mut params = valid_from(now);
    let name = format!("Stentor on this network, made {}", moment(now).date());
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn leaf(names: &[String], now: Wall) -> Result<CertificateParams, CertError> {
    let mut params = valid_from(now);
    params.subject_alt_names = CertificateParams::new(names)?.subject_alt_names;
    params.distinguished_name.push(DnType::CommonName, "Stentor");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn valid_from(now: Wall) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.not_before = moment(now.minus(BACKDATED));
    params.not_after = moment(end_of(now));
    params
}

/// When a certificate that is made now expires.
fn end_of(now: Wall) -> Wall {
    now.minus(BACKDATED).plus(LIFETIME)
}

fn moment(at: Wall) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(at.0.div_euclid(1000)).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn write_new(file: &Path, mode: u32, text: &str) -> Result<(), CertError> {
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(file)
        .and_then(|mut opened| opened.write_all(text.as_bytes()).and_then(|()| opened.sync_all()))
        .map_err(|error| CertError::Unwritable { file: file.into(), error })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::Arc;

    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, ServerName};
    use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConnection};

    use super::*;
    use crate::clock::Clock;
    use crate::tls::Certificates;

    fn made(names: &[&str]) -> (tempfile::TempDir, Made) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        let made = make(&names, dir.path(), Clock::start().wall()).expect("sensible names");
        (dir, made)
    }

    /// A client that trusts only `ca` shakes hands with a server of this certificate.
    fn shake_hands(made: &Made, ca: &Path, name: &str) -> Result<(), rustls::Error> {
        let tls = crate::tls::load(&made.cert, &made.key).expect("fitting files");
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(ca).expect("a certificate")).expect("an authority");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("TLS 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(name.to_owned()).expect("a name");
        let mut client = ClientConnection::new(Arc::new(config), name).expect("a client");
        let mut server =
            ServerConnection::new(Certificates::new(Some(tls)).server_config(false)).expect("a server");
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
        Ok(())
    }

    #[test]
    fn who_trusts_the_authority_trusts_the_names_and_no_others() {
        let (_dir, made) = made(&["Stentor.local", "192.168.1.5", "stentor.local"]);
        assert_eq!(made.names, ["stentor.local", "192.168.1.5", "localhost", "127.0.0.1", "::1"]);
        for name in ["stentor.local", "192.168.1.5", "localhost", "::1"] {
            assert_eq!(shake_hands(&made, &made.ca, name), Ok(()), "{name}");
        }
        assert!(shake_hands(&made, &made.ca, "elsewhere.local").is_err());
        let (_other_dir, other) = self::made(&[]);
        assert!(shake_hands(&made, &other.ca, "localhost").is_err(), "another authority vouches for nothing");
    }

    #[test]
    fn the_key_is_private_and_nothing_is_overwritten() {
        let (dir, made) = made(&[]);
        let mode = fs::metadata(&made.key).expect("it was written").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = make(&[], dir.path(), Wall(0));
        assert!(matches!(again, Err(CertError::Exists(_))));
        let text = made.to_string();
        for file in [&made.cert, &made.key, &made.ca] {
            assert!(text.contains(file.to_str().expect("a plain path")), "{text}");
        }
    }

    #[test]
    fn odd_names_are_refused() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        for odd in ["", "a b", "http://x", "192.168.1", "192.168.1.256", "-a", "a..b", "ä.local", "*"] {
            let refused = make(&[odd.to_owned()], dir.path(), Wall(0));
            assert!(matches!(refused, Err(CertError::OddName(_))), "{odd:?}");
        }
        assert!(own_names().iter().all(|name| name.parse::<IpAddr>().is_ok() || is_host_name(name)));
    }
}
