//! `[tls]`: the certificate of the doors.

use std::path::{Path, PathBuf};

use super::section::{Wrong, section};
use super::url::WebUrl;
use crate::cert::is_host_name;

/// Let's Encrypt, the authority that most browsers' certificates come from.
const ACME_DIRECTORY: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// Names in one certificate: two doors and their spellings, with room. Let's Encrypt takes 100.
const ACME_NAMES_MAX: usize = 16;

section! {
    /// The certificate of the doors. Without it they speak plain HTTP, and browsers give a microphone on
    /// this machine only. Either two files, or `acme`.
    ["tls"] RawTls {
        /// The certificate with its chain, in PEM. Read again on SIGHUP and whenever the file changes.
        cert: PathBuf = None, "\"/etc/stentor/cert.pem\"", Some("--tls-cert"), Reload;
        /// Its private key, in PEM.
        key: PathBuf = None, "\"/etc/stentor/key.pem\"", Some("--tls-key"), Reload;
        /// Names for which a certificate is asked of an authority by ACME, and renewed by itself. Port 443 of
        /// each name has to reach one of the doors from the internet.
        acme: Vec<String> = Some("[]"), "[\"listen.example.org\"]", Some("--acme"), Restart;
        /// The address that the authority may write to.
        acme_contact: String = None, "\"operator@example.org\"", None, Restart;
        /// The directory of the authority.
        acme_directory: String = Some("\"https://acme-v02.api.letsencrypt.org/directory\""), "\"https://acme-v02.api.letsencrypt.org/directory\"", None, Restart;
    }
}

/// Where the certificate of the doors comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// From two files.
    Files(TlsFiles),
    /// From an authority.
    Acme(Acme),
}

/// A certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate with its chain, in PEM.
    pub cert: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
}

/// A certificate that is asked of an authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acme {
    /// What it is for: at least one host name, in lower case.
    pub names: Vec<String>,
    /// Where the authority may write to, such as `mailto:operator@example.org`.
    pub contact: Option<String>,
    /// The authority's directory (RFC 8555 §7.1.1).
    pub directory: WebUrl,
}

impl Tls {
    /// The files, if it comes from files.
    pub fn files(&self) -> Option<&TlsFiles> {
        match self {
            Self::Files(files) => Some(files),
            Self::Acme(_) => None,
        }
    }

    /// The order, if it comes from an authority.
    pub fn acme(&self) -> Option<&Acme> {
        match self {
            Self::Acme(acme) => Some(acme),
            Self::Files(_) => None,
        }
    }
}

impl RawTls {
    pub(crate) fn check(self) -> Result<Option<Tls>, Wrong> {
        let acme = self.acme()?;
        match (self.cert, self.key, acme) {
            (None, None, acme) => Ok(acme.map(Tls::Acme)),
            (Some(cert), Some(key), None) => Ok(Some(Tls::Files(TlsFiles { cert, key }))),
            (Some(cert), _, Some(_)) => Err(Self::SPEC.wrong(
                "cert",
                cert.display(),
                "the certificate comes from files or by ACME; take out this or tls.acme (--acme)",
            )),
            (Some(cert), None, None) => Err(Self::SPEC.wrong(
                "cert",
                cert.display(),
                "its key is missing; set tls.key (--tls-key) too",
            )),
            (None, Some(key), _) => Err(Self::SPEC.wrong(
                "key",
                key.display(),
                "its certificate is missing; set tls.cert (--tls-cert) too, or neither",
            )),
        }
    }

    fn acme(&self) -> Result<Option<Acme>, Wrong> {
        let directory = self.acme_directory.as_deref().unwrap_or(ACME_DIRECTORY);
        let directory: WebUrl = directory
            .parse()
            .map_err(|why| Self::SPEC.wrong("acme_directory", directory, format!("{why}")))?;
        let contact = self.acme_contact.as_deref().map(contact).transpose()?;
        let names: Vec<String> = self.acme.iter().flatten().map(|name| name.to_ascii_lowercase()).collect();
        if names.len() > ACME_NAMES_MAX {
            let advice = format!("at most {ACME_NAMES_MAX} names fit into one certificate");
            return Err(Self::SPEC.wrong("acme", names.join(", "), advice));
        }
        if let Some(odd) = names.iter().find(|name| !is_host_name(name) || !name.contains('.')) {
            let advice = "write a name that the internet knows, such as \"listen.example.org\"";
            return Err(Self::SPEC.wrong("acme", odd, advice));
        }
        Ok((!names.is_empty()).then_some(Acme { names, contact, directory }))
    }

    /// Makes relative paths those of `folder`.
    pub(crate) fn rebase(&mut self, folder: &Path) {
        self.cert = self.cert.take().map(|file| folder.join(file));
        self.key = self.key.take().map(|file| folder.join(file));
    }
}

/// An address of mail as ACME wants it.
fn contact(text: &str) -> Result<String, Wrong> {
    let address = text.strip_prefix("mailto:").unwrap_or(text);
    let is_plain = address.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b',' | b'?' | b'<' | b'>'));
    match address.split_once('@') {
        Some((who, host)) if is_plain && !who.is_empty() && is_host_name(host) => {
            Ok(format!("mailto:{address}"))
        }
        _ => Err(RawTls::SPEC.wrong(
            "acme_contact",
            text,
            "write one address of mail, such as \"you@example.org\"",
        )),
    }
}
