//! TLS on every door, from files that `stentor cert` makes.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use stentor_server::cert;
use stentor_server::clock::Clock;
use stentor_server::config::RawConfig;
use stentor_server::notice::{Format, Level, Notices};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use crate::ear::{Fragments, Witness};
use crate::house::{House, config, until, within};
use crate::http::{Answer, Request, Stream, Wire};

/// A connection with TLS.
pub(crate) async fn wire(connector: &TlsConnector, at: SocketAddr) -> Box<dyn Wire> {
    let wire = TcpStream::connect(at).await.expect("the door is open");
    let name = ServerName::try_from("localhost").expect("a name");
    let wire = connector.connect(name, wire).await.expect("the certificate is trusted");
    assert_eq!(wire.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    Box::new(wire)
}

async fn open(connector: &TlsConnector, at: SocketAddr, request: Request) -> Stream {
    request.open_on(wire(connector, at).await).await
}

/// Puts a show on air and hears it, close to live.
pub(crate) async fn on_air(house: &House, connector: &TlsConnector, show: &str) -> Fragments {
    house.create(show).await;
    house.command(show, "live").await;
    let stream = until("the show is heard", || async {
        let request = Request::new("GET", &format!("/{show}/live.mp4?close=1"));
        let stream = open(connector, house.at.front, request).await;
        (stream.status == 200).then_some(stream)
    });
    Fragments::of(stream.await)
}

async fn get(connector: &TlsConnector, at: SocketAddr, path: &str) -> Answer {
    open(connector, at, Request::new("GET", path)).await.finish().await
}

/// A configuration with a certificate that was just made, and a client that trusts it.
pub(crate) fn trusted(folder: &Path) -> (RawConfig, TlsConnector) {
    let made = cert::make(&[], &folder.join("tls"), Clock::start().wall()).expect("a certificate");
    let mut raw = config(&folder.join("data"));
    (raw.tls.cert, raw.tls.key) = (Some(made.cert.clone()), Some(made.key.clone()));
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&made.ca).expect("a certificate")).expect("an authority");
    let mut client =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("TLS 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
    client.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    (raw, TlsConnector::from(Arc::new(client)))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_door_speaks_tls_with_files_that_were_just_made() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (raw, connector) = trusted(folder.path());
    let house = House::start_with(raw);
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
    // The operator's commands need no name in a certificate for 127.0.0.1.
    assert_eq!(Request::new("GET", "/healthz").send(house.at.desk).await.text(), "ok\n");
    let mut strangers = JoinSet::new();
    for at in [house.at.front, house.at.stage] {
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

/// Connections that are no handshake.
const STRANGERS: usize = 300;

/// A log to be read afterwards.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panics with it").extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Fault 28: garbage and plain HTTP on a TLS port.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_tls_is_closed_and_counted_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (raw, connector) = trusted(folder.path());
    let log = Log::default();
    let notices = Notices::start(Level::Debug, Format::Text, log.clone());
    let house = House::start_with_log(raw, Arc::clone(&notices));
    let bearer = |method: &str, path: &str| Request::new(method, path).bearer(&house.operator_key);
    let create = bearer("POST", "/api/v1/shows").json(&serde_json::json!({ "id": "one" }));
    assert_eq!(open(&connector, house.at.desk, create).await.status, 201);
    let live = bearer("POST", "/api/v1/shows/one/live");
    assert_eq!(open(&connector, house.at.desk, live).await.status, 200);
    let stream = until("the show is heard", || async {
        let stream = open(&connector, house.at.front, Request::new("GET", "/one/live.mp4?close=1")).await;
        (stream.status == 200).then_some(stream)
    })
    .await;
    let witness = Witness::hear(Fragments::of(stream));
    let metric = async |name: &str| -> u64 {
        let page = get(&connector, house.at.desk, "/metrics").await.text();
        let line = page.lines().find_map(|line| line.strip_prefix(&format!("{name}{{door=\"front\"}} ")));
        line.and_then(|value| value.parse().ok()).expect("a number of the front door")
    };
    let lines = || log.0.lock().expect("nobody panics with it").iter().filter(|byte| **byte == b'\n').count();
    let (accepted, lines_before) = (metric("stentor_door_accepted_total").await, lines());

    let mut strangers = JoinSet::new();
    for n in 0..STRANGERS {
        let bytes = match n % 3 {
            0 => b"GET /one/live.mp4 HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
            1 => (0..2_000).map(|i| (i * 31 + n * 17) as u8).collect(),
            // The head of a record of 16 KiB, and none of it.
            _ => vec![0x16, 3, 1, 0x40, 0],
        };
        strangers.spawn(gets_nothing_in_the_clear(house.at.front, bytes));
    }
    while let Some(stranger) = strangers.join_next().await {
        stranger.expect("the door closes");
    }
    let failed = until("each is counted", || async {
        let failed = metric("stentor_door_handshake_failed_total").await;
        (failed >= STRANGERS as u64).then_some(failed)
    })
    .await;
    assert_eq!(failed, STRANGERS as u64);
    assert_eq!(metric("stentor_door_accepted_total").await - accepted, failed);
    until("nobody is left but the listener", || async {
        (metric("stentor_door_connections").await == 1).then_some(())
    })
    .await;
    notices.flush(std::time::Duration::from_secs(5));
    assert!(lines() - lines_before < 40, "{} lines for {STRANGERS} strangers", lines() - lines_before);
    witness.missed_nothing().await;
    house.stop().await;
}
