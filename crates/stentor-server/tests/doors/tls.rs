//! TLS on every door, from files that `stentor cert` makes.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use stentor_server::cert;
use stentor_server::clock::Clock;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use crate::house::{House, config, within};
use crate::http::{Answer, Request};

async fn get(connector: &TlsConnector, at: SocketAddr, path: &str) -> Answer {
    let wire = TcpStream::connect(at).await.expect("the door is open");
    let name = ServerName::try_from("localhost").expect("a name");
    let wire = connector.connect(name, wire).await.expect("the certificate is trusted");
    assert_eq!(wire.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    Request::new("GET", path).open_on(Box::new(wire)).await.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_door_speaks_tls_with_files_that_were_just_made() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let made = cert::make(&[], &folder.path().join("tls"), Clock::start().wall()).expect("a certificate");
    let mut raw = config(&folder.path().join("data"));
    (raw.tls.cert, raw.tls.key) = (Some(made.cert.clone()), Some(made.key.clone()));
    let house = House::start_with(raw);
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&made.ca).expect("a certificate")).expect("an authority");
    let mut client =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("TLS 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
    client.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let connector = TlsConnector::from(Arc::new(client));
    let doors = [(house.at.front, "/"), (house.at.stage, "/one/studio"), (house.at.desk, "/operator")];
    for (at, page) in doors {
        assert_eq!(get(&connector, at, "/healthz").await.text(), "ok\n");
        let page = get(&connector, at, page).await;
        assert_eq!(page.status, 200);
        assert!(
            page.header("content-security-policy")
                .is_some_and(|policy| policy.contains("default-src 'none'"))
        );
    }
    let mut strangers = JoinSet::new();
    for (at, _) in doors {
        for bytes in [&b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"[..], &[0xA5; 300], &[0x16, 3, 1]] {
            strangers.spawn(gets_nothing_in_the_clear(at, bytes.to_vec()));
        }
    }
    while let Some(stranger) = strangers.join_next().await {
        stranger.expect("the door closes");
    }
    house.stop().await;
}

/// Plain HTTP and noise are no handshake; half a handshake and then silence is none either.
async fn gets_nothing_in_the_clear(at: SocketAddr, bytes: Vec<u8>) {
    let mut wire = TcpStream::connect(at).await.expect("the door is open");
    let _ = wire.write_all(&bytes).await;
    let mut said = Vec::new();
    let _ = within("the door closes", wire.read_to_end(&mut said)).await;
    assert!(!said.starts_with(b"HTTP"), "it answered in the clear");
}
