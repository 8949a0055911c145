//! The front door's listening sockets: one for each thread, all on one address, and the kernel shares out who
//! comes.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;

use rustix::net::{SocketFlags, acceptfrom_with};
use socket2::{Domain, Protocol, Socket, Type};

use crate::door::{BACKLOG, prepare};

/// Opens `threads` sockets on one address; port 0 is the same free port for all.
///
/// # Errors
/// The address cannot be had, or another program of the same kind has it.
pub(crate) fn listen(address: SocketAddr, threads: usize) -> io::Result<Vec<TcpListener>> {
    // Alone at first: if all were to share from the beginning, a second server of the same user would get half of
    // the listeners in place of an error.
    let first = bind(address, false)?;
    first.set_reuse_port(threads > 1)?;
    let address = first.local_addr()?.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?;
    let mut sockets = vec![first];
    for _ in 1..threads {
        sockets.push(bind(address, true)?);
    }
    sockets.into_iter().map(|socket| socket.listen(BACKLOG).map(|()| socket.into())).collect()
}

/// What a listening socket is set to, those that it accepts are set to as well (tcp(7)): none of these calls is made
/// for each listener.
fn bind(address: SocketAddr, shared: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    socket.set_nonblocking(true)?;
    prepare(&socket)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// Takes the next who calls, without waiting.
pub(super) fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    let (socket, address): (OwnedFd, _) =
        acceptfrom_with(listener, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)?;
    let address = address.and_then(|address| SocketAddr::try_from(address).ok());
    // The caller is gone again already.
    let address = address.ok_or(io::ErrorKind::ConnectionAborted)?;
    Ok((socket.into(), address))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use socket2::SockRef;

    use super::*;

    #[test]
    fn threads_share_a_port_and_strangers_do_not() {
        let sockets = listen(([127, 0, 0, 1], 0).into(), 3).expect("a free port");
        let address = sockets[0].local_addr().expect("an address");
        assert!(sockets.iter().all(|socket| socket.local_addr().is_ok_and(|own| own == address)));
        for threads in [1, 2] {
            let error = listen(address, threads).expect_err("the port is in use");
            assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        }
    }

    #[test]
    fn who_is_accepted_has_the_settings_of_the_door() {
        let [listener] = <[_; 1]>::try_from(listen(([127, 0, 0, 1], 0).into(), 1).expect("a free port"))
            .expect("one socket");
        let address = listener.local_addr().expect("an address");
        let _caller = TcpStream::connect(address).expect("the door is open");
        listener.set_nonblocking(false).expect("a socket of ours");
        let (socket, _) = accept(&listener).expect("somebody called");
        let socket = SockRef::from(&socket);
        assert!(socket.tcp_nodelay().expect("a socket"));
        assert!(socket.keepalive().expect("a socket"));
        assert_eq!(socket.tcp_user_timeout().expect("a socket"), Some(Duration::from_secs(30)));
        assert!(socket.nonblocking().expect("a socket"));
    }
}
