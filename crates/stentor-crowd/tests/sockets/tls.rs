//! Listeners by TLS on real sockets.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use stentor_crowd::{CrowdError, Options, Trust};

use crate::made::{fmp4, ogg};
use crate::server::{Connection, start_with};
use crate::{codes, milliseconds, options, report};

/// A server by TLS whose certificate is for `localhost`, and the file with the certificate.
fn server(name: &str) -> (SocketAddr, PathBuf) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.pem"));
    fs::write(&file, made.cert.pem()).expect("a file");
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .expect("a key");
    let serve = |listener: &mut Connection| {
        let made = if listener.path() == "/ogg" { ogg(20, 48) } else { fmp4(20, 48) };
        listener.begin(&made)?;
        made.groups.iter().try_for_each(|group| listener.chunk(group))?;
        listener.hold()
    };
    (start_with(serve, Some(Arc::new(config))), file)
}

fn with_trust(url: &str, trust: Trust) -> Options {
    Options { trust, slow: 1, silent: 1, ..options(url, false) }
}

#[test]
fn a_certificate_that_is_trusted_will_do() {
    let (address, root) = server("trusted");
    for path in ["ogg", "mp4"] {
        let url = format!("https://localhost:{}/{path}", address.port());
        let group = report(&with_trust(&url, Trust::Root(root.clone()))).listeners;
        assert_eq!(codes(&group), [""; 0]);
        assert_eq!((group.heard, group.stayed, milliseconds(group.media_s)), (3, 3, 3 * 19_200));
    }
}

#[test]
fn another_name_is_trusted_only_without_verification() {
    let (address, root) = server("other-name");
    let url = format!("https://127.0.0.1:{}/ogg", address.port());
    let group = report(&with_trust(&url, Trust::Root(root))).listeners;
    assert_eq!((group.faults.get("tls"), group.connected), (Some(&3), 0));
    let group = report(&with_trust(&url, Trust::Anybody)).listeners;
    assert_eq!((group.faults.len(), group.heard), (0, 3));
}

#[test]
fn whom_to_trust_is_said_before() {
    let refused = with_trust("https://127.0.0.1:1/", Trust::Nobody).check();
    assert!(matches!(refused, Err(CrowdError::NoTrust)));
    let refused = with_trust("https://127.0.0.1:1/", Trust::Root("no-such-file.pem".into())).check();
    assert!(matches!(refused, Err(CrowdError::BadRoot { .. })));
}
