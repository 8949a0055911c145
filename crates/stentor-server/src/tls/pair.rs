//! A certificate and its key, as they are read from PEM.

use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use stentor_types::Wall;
use time::{Date, OffsetDateTime};
use x509_parser::extensions::GeneralName;

/// An operator hears of an expiry this long before: two weeks hold a holiday.
pub const EXPIRY_WARNING: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// Certificate and key files are some kB; a chain with everything stays under 64 kB.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// A certificate with its key, fit for the doors.
#[derive(Clone, Debug)]
pub struct Pair {
    /// For handshakes.
    pub key: Arc<CertifiedKey>,
    /// The first moment at which clients take it.
    pub valid_from: Wall,
    /// The last moment at which clients take it.
    pub valid_until: Wall,
    /// The host names and addresses that it is for.
    pub names: Vec<String>,
}

/// A certificate that loads, and that clients will refuse or soon refuse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsWarning {
    /// It is not valid any more.
    #[error("the certificate {} expired on {on}; browsers refuse it, so replace it", file.display())]
    Expired {
        /// The certificate's file.
        file: PathBuf,
        /// Its last day.
        on: Date,
    },
    /// It is valid for less than [`EXPIRY_WARNING`].
    #[error("the certificate {} expires on {on}; renew it", file.display())]
    ExpiresSoon {
        /// The certificate's file.
        file: PathBuf,
        /// Its last day.
        on: Date,
    },
    /// It is not valid yet.
    #[error(
        "the certificate {} is valid from {from} on only; if that is past, set this machine's clock right",
        file.display()
    )]
    NotYet {
        /// The certificate's file.
        file: PathBuf,
        /// Its first day.
        from: Date,
    },
}

/// Why there can be no TLS with these files. The operator's to mend; not to be retried before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The file cannot be read.
    #[error("cannot read {}: {error}; check [tls] in the configuration, or --tls-cert and --tls-key", file.display())]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The file has no certificate in PEM.
    #[error(
        "{} holds no certificate in PEM format (-----BEGIN CERTIFICATE-----); give the certificate with its chain",
        file.display()
    )]
    NoCertificate {
        /// Which.
        file: PathBuf,
    },
    /// The file has no private key in PEM.
    #[error(
        "{} holds no private key in PEM format (-----BEGIN PRIVATE KEY-----); an encrypted key must be decrypted first",
        file.display()
    )]
    NoKey {
        /// Which.
        file: PathBuf,
    },
    /// Both are there and are not of one pair.
    #[error(
        "the key in {} is not the one of the certificate in {}; give the two files that were made together",
        key.display(),
        cert.display()
    )]
    KeyDoesNotFit {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// The certificate or the key is damaged or of a kind that nothing supports.
    #[error("the certificate in {} cannot be used: {why}", file.display())]
    Unusable {
        /// The certificate's file.
        file: PathBuf,
        /// What the TLS library says.
        why: String,
    },
}

/// Reads the certificate (leaf first, then its chain) and its key.
///
/// # Errors
/// A file is missing, is no PEM, or the two do not belong together.
pub fn load(cert: &Path, key: &Path) -> Result<Pair, TlsError> {
    Pair::of_pem((cert, &read(cert)?), (key, &read(key)?))
}

impl Pair {
    /// The pair in these texts; the paths are for messages. Both may be in one file.
    ///
    /// # Errors
    /// A text is no PEM, or the two do not belong together.
    pub fn of_pem(cert: (&Path, &[u8]), key: (&Path, &[u8])) -> Result<Self, TlsError> {
        let ((cert, cert_pem), (key, key_pem)) = (cert, key);
        let chain: Vec<_> = CertificateDer::pem_slice_iter(cert_pem)
            .collect::<Result<_, _>>()
            .map_err(|_| TlsError::NoCertificate { file: cert.into() })?;
        let Some(leaf) = chain.first() else {
            return Err(TlsError::NoCertificate { file: cert.into() });
        };
        let unusable = |why: String| TlsError::Unusable { file: cert.into(), why };
        let (valid_from, valid_until, names) = facts(leaf).map_err(unusable)?;
        let private_key =
            PrivateKeyDer::from_pem_slice(key_pem).map_err(|_| TlsError::NoKey { file: key.into() })?;
        let key = CertifiedKey::from_der(chain, private_key, &provider()).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                TlsError::KeyDoesNotFit { cert: cert.into(), key: key.into() }
            }
            other => unusable(other.to_string()),
        })?;
        Ok(Self { key: Arc::new(key), valid_from, valid_until, names })
    }

    /// What the operator should know at once; `file` is where the certificate is.
    pub fn warning(&self, file: &Path, now: Wall) -> Option<TlsWarning> {
        let file = file.to_owned();
        if now < self.valid_from {
            return Some(TlsWarning::NotYet { file, from: day(self.valid_from) });
        }
        match self.valid_until.saturating_since(now) {
            Duration::ZERO => Some(TlsWarning::Expired { file, on: day(self.valid_until) }),
            left if left < EXPIRY_WARNING => {
                Some(TlsWarning::ExpiresSoon { file, on: day(self.valid_until) })
            }
            _ => None,
        }
    }

    /// Whether clients take it for this host name or address (RFC 6125 §6.4.3: a star is one label).
    pub fn covers(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let under_star = |known: &str| {
            let (suffix, rest) = (known.strip_prefix("*."), name.split_once('.').map(|(_, rest)| rest));
            suffix.is_some() && suffix == rest
        };
        self.names.iter().any(|known| *known == name || under_star(known))
    }
}

pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

pub(super) fn read(file: &Path) -> Result<Vec<u8>, TlsError> {
    let refuse = |error| TlsError::Unreadable { file: file.into(), error };
    let meta = fs::metadata(file).map_err(refuse)?;
    if !meta.is_file() || meta.len() > FILE_BYTES_MAX {
        return Err(refuse(io::Error::other("it is no file of a certificate's size")));
    }
    fs::read(file).map_err(refuse)
}

/// From when until when clients take a certificate, and for which names.
fn facts(cert: &CertificateDer<'_>) -> Result<(Wall, Wall, Vec<String>), String> {
    let (_, parsed) = x509_parser::parse_x509_certificate(cert).map_err(|error| error.to_string())?;
    let wall = |time: x509_parser::time::ASN1Time| Wall(time.timestamp().saturating_mul(1000));
    let alternatives = parsed.subject_alternative_name().map_err(|error| error.to_string())?;
    let names = alternatives.iter().flat_map(|alternatives| &alternatives.value.general_names);
    let names = names.filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
        _ => None,
    });
    let validity = parsed.validity();
    Ok((wall(validity.not_before), wall(validity.not_after), names.collect()))
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

/// The day of a moment, in UTC.
pub fn day(at: Wall) -> Date {
    OffsetDateTime::from_unix_timestamp(at.0.div_euclid(1000)).map_or(Date::MAX, OffsetDateTime::date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cert;

    const NOW: Wall = Wall(1_790_000_000_000);

    fn files() -> (tempfile::TempDir, cert::Made) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let made = cert::make(&["stentor.test".into()], dir.path(), NOW).expect("a certificate");
        (dir, made)
    }

    #[test]
    fn a_fresh_certificate_loads_and_warns_when_its_time_comes() {
        let (_dir, made) = files();
        let pair = load(&made.cert, &made.key).expect("it was just made");
        let warning = |at| pair.warning(&made.cert, at);
        assert_eq!(warning(NOW), None);
        let day = day(pair.valid_until);
        let file = made.cert.clone();
        let soon = pair.valid_until.minus(EXPIRY_WARNING).plus(Duration::from_millis(1));
        assert_eq!(warning(soon), Some(TlsWarning::ExpiresSoon { file: file.clone(), on: day }));
        let expired = TlsWarning::Expired { file, on: day };
        assert_eq!(warning(pair.valid_until), Some(expired.clone()));
        assert!(expired.to_string().contains(&format!("expired on {day};")), "{expired}");
        assert!(matches!(warning(Wall(0)), Some(TlsWarning::NotYet { .. })));
    }

    #[test]
    fn each_thing_that_is_wrong_with_the_files_has_its_own_error() {
        let (dir, made) = files();
        let (_other_dir, other) = files();
        let path = |name: &str, content: &str| {
            let path = dir.path().join(name);
            fs::write(&path, content).expect("a writable folder");
            path
        };
        let missing = dir.path().join("missing.pem");
        let error = |cert: &Path, key: &Path| load(cert, key).expect_err("these files are wrong");
        assert!(matches!(error(&missing, &made.key), TlsError::Unreadable { .. }));
        assert!(matches!(error(&made.cert, &missing), TlsError::Unreadable { .. }));
        assert!(matches!(error(dir.path(), &made.key), TlsError::Unreadable { .. }));
        assert!(matches!(error(&path("empty", ""), &made.key), TlsError::NoCertificate { .. }));
        assert!(matches!(error(&made.key, &made.key), TlsError::NoCertificate { .. }));
        assert!(matches!(error(&made.cert, &made.cert), TlsError::NoKey { .. }));
        let not_fitting = error(&made.cert, &other.key);
        assert!(matches!(not_fitting, TlsError::KeyDoesNotFit { .. }), "{not_fitting}");
        let junk = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(matches!(error(&path("junk", junk), &made.key), TlsError::Unusable { .. }));
    }
    #[test]
    fn a_certificate_covers_its_names_and_no_others() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let names = ["stentor.test".into(), "*.example.org".into(), "192.0.2.5".into()];
        let made = cert::make(&names, dir.path(), NOW).expect("a certificate");
        let pair = load(&made.cert, &made.key).expect("it was just made");
        for name in ["stentor.test", "Listen.example.org", "192.0.2.5", "localhost", "::1"] {
            assert!(pair.covers(name), "{name} in {:?}", pair.names);
        }
        for name in ["a.stentor.test", "example.org", "a.b.example.org", "192.0.2.6", ""] {
            assert!(!pair.covers(name), "{name}");
        }
    }
}
