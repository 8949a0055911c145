//! TLS on the listener's side. Each listener makes a full handshake: nobody in a crowd of strangers was here before.

use std::fmt;
use std::io::{self, Read as _, Write};
use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::error::CrowdError;

/// Plain bytes taken out of a connection at once: a record holds 16 KiB at most (RFC 8446 §5.1).
pub(crate) const PLAIN_BYTES: usize = 16 * 1024;

/// Whose certificates are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Nobody's: plain HTTP.
    Nobody,
    /// Those that a certificate in this file vouches for.
    Root(PathBuf),
    /// Anybody's. All servers are on this machine.
    Anybody,
}

/// The configuration that all listeners share.
///
/// # Errors
/// If it is not said whom to trust, or the file cannot be used.
pub(crate) fn config(trust: &Trust) -> Result<Arc<ClientConfig>, CrowdError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| system("the usual versions of TLS", io::Error::other(error)))?;
    let mut config = match trust {
        Trust::Nobody => return Err(CrowdError::NoTrust),
        Trust::Root(file) => {
            let bad = |why: String| CrowdError::BadRoot { name: file.display().to_string(), why };
            let mut roots = RootCertStore::empty();
            let certificates = CertificateDer::pem_file_iter(file).map_err(|error| bad(error.to_string()))?;
            for certificate in certificates {
                let certificate = certificate.map_err(|error| bad(error.to_string()))?;
                roots.add(certificate).map_err(|error| bad(error.to_string()))?;
            }
            if roots.is_empty() {
                return Err(bad("there is no certificate in it".to_owned()));
            }
            builder.with_root_certificates(roots).with_no_client_auth()
        }
        Trust::Anybody => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(TrustsAnybody(provider)))
            .with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

fn system(what: &'static str, source: io::Error) -> CrowdError {
    CrowdError::System { what, source }
}

/// Asks for no name and no root, but does the same arithmetic as everybody: the crowd's cost stays honest.
struct TrustsAnybody(Arc<CryptoProvider>);

impl fmt::Debug for TrustsAnybody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TrustsAnybody")
    }
}

impl ServerCertVerifier for TrustsAnybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// A client's side of a connection. **After each call that returns, [`Tls::flush`] sends what there is to send.**
#[derive(Debug)]
pub(crate) struct Tls(ClientConnection);

/// What the other side sent is no TLS, or not what we trust.
#[derive(Debug)]
pub(crate) struct TlsFailed;

impl Tls {
    pub(crate) fn new(config: &Arc<ClientConfig>, host: &str) -> Result<Self, TlsFailed> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| TlsFailed)?;
        Ok(Self(ClientConnection::new(Arc::clone(config), name).map_err(|_| TlsFailed)?))
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        self.0.is_handshaking()
    }

    /// Takes bytes from the network and gives what they say, run by run.
    pub(crate) fn receive(
        &mut self,
        mut network: &[u8],
        plain: &mut [u8],
        heard: &mut dyn FnMut(&[u8]),
    ) -> Result<(), TlsFailed> {
        while !network.is_empty() {
            self.0.read_tls(&mut network).map_err(|_| TlsFailed)?;
            self.0.process_new_packets().map_err(|_| TlsFailed)?;
            // An error means that there is nothing now, and nothing that the other side has said good-bye.
            while let Ok(len @ 1..) = self.0.reader().read(plain) {
                heard(&plain[..len]);
            }
        }
        Ok(())
    }

    /// Puts a request into the connection.
    pub(crate) fn send(&mut self, request: &[u8]) -> io::Result<()> {
        self.0.writer().write_all(request)
    }

    /// Sends what there is to send, as far as the socket takes it.
    pub(crate) fn flush(&mut self, socket: &mut impl Write) -> io::Result<()> {
        while self.0.wants_write() {
            match self.0.write_tls(socket) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                sent => sent?,
            };
        }
        Ok(())
    }
}
