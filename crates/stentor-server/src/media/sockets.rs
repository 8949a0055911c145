//! Opening the media port.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket as StdUdpSocket};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, UdpSocket};

use crate::door;

/// Addresses of this machine that are offered at most: a handful of networks in two families. Each
/// is a socket and two candidates of 100 bytes in every answer.
const ADDRESSES_MAX: usize = 16;

/// Room for bursts on the media port: 128 speakers × 50 packets × 200 B = 1.3 MB a second.
const RECEIVE_BUFFER_BYTES: usize = 1 << 20;

/// The open media port.
///
/// Where the address is unspecified there is one UDP socket per address of the machine: a datagram
/// then says by its socket where it came to, and an answer leaves from the same address.
pub struct MediaSockets {
    pub(super) udp: Vec<(SocketAddr, StdUdpSocket)>,
    pub(super) tcp: TcpListener,
    candidates: Vec<SocketAddr>,
}

impl MediaSockets {
    /// Opens UDP and TCP on the same port. `advertise` are the addresses to offer instead of our
    /// own, for a machine behind 1:1 NAT.
    pub fn open(address: SocketAddr, advertise: &[IpAddr]) -> io::Result<Self> {
        let tcp = door::listen(address)?;
        let port = tcp.local_addr()?.port();
        let addresses = local_addresses(address.ip())?;
        let mut udp = Vec::with_capacity(addresses.len());
        for ip in addresses {
            let local = SocketAddr::new(ip, port);
            match bind_udp(local) {
                Ok(socket) => udp.push((local, socket)),
                // An address that went away between listing and binding is not ours any more.
                Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => {}
                Err(error) => return Err(error),
            }
        }
        if udp.is_empty() {
            return Err(io::Error::from(io::ErrorKind::AddrNotAvailable));
        }
        let candidates = if advertise.is_empty() {
            udp.iter().map(|(local, _)| *local).collect()
        } else {
            advertise.iter().map(|ip| SocketAddr::new(*ip, port)).collect()
        };
        Ok(Self { udp, tcp, candidates })
    }

    /// The addresses that answers name.
    pub fn candidates(&self) -> &[SocketAddr] {
        &self.candidates
    }

    /// The port number of both.
    pub fn port(&self) -> u16 {
        self.udp[0].0.port()
    }
}

/// The address itself, or all of the machine's if it is unspecified; loopback last, since browsers
/// try candidates in their order and only a local one can use it.
fn local_addresses(ip: IpAddr) -> io::Result<Vec<IpAddr>> {
    if !ip.is_unspecified() {
        return Ok(vec![ip]);
    }
    let fits = |candidate: &IpAddr| match candidate {
        IpAddr::V4(v4) => !v4.is_link_local(),
        // Link-local IPv6 needs a zone, which a candidate cannot carry.
        IpAddr::V6(v6) => ip.is_ipv6() && !v6.is_unicast_link_local(),
    };
    let mut addresses: Vec<IpAddr> =
        if_addrs::get_if_addrs()?.iter().map(if_addrs::Interface::ip).filter(fits).collect();
    addresses.sort_by_key(|ip| (ip.is_loopback(), ip.is_ipv6(), *ip));
    addresses.dedup();
    addresses.truncate(ADDRESSES_MAX);
    Ok(addresses)
}

fn bind_udp(local: SocketAddr) -> io::Result<StdUdpSocket> {
    let socket = Socket::new(Domain::for_address(local), Type::DGRAM, Some(Protocol::UDP))?;
    if local.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // The kernel caps this at net.core.rmem_max; what it gives is enough for a few shows.
    socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES)?;
    socket.set_nonblocking(true)?;
    socket.bind(&local.into())?;
    Ok(socket.into())
}

/// Registers a socket with the event loop of the thread that calls.
pub(super) fn register(socket: StdUdpSocket) -> io::Result<UdpSocket> {
    UdpSocket::from_std(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn udp_and_tcp_share_a_port_and_name_real_addresses() {
        let sockets = MediaSockets::open("[::]:0".parse().expect("an address"), &[]).expect("a free port");
        assert!(!sockets.candidates().is_empty());
        for candidate in sockets.candidates() {
            assert_eq!(candidate.port(), sockets.port());
            assert!(!candidate.ip().is_unspecified());
        }
        assert_eq!(sockets.tcp.local_addr().expect("bound").port(), sockets.port());
    }

    #[tokio::test]
    async fn advertised_addresses_replace_our_own() {
        let outside: IpAddr = "192.0.2.7".parse().expect("an address");
        let sockets =
            MediaSockets::open("127.0.0.1:0".parse().expect("an address"), &[outside]).expect("a port");
        assert_eq!(sockets.candidates(), [SocketAddr::new(outside, sockets.port())]);
    }
}
