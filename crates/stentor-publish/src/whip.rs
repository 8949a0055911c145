//! The HTTP side of WHIP (RFC 9725): ask for a session, give it back.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, LOCATION, RETRY_AFTER};
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::error::PublishError;

/// One request with its answer, connecting included.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(10);

/// A farewell: a server that is gone is not waited for.
const DELETE_TIME_MAX: Duration = Duration::from_secs(2);

/// The longest answer read: an SDP answer has 1 to 2 kB, a problem document less.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Redirections followed for one request.
const REDIRECTS_MAX: usize = 3;

/// The longest wait that a server may ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(60);

/// A WHIP endpoint.
#[derive(Clone)]
pub(crate) struct Whip {
    url: Uri,
    key: String,
    tls: Option<TlsConnector>,
}

/// A session that the server granted.
pub(crate) struct Granted {
    pub(crate) answer: String,
    /// Where to end it.
    pub(crate) location: Option<Uri>,
    /// Whom the HTTP connection went to.
    pub(crate) server: IpAddr,
}

/// Why there is no session.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Trying again does not help.
    Final(PublishError),
    /// It may help: why, and how long the server wants to be left alone.
    Passing { why: String, retry_after: Option<Duration> },
}

/// A problem document (RFC 9457), as far as it is passed on.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    reason: Option<String>,
    title: Option<String>,
    detail: Option<String>,
}

impl Whip {
    /// `certificates` are PEM, trusted besides those of the system.
    pub(crate) fn new(
        url: &str,
        key: &str,
        certificates: Option<&std::path::Path>,
    ) -> Result<Self, PublishError> {
        let bad = || PublishError::BadUrl { url: url.to_owned() };
        let url: Uri = url.parse().map_err(|_| bad())?;
        let tls = match (url.scheme_str(), url.authority()) {
            (Some("http"), Some(_)) => None,
            (Some("https"), Some(_)) => Some(tls(certificates)?),
            _ => return Err(bad()),
        };
        Ok(Self { url, key: key.to_owned(), tls })
    }

    /// Asks for a session with this offer.
    pub(crate) async fn post(&self, offer: &str) -> Result<Granted, Failure> {
        let mut url = self.url.clone();
        for _ in 0..=REDIRECTS_MAX {
            let (server, response) = self.request(Method::POST, &url, Some(offer)).await?;
            let location = response.headers().get(LOCATION).and_then(|l| resolve(&url, l.to_str().ok()?));
            match (response.status(), location) {
                (StatusCode::CREATED, location) => {
                    return Ok(Granted { answer: response.into_body(), location, server });
                }
                // The key goes along only where it was meant to go.
                (StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT, Some(to))
                    if to.scheme() == url.scheme() && to.host() == url.host() =>
                {
                    url = to
                }
                _ => return Err(refusal(&response)),
            }
        }
        Err(Failure::Final(PublishError::NotWhip { why: "it redirects without end".into() }))
    }

    /// Gives a session back. What comes of it does not matter to us: the server would notice by itself.
    pub(crate) async fn delete(&self, location: &Uri) {
        let _ = tokio::time::timeout(DELETE_TIME_MAX, self.request(Method::DELETE, location, None)).await;
    }

    async fn request(
        &self,
        method: Method,
        url: &Uri,
        offer: Option<&str>,
    ) -> Result<(IpAddr, Response<String>), Failure> {
        match tokio::time::timeout(REQUEST_TIME_MAX, self.exchange(method, url, offer)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(why)) => Err(Failure::Passing { why, retry_after: None }),
            Err(_) => Err(Failure::Passing { why: "the server does not answer".into(), retry_after: None }),
        }
    }

    async fn exchange(
        &self,
        method: Method,
        url: &Uri,
        offer: Option<&str>,
    ) -> Result<(IpAddr, Response<String>), String> {
        let host = url.host().ok_or("the address has no host")?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = url.port_u16().unwrap_or(if self.tls.is_some() { 443 } else { 80 });
        let tcp =
            TcpStream::connect((host, port)).await.map_err(|e| format!("cannot reach {host}:{port}: {e}"))?;
        let server = tcp.peer_addr().map_err(|e| e.to_string())?.ip();
        let mut request = Request::builder()
            .method(method)
            .uri(url.path_and_query().map_or("/", |path| path.as_str()))
            .header(HOST, url.authority().map_or(host, |authority| authority.as_str()))
            .header(AUTHORIZATION, format!("Bearer {}", self.key));
        if offer.is_some() {
            request = request.header(CONTENT_TYPE, "application/sdp");
        }
        let body = Full::new(bytes::Bytes::copy_from_slice(offer.unwrap_or_default().as_bytes()));
        let request = request.body(body).map_err(|e| format!("the key or address cannot be sent: {e}"))?;
        let response = match &self.tls {
            None => send(tcp, request).await?,
            Some(tls) => {
                let name = ServerName::try_from(host.to_owned()).map_err(|e| e.to_string())?;
                let secure = tls.connect(name, tcp).await.map_err(|e| format!("no TLS with {host}: {e}"))?;
                send(secure, request).await?
            }
        };
        Ok((server, response))
    }
}

async fn send<S>(stream: S, request: Request<Full<bytes::Bytes>>) -> Result<Response<String>, String>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let text = |error: hyper::Error| error.to_string();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(text)?;
    let exchange = async {
        let (head, body) = sender.send_request(request).await.map_err(text)?.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(|e| e.to_string())?;
        let body = String::from_utf8_lossy(&body.to_bytes()).into_owned();
        Ok(Response::from_parts(head, body))
    };
    // The connection does the work; it ends when the exchange drops its sender.
    tokio::pin!(connection);
    tokio::select! {
        biased;
        answer = exchange => answer,
        ended = &mut connection => Err(ended.map_or_else(text, |()| "the server hung up".to_owned())),
    }
}

/// What a refusal means: 4xx are for good, except those that speak of the moment.
fn refusal(response: &Response<String>) -> Failure {
    let status = response.status();
    let problem: Problem = serde_json::from_str(response.body()).unwrap_or_default();
    let words = [problem.title, problem.detail].into_iter().flatten().collect::<Vec<_>>().join(": ");
    let text = if words.is_empty() {
        status.canonical_reason().unwrap_or("no reason given").to_owned()
    } else {
        words
    };
    let passing = [
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::CONFLICT,
        StatusCode::TOO_EARLY,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    if status.is_client_error() && !passing.contains(&status) {
        let refused = PublishError::Refused { status: status.as_u16(), reason: problem.reason, text };
        return Failure::Final(refused);
    }
    if status.is_success() || status.is_redirection() {
        return Failure::Final(PublishError::NotWhip { why: format!("status {status} instead of 201") });
    }
    let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let retry_after = seconds.map(|seconds| Duration::from_secs(seconds).min(RETRY_AFTER_MAX));
    Failure::Passing { why: format!("{text} ({})", status.as_u16()), retry_after }
}

/// An absolute address, or one that begins with a slash (RFC 9110 §10.2.2).
fn resolve(base: &Uri, location: &str) -> Option<Uri> {
    let absolute = || {
        let authority = base.authority()?;
        format!("{}://{authority}{location}", base.scheme_str()?).parse().ok()
    };
    if location.starts_with('/') {
        absolute()
    } else {
        location.parse().ok().filter(|to: &Uri| to.scheme().is_some())
    }
}

fn tls(certificates: Option<&std::path::Path>) -> Result<TlsConnector, PublishError> {
    let mut roots = rustls::RootCertStore::empty();
    // A system without certificates is no fault as long as the caller brings one.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = certificates {
        let bad = |why: String| PublishError::BadCertificate { name: path.display().to_string(), why };
        let pem = CertificateDer::pem_file_iter(path).map_err(|error| bad(error.to_string()))?;
        let before = roots.len();
        for certificate in pem {
            let certificate = certificate.map_err(|error| bad(error.to_string()))?;
            roots.add(certificate).map_err(|error| bad(error.to_string()))?;
        }
        if roots.len() == before {
            return Err(bad("it has none".into()));
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("aws-lc-rs has TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// The address of this machine from which `remote` is reached.
pub(crate) fn local_ip_towards(remote: SocketAddr) -> Option<IpAddr> {
    let any: SocketAddr = if remote.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0u16; 8], 0).into() };
    let socket = std::net::UdpSocket::bind(any).ok()?;
    // Connecting a UDP socket sends nothing; it asks the routing table.
    socket.connect(remote).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, body: &str) -> Response<String> {
        Response::builder().status(status).header(RETRY_AFTER, "7").body(body.to_owned()).expect("a response")
    }

    #[test]
    fn what_is_for_good_is_told_from_what_passes() {
        for status in [400, 401, 403, 404, 406, 410, 415, 422] {
            let body = r#"{"reason":"key_revoked","title":"No","detail":"because"}"#;
            let Failure::Final(PublishError::Refused { reason, text, .. }) = refusal(&answered(status, body))
            else {
                panic!("{status} is for good");
            };
            assert_eq!((reason.as_deref(), text.as_str()), (Some("key_revoked"), "No: because"));
        }
        for status in [408, 409, 429, 500, 502, 503] {
            let Failure::Passing { retry_after, .. } = refusal(&answered(status, "<html>")) else {
                panic!("{status} passes");
            };
            assert_eq!(retry_after, Some(Duration::from_secs(7)));
        }
        assert!(matches!(refusal(&answered(200, "")), Failure::Final(PublishError::NotWhip { .. })));
    }

    #[test]
    fn locations_are_resolved() {
        let base: Uri = "https://stage.example:8081/show/whip".parse().expect("an address");
        let resolved = |location| resolve(&base, location).map(|to| to.to_string());
        assert_eq!(resolved("/show/whip/1").as_deref(), Some("https://stage.example:8081/show/whip/1"));
        assert_eq!(resolved("https://other.example/x").as_deref(), Some("https://other.example/x"));
        assert_eq!(resolved("relative"), None);
    }
}
