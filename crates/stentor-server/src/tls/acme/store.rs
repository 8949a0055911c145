//! The account and the certificate in the data folder.
//!
//! ```text
//! DATA/acme/{directory}/account.json      our account with the authority and its key (0600)
//! DATA/acme/{directory}/certificate.pem   the chain and its key (0600)
//! ```
//!
//! `{directory}` is a hash of the directory's address: another authority, or the test system of the same, knows
//! nothing of our account and its certificates are no good for browsers.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use instant_acme::AccountCredentials;

use crate::data_folder::{DataError, write_atomically};
use crate::tls::pair::{self, Pair, TlsError};

/// Where an authority's things are.
#[derive(Clone, Debug)]
pub struct AcmeStore {
    dir: PathBuf,
}

impl AcmeStore {
    /// The store for the authority with this directory; its folder is made with the first thing that is kept.
    pub fn new(data: &Path, directory: &str) -> Self {
        let hash = blake3::hash(directory.as_bytes()).to_hex();
        Self { dir: data.join("acme").join(&hash[..16]) }
    }

    /// Where the certificate is, or will be.
    pub fn certificate_file(&self) -> PathBuf {
        self.dir.join("certificate.pem")
    }

    /// The certificate that was kept, if there is one.
    ///
    /// # Errors
    /// There is one that cannot be used. The next one replaces it.
    pub fn certificate(&self) -> Result<Option<Pair>, TlsError> {
        let file = self.certificate_file();
        if !file.exists() {
            return Ok(None);
        }
        let pem = pair::read(&file)?;
        Pair::of_pem((&file, &pem), (&file, &pem)).map(Some)
    }

    /// Keeps a chain and its key, in one file so that they are always of one pair, and reads them as the next start
    /// will.
    pub(super) fn keep_certificate(&self, chain_pem: &str, key_pem: &str) -> Result<Pair, KeepError> {
        let (file, text) = (self.certificate_file(), format!("{key_pem}\n{chain_pem}"));
        let pair = Pair::of_pem((&file, text.as_bytes()), (&file, text.as_bytes()))?;
        self.keep(&file, text.as_bytes())?;
        Ok(pair)
    }

    /// Our account, if there is one that can be read. One that cannot is as good as none: a new one costs nothing.
    pub(super) fn account(&self) -> Option<AccountCredentials> {
        serde_json::from_slice(&pair::read(&self.account_file()).ok()?).ok()
    }

    pub(super) fn keep_account(&self, account: &AccountCredentials) -> Result<(), DataError> {
        let json = serde_json::to_vec(account).expect("credentials are texts");
        self.keep(&self.account_file(), &json)
    }

    fn account_file(&self) -> PathBuf {
        self.dir.join("account.json")
    }

    fn keep(&self, file: &Path, bytes: &[u8]) -> Result<(), DataError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.dir);
        made.map_err(|error| DataError::System { what: "create", path: self.dir.clone(), error })?;
        write_atomically(file, bytes, 0o600)
    }
}

/// Why a certificate cannot be kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeepError {
    /// The authority's chain cannot be used.
    #[error(transparent)]
    Chain(#[from] TlsError),
    /// The disk.
    #[error(transparent)]
    Disk(#[from] DataError),
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use stentor_types::Wall;

    use super::*;
    use crate::cert;

    #[test]
    fn a_certificate_is_kept_private_and_apart_for_each_authority() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let made = cert::make(&[], &dir.path().join("made"), Wall(1_790_000_000_000)).expect("a certificate");
        let text = |file: &Path| fs::read_to_string(file).expect("it was made");
        let store = AcmeStore::new(dir.path(), "https://a.test/directory");
        assert!(store.certificate().expect("nothing is no error").is_none());
        let kept = store.keep_certificate(&text(&made.cert), &text(&made.key)).expect("a writable folder");
        let found = store.certificate().expect("it was kept").expect("it was kept");
        assert_eq!((&found.key.cert, &found.names), (&kept.key.cert, &kept.names));
        let mode = |path: &Path| fs::metadata(path).expect("it was made").permissions().mode() & 0o777;
        assert_eq!((mode(&store.certificate_file()), mode(&store.dir)), (0o600, 0o700));
        let other = AcmeStore::new(dir.path(), "https://b.test/directory");
        assert!(other.certificate().expect("nothing is no error").is_none());

        let other_key =
            cert::make(&[], &dir.path().join("other"), Wall(1_790_000_000_000)).expect("a certificate");
        let refused = store.keep_certificate(&text(&made.cert), &text(&other_key.key));
        assert!(matches!(refused, Err(KeepError::Chain(TlsError::KeyDoesNotFit { .. }))));
        assert!(store.certificate().is_ok_and(|kept| kept.is_some()), "the good one is still there");
    }
}
