//! Who we are to every peer: one certificate.

use std::fmt;
use std::sync::Arc;

use str0m::RtcConfig;
use str0m::config::{CryptoProvider, DtlsCert};

/// The DTLS certificate and the cryptography of a process, shared by all its sessions.
///
/// A certificate is bound to a session by its fingerprint in the answer and means nothing beyond
/// it, so sharing one costs no security and spares each session a key generation.
#[derive(Clone)]
pub struct Identity {
    provider: Arc<CryptoProvider>,
    certificate: DtlsCert,
}

impl Identity {
    /// A fresh key and a self-signed certificate for it. Called once, by the shell: it draws on the
    /// system's randomness. Panics if the cryptographic library cannot, since nothing can start then.
    pub fn generate() -> Self {
        let provider = str0m::crypto::from_feature_flags();
        let certificate =
            provider.dtls_provider.generate_certificate().expect("aws-lc-rs can generate a certificate");
        Self { provider: Arc::new(provider), certificate }
    }

    /// A configuration for str0m with this identity.
    pub(crate) fn config(&self) -> RtcConfig {
        RtcConfig::new()
            .set_crypto_provider(Arc::clone(&self.provider))
            .set_dtls_cert(self.certificate.clone())
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}
