//! What may change while the server runs: the configuration on SIGHUP, the certificate by itself.
//!
//! A configuration comes into force as a whole or not at all, so that nobody has to guess in the middle of an
//! evening which half of a file is in force (fault 66).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use stentor_node::documents::OwnPages;
use tokio::sync::watch;

use crate::config::{Change, Config, ConfigError, Pages, Takes, Tls};
use crate::notice::Notice;
use crate::shell::Shell;
use crate::tls::certificates::Certificates;
use crate::tls::expiry;
use crate::tls::pair::{Pair, TlsError, day};
use crate::tls::watch::FileWatch;

/// How often the certificate's files are looked at: two calls to the system, and renewals are days early.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// The way to what may change while the server runs.
#[derive(Clone)]
pub struct Reloader {
    inner: Arc<Inner>,
}

struct Inner {
    shell: Arc<Shell>,
    certificates: Option<Arc<Certificates>>,
    pages: watch::Sender<OwnPages>,
    in_force: Mutex<InForce>,
}

struct InForce {
    config: Config,
    /// The certificate's files, if it comes from files.
    files: Option<FileWatch>,
}

impl Reloader {
    pub(crate) fn new(
        shell: Arc<Shell>,
        config: Config,
        certificates: Option<Arc<Certificates>>,
        files: Option<FileWatch>,
    ) -> Self {
        let pages = watch::Sender::new(own_pages(&config.pages));
        let in_force = Mutex::new(InForce { config, files });
        Self { inner: Arc::new(Inner { shell, certificates, pages, in_force }) }
    }

    /// The links on the pages, which may change.
    pub(crate) fn pages(&self) -> watch::Receiver<OwnPages> {
        self.inner.pages.subscribe()
    }

    /// Puts a configuration that was just read into force, or refuses it as a whole; notices say which. The
    /// certificate's files are looked at in any case. Reads files.
    pub fn reload(&self, wanted: Result<Config, ConfigError>) {
        let mut in_force = self.inner.in_force.lock().unwrap_or_else(PoisonError::into_inner);
        match wanted {
            Ok(wanted) => self.take_over(&mut in_force, wanted),
            Err(error) => self.note(Notice::ConfigRefused { error: error.to_string() }),
        }
        self.look(&mut in_force);
    }

    /// Takes over the certificate's files if they have changed, or refuses them and keeps the old certificate.
    /// Reads files.
    pub fn look_at_certificate(&self) {
        self.look(&mut self.inner.in_force.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Looks at the certificate's files for as long as the server runs.
    pub(crate) async fn keep_looking(self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let looking = self.clone();
            // A folder on a network that has gone away must not hold up a thread of the runtime.
            let _ = tokio::task::spawn_blocking(move || looking.look_at_certificate()).await;
        }
    }

    fn take_over(&self, in_force: &mut InForce, wanted: Config) {
        let changes = in_force.config.changes(&wanted);
        let fixed: Vec<_> =
            changes.iter().filter(|change| is_fixed(change, &in_force.config, &wanted)).collect();
        for Change { option, old, new, .. } in fixed.iter().copied().cloned() {
            self.note(Notice::ConfigFixed { option, old, new });
        }
        if !fixed.is_empty() {
            let error = "it changes what only a restart can".to_owned();
            return self.note(Notice::ConfigRefused { error });
        }
        let new_files = wanted.tls.as_ref().and_then(Tls::files);
        if new_files != in_force.files.as_ref().map(FileWatch::files) {
            match new_files.map(|files| FileWatch::start(files.clone())).transpose() {
                Ok(None) => in_force.files = None,
                Ok(Some((files, pair))) => {
                    in_force.files = Some(files);
                    self.show(pair);
                }
                Err(error) => return self.note(Notice::ConfigRefused { error: error.to_string() }),
            }
        }
        self.inner.shell.notices().set_level(wanted.log.level);
        self.inner.shell.data().set_reserve_bytes(wanted.data.reserve_bytes);
        self.inner.pages.send_replace(own_pages(&wanted.pages));
        in_force.config = wanted;
        let options: Vec<_> = changes.into_iter().map(|change| change.option).collect();
        let options = if options.is_empty() { "nothing".to_owned() } else { options.join(", ") };
        self.note(Notice::ConfigReloaded { options });
    }

    fn look(&self, in_force: &mut InForce) {
        match in_force.files.as_mut().and_then(FileWatch::look) {
            None => {}
            Some(Ok(pair)) => self.show(pair),
            Some(Err(error)) => self.refuse(&error),
        }
    }

    fn show(&self, pair: Pair) {
        let Some(certificates) = &self.inner.certificates else { return };
        self.note(Notice::CertificateReloaded { until: day(pair.valid_until).to_string() });
        certificates.show(pair);
        expiry::tell(&self.inner.shell, certificates);
    }

    fn refuse(&self, error: &TlsError) {
        self.note(Notice::CertificateRefused { error: error.to_string() });
    }

    fn note(&self, notice: Notice) {
        self.inner.shell.note(notice);
    }
}

/// Whether it takes a restart. Paths of a certificate may change, but not whether there is one: links begin with
/// `https` or they do not.
fn is_fixed(change: &Change, old: &Config, new: &Config) -> bool {
    let scheme_changes = old.tls.is_some() != new.tls.is_some() && change.option.starts_with("tls.");
    change.takes == Takes::Restart || scheme_changes
}

fn own_pages(pages: &Pages) -> OwnPages {
    OwnPages {
        imprint: pages.imprint_url.as_ref().map(|url| url.as_str().to_owned()),
        privacy: pages.privacy_url.as_ref().map(|url| url.as_str().to_owned()),
    }
}
