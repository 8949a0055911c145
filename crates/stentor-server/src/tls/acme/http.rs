//! The way to an authority: HTTP by `ureq` on a thread that may wait, certificates of the system trusted.

use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt as _;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

use crate::tls::pair::provider;

/// An authority answers within seconds; issuing is waited for by asking again.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);

/// Documents of ACME and chains are some kB.
const ANSWER_BYTES_MAX: u64 = 1024 * 1024;

/// Sends an ACME client's requests.
pub(super) struct AcmeHttp {
    agent: Agent,
}

impl AcmeHttp {
    /// Trusts what the machine's owner trusts: the system's certificates, or those in `SSL_CERT_FILE`.
    pub(super) fn new() -> Self {
        let native = rustls_native_certs::load_native_certs().certs;
        let trusted: Vec<_> = native.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(provider())
            .root_certs(RootCerts::from(trusted))
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .timeout_global(Some(ANSWER_TIME_MAX))
            .build()
            .new_agent();
        Self { agent }
    }
}

impl HttpClient for AcmeHttp {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let agent = self.agent.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.unwrap_or_else(|never| match never {}).to_bytes();
            let request = Request::from_parts(head, body);
            tokio::task::spawn_blocking(move || send(&agent, request))
                .await
                .map_err(|error| Error::Other(error.into()))?
                .map_err(Error::Other)
        })
    }
}

fn send(agent: &Agent, request: Request<Bytes>) -> Result<BytesResponse, Box<dyn StdError + Send + Sync>> {
    let (head, body) = request.into_parts();
    let answer = if body.is_empty() {
        agent.run(Request::from_parts(head, ()))
    } else {
        agent.run(Request::from_parts(head, &body[..]))
    };
    let (parts, mut body) = answer?.into_parts();
    let bytes = body.with_config().limit(ANSWER_BYTES_MAX).read_to_vec()?;
    Ok(BytesResponse { parts, body: Box::new(Bytes::from(bytes)) })
}
