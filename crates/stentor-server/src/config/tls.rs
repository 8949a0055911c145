//! `[tls]`: the certificate of the doors.

use std::path::{Path, PathBuf};

use super::section::{Wrong, section};

section! {
    /// The certificate of the doors. Without it they speak plain HTTP, and browsers give a microphone on
    /// this machine only.
    ["tls"] RawTls {
        /// The certificate with its chain, in PEM.
        cert: PathBuf = None, "\"/etc/stentor/cert.pem\"", Some("--tls-cert");
        /// Its private key, in PEM.
        key: PathBuf = None, "\"/etc/stentor/key.pem\"", Some("--tls-key");
    }
}

/// A certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate with its chain, in PEM.
    pub cert: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
}

impl RawTls {
    pub(crate) fn check(self) -> Result<Option<TlsFiles>, Wrong> {
        match (self.cert, self.key) {
            (Some(cert), Some(key)) => Ok(Some(TlsFiles { cert, key })),
            (None, None) => Ok(None),
            (Some(cert), None) => Err(Self::SPEC.wrong(
                "cert",
                cert.display(),
                "its key is missing; set tls.key (--tls-key) too",
            )),
            (None, Some(key)) => Err(Self::SPEC.wrong(
                "key",
                key.display(),
                "its certificate is missing; set tls.cert (--tls-cert) too",
            )),
        }
    }

    /// Makes relative paths those of `folder`.
    pub(crate) fn rebase(&mut self, folder: &Path) {
        self.cert = self.cert.take().map(|file| folder.join(file));
        self.key = self.key.take().map(|file| folder.join(file));
    }
}
