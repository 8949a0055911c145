//! What may change while a server runs: its configuration on SIGHUP (fault 66), its certificate (fault 29).

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::json;
use stentor_server::cert::{self, Made};
use stentor_server::clock::Clock;
use stentor_server::config::{Config, RawConfig};
use stentor_types::Wall;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::house::{House, config};

const DAY_MS: i64 = 24 * 3600 * 1000;

/// More than any disk has, and as much as may be set.
const RESERVE_MIB_MAX: u64 = 16 * 1024 * 1024;

/// A certificate that was made so many days ago; it is valid for 825.
fn made(folder: &Path, days_ago: i64) -> Made {
    let now = Clock::start().wall();
    cert::make(&[], folder, Wall(now.0 - days_ago * DAY_MS)).expect("a certificate")
}

/// The certificate that the front door shows, if it is signed by `ca`.
async fn shown(house: &House, ca: &Path) -> Option<Vec<u8>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).expect("a certificate")).expect("an authority");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let wire = TcpStream::connect(house.at.front).await.expect("the door is open");
    let name = ServerName::try_from("localhost").expect("a name");
    let wire = TlsConnector::from(Arc::new(client)).connect(name, wire).await.ok()?;
    Some(wire.get_ref().1.peer_certificates().expect("a handshake has one")[0].to_vec())
}

fn leaf(made: &Made) -> Vec<u8> {
    CertificateDer::from_pem_file(&made.cert).expect("a certificate").to_vec()
}

fn put(made: &Made, folder: &Path) {
    for (from, to) in [(&made.key, "key.pem"), (&made.cert, "cert.pem")] {
        let aside = folder.join("aside");
        fs::copy(from, &aside).expect("a writable folder");
        fs::rename(&aside, folder.join(to)).expect("a writable folder");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_is_shown_at_once_and_a_broken_one_never() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (old, new) = (made(&folder.path().join("old"), 0), made(&folder.path().join("new"), 0));
    let live = folder.path().join("live");
    fs::create_dir(&live).expect("a writable folder");
    put(&old, &live);
    let mut raw = config(&folder.path().join("data"));
    (raw.tls.cert, raw.tls.key) = (Some(live.join("cert.pem")), Some(live.join("key.pem")));
    let house = House::start_with(raw);
    assert_eq!(shown(&house, &old.ca).await, Some(leaf(&old)));

    fs::write(live.join("cert.pem"), "-----BEGIN").expect("a writable folder");
    house.reloader.look_at_certificate();
    assert_eq!(house.notices.count("certificate_refused"), 1);
    assert_eq!(shown(&house, &old.ca).await, Some(leaf(&old)), "the old one stays");

    put(&new, &live);
    house.reloader.look_at_certificate();
    assert_eq!(house.notices.count("certificate_reloaded"), 1);
    assert_eq!(shown(&house, &new.ca).await, Some(leaf(&new)));
    assert_eq!(shown(&house, &old.ca).await, None, "for new connections it is gone");
    house.reloader.look_at_certificate();
    assert_eq!(house.notices.count("certificate_reloaded"), 1, "nothing has changed");
    house.stop().await;
}

/// Fault 29: a certificate that expires before the show's end.
#[tokio::test(flavor = "multi_thread")]
async fn a_show_that_outlasts_the_certificate_is_told_when_it_is_made_and_at_every_start() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let made = made(&folder.path().join("tls"), 800);
    let mut raw = config(&folder.path().join("data"));
    (raw.tls.cert, raw.tls.key) = (Some(made.cert.clone()), Some(made.key.clone()));
    let desk_of = |house: &House| (house.at.desk, house.operator_key.clone());
    let house = House::start_with(raw.clone());
    let now = Clock::start().wall().0;
    for (show, in_days, told) in [("soon", 3, 0), ("late", 40, 1)] {
        let show = json!({ "id": show, "starts_at": now + in_days * DAY_MS });
        let answer = over_tls(desk_of(&house), &made.ca, "POST", Some(&show)).await;
        assert_eq!(answer["id"], show["id"], "{answer}");
        assert_eq!(house.notices.count("certificate_too_short"), told, "{show}");
    }
    let listed = over_tls(desk_of(&house), &made.ca, "GET", None).await;
    let [warning] = listed["warnings"].as_array().expect("a list").as_slice() else { panic!("{listed}") };
    assert_eq!(
        (&warning["notice"], &warning["fields"]["show"]),
        (&json!("certificate_too_short"), &json!("late"))
    );
    assert!(warning["text"].as_str().is_some_and(|text| text.contains("show late")), "{listed}");
    assert!(listed["now"].as_i64().is_some_and(|at| at >= now), "{listed}");
    house.stop().await;
    let house = House::start_with(raw);
    assert_eq!(house.notices.count("certificate_too_short"), 1);
    house.stop().await;
}

/// A request for the shows at a desk that speaks TLS.
async fn over_tls(
    (desk, key): (std::net::SocketAddr, String),
    ca: &Path,
    method: &str,
    body: Option<&serde_json::Value>,
) -> serde_json::Value {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).expect("a certificate")).expect("an authority");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let wire = TcpStream::connect(desk).await.expect("the door is open");
    let name = ServerName::try_from("localhost").expect("a name");
    let wire = TlsConnector::from(Arc::new(client)).connect(name, wire).await.expect("it is trusted");
    let request = crate::http::Request::new(method, "/api/v1/shows").bearer(&key);
    let request = match body {
        Some(body) => request.json(body),
        None => request,
    };
    request.open_on(Box::new(wire)).await.finish().await.json()
}

/// Fault 66: a wrong configuration pushed mid-show: refused, the last good one stays.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_configuration_is_refused_as_a_whole_and_the_show_goes_on() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("stentor.toml");
    let flags = config(&folder.path().join("data"));
    let load = |text: &str| {
        fs::write(&file, text).expect("a writable folder");
        Config::load(Some(&file), RawConfig { data: Default::default(), ..flags.clone() })
    };
    let data = "[data]\ndir = \"data\"\nreserve_mib = 0\n";
    let house = House::start_from(load(data).expect("a good file"));
    house.on_air("evening").await;
    let imprint =
        async || house.status_when("evening", "it is there", |_| true).await["pages"]["imprint"].clone();

    let good = format!("{data}[pages]\nimprint_url = \"https://a.test/imprint\"\n");
    house.reloader.reload(load(&good));
    assert_eq!((house.notices.count("config_reloaded"), house.notices.count("config_refused")), (1, 0));
    house
        .status_when("evening", "the new link", |status| {
            status["pages"]["imprint"] == "https://a.test/imprint"
        })
        .await;

    let (other_link, level) = (good.replace("a.test", "b.test"), "[log]\nlevel = \"debug\"\n");
    for (refused, wrong, fixed) in [
        (1, format!("{other_link}{level}[shows]\nmax = many\n"), 0),
        (2, format!("{other_link}{level}[shwos]\nmax = 3\n"), 0),
        (3, format!("{other_link}{level}[shows]\nmax = 3\n"), 1),
        (4, format!("{other_link}{level}[shows]\nmax = 3\n[tls]\nacme = [\"a.test\"]\n"), 3),
        (5, format!("{other_link}[tls]\ncert = \"none.pem\"\nkey = \"none.pem\"\n"), 5),
    ] {
        house.reloader.reload(load(&wrong));
        assert_eq!(house.notices.count("config_refused"), refused, "{wrong}");
        assert_eq!(house.notices.count("config_fixed"), fixed, "{wrong}");
    }
    house.reloader.reload(Config::load(Some(&folder.path().join("gone.toml")), RawConfig::default()));
    assert_eq!((house.notices.count("config_reloaded"), house.notices.count("config_refused")), (1, 6));
    let before = house.status_when("evening", "it is on air", |status| status["phase"] == "on_air").await;
    let slot = before["slot"].as_u64().expect("there is sound");
    house
        .status_when("evening", "it goes on", |status| {
            status["slot"].as_u64().is_some_and(|now| now > slot + 6)
        })
        .await;
    assert_eq!(imprint().await, "https://a.test/imprint", "nothing of a refused file is in force");
    house.stop().await;
}

/// Fault 61, and the way out of it: the reserve is lowered while the show is on air, and recording goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_reserve_that_is_lowered_in_mid_show_brings_the_recording_back() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let flags = config(&folder.path().join("data"));
    let house = House::start_with(flags.clone());
    house.on_air("evening").await;
    for (reserve_mib, told) in [(RESERVE_MIB_MAX, "disk_full"), (0, "disk_recovered")] {
        let mut flags = flags.clone();
        flags.data.reserve_mib = Some(reserve_mib);
        house.reloader.reload(Config::load(None, flags));
        house.notices_when(told, 1).await;
    }
    house.stop().await;
}
