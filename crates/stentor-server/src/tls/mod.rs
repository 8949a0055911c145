//! TLS for the doors.
//!
//! - [`pair`]: a certificate and its key, as they are read from PEM.
//! - [`certificates`]: what the doors show now; a new one is shown from the next handshake on.
//! - [`watch`]: the files, looked at again and again.
//! - [`expiry`]: shows that outlast the certificate.
//! - [`acme`]: a certificate that is asked of an authority, and renewed.

pub mod acme;
pub mod certificates;
pub mod expiry;
pub mod pair;
pub mod watch;

use std::path::Path;
use std::sync::Arc;

use stentor_types::Wall;

pub use self::certificates::Certificates;
pub use self::pair::{Pair, TlsError, TlsWarning, load};

use self::acme::AcmeStore;
use self::watch::FileWatch;
use crate::config::{Acme, Tls};

/// The certificate of a server that starts, and where new ones come from.
pub(crate) struct Opened {
    /// What the doors show.
    pub(crate) certificates: Arc<Certificates>,
    /// The files that are looked at again.
    pub(crate) files: Option<FileWatch>,
    /// The authority that is asked, and where its answers are kept.
    pub(crate) authority: Option<(Acme, AcmeStore)>,
    /// What the operator should know at once.
    pub(crate) warning: Option<String>,
}

/// Reads the certificate that there is. Files have to be there; of an authority there may be nothing yet.
pub(crate) fn open(tls: &Tls, data: &Path, now: Wall) -> Result<Opened, TlsError> {
    match tls {
        Tls::Files(files) => {
            let (watch, pair) = FileWatch::start(files.clone())?;
            let warning = pair.warning(&files.cert, now).map(|warning| warning.to_string());
            let certificates = Certificates::new(Some(pair));
            Ok(Opened { certificates, files: Some(watch), authority: None, warning })
        }
        Tls::Acme(acme) => {
            let store = AcmeStore::new(data, acme.directory.as_str());
            let (kept, warning) = match store.certificate() {
                Ok(kept) => (kept, None),
                Err(error) => (None, Some(format!("{error}; another one is asked for"))),
            };
            let authority = Some((acme.clone(), store));
            Ok(Opened { certificates: Certificates::new(kept), files: None, authority, warning })
        }
    }
}
