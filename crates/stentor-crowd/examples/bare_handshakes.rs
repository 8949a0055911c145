//! The most handshakes that a server can do: full ones of TLS 1.3 between the two ends of rustls, in memory, without a socket.
//! Only the server's end is counted, by the CPU time of the thread; `cargo xtask bench front-door` holds the front door against
//! it.
//!
//! `bare_handshakes CERT KEY COUNT`: a certificate for `localhost` that is its own authority, and its key, both in PEM. Prints
//! `{"handshakes":COUNT,"server_cpu_s":SECONDS}`.

use std::env;
use std::io;
use std::ops::DerefMut;
use std::sync::Arc;

use rustix::time::{ClockId, clock_gettime};
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs::{self, Ticketer};
use rustls::{
    ClientConfig, ClientConnection, ConnectionCommon, HandshakeKind, ProtocolVersion, RootCertStore,
    ServerConfig, ServerConnection, SideData,
};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};

/// Handshakes that the server does in a row, so that what the client does between them is not in its caches: at the door the
/// client has another processor. The front door lets in as many in a turn.
const AT_ONCE: usize = 64;

/// What one end has to say.
type Flight = Vec<u8>;

fn main() -> io::Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [cert, key, count] = args.as_slice() else {
        return Err(io::Error::other("usage: bare_handshakes CERT KEY COUNT"));
    };
    let count = count.parse::<usize>().map_err(io::Error::other)?;
    let chain = CertificateDer::pem_file_iter(cert).map_err(io::Error::other)?;
    let chain = chain.collect::<Result<Vec<_>, _>>().map_err(io::Error::other)?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(io::Error::other)?;
    let client = client(&chain).map_err(io::Error::other)?;
    let server = server(chain, key).map_err(io::Error::other)?;
    let (mut done, mut server_ns) = (0, 0);
    while done < count {
        let some = AT_ONCE.min(count - done);
        server_ns += shake_hands(&client, &server, some).map_err(io::Error::other)?;
        done += some;
    }
    println!("{}", serde_json::json!({ "handshakes": done, "server_cpu_s": server_ns as f64 / 1e9 }));
    Ok(())
}

/// The same as the front door's (`crates/stentor-server/src/tls/certificates.rs`), tickets and all.
fn server(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.ticketer = Ticketer::new()?;
    config.send_tls13_tickets = 1;
    Ok(Arc::new(config))
}

/// The same as the crowd's (`crates/stentor-crowd/src/tls.rs`): a stranger.
fn client(authorities: &[CertificateDer<'static>]) -> Result<Arc<ClientConfig>, rustls::Error> {
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        roots.add(authority.clone())?;
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// Does so many handshakes, each end's part of all of them in turn, and gives the nanoseconds that the server's took.
fn shake_hands(
    client: &Arc<ClientConfig>,
    server: &Arc<ServerConfig>,
    count: usize,
) -> Result<u64, rustls::Error> {
    let name = ServerName::try_from("localhost").expect("a name");
    let clients = (0..count).map(|_| ClientConnection::new(Arc::clone(client), name.clone()));
    let mut clients = clients.collect::<Result<Vec<_>, _>>()?;
    let hellos = exchange(&mut clients, &vec![Flight::new(); count])?;

    let began_ns = thread_cpu_ns();
    let servers = (0..count).map(|_| ServerConnection::new(Arc::clone(server)));
    let mut servers = servers.collect::<Result<Vec<_>, _>>()?;
    let answers = exchange(&mut servers, &hellos)?;
    let mut server_ns = thread_cpu_ns() - began_ns;

    let finished = exchange(&mut clients, &answers)?;

    let began_ns = thread_cpu_ns();
    let tickets = exchange(&mut servers, &finished)?;
    server_ns += thread_cpu_ns() - began_ns;

    exchange(&mut clients, &tickets)?;
    for (client, server) in clients.iter().zip(&servers) {
        assert!(!client.is_handshaking() && !server.is_handshaking(), "a handshake takes a flight more");
        assert_eq!(server.handshake_kind(), Some(HandshakeKind::Full));
        assert_eq!(server.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    }
    Ok(server_ns)
}

/// Each of these ends hears what the other side has said, and says what follows.
fn exchange<Data: SideData, End: DerefMut<Target = ConnectionCommon<Data>>>(
    ends: &mut [End],
    heard: &[Flight],
) -> Result<Vec<Flight>, rustls::Error> {
    let one = |(end, heard): (&mut End, &Flight)| {
        let mut heard = heard.as_slice();
        while !heard.is_empty() {
            end.read_tls(&mut heard).expect("memory gives everything");
            end.process_new_packets()?;
        }
        let mut said = Flight::new();
        while end.wants_write() {
            end.write_tls(&mut said).expect("memory takes everything");
        }
        Ok(said)
    };
    ends.iter_mut().zip(heard).map(one).collect()
}

/// The CPU time of this thread.
fn thread_cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
