//! What the kernel knows of a connection and no library asks it for. The only file of this crate with unsafe code.
#![expect(unsafe_code, reason = "two system calls that no library wraps, each with its proof")]

use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};

/// Bytes that the socket took and the peer has not acknowledged (`SIOCOUTQ`, tcp(7)).
pub(super) fn unacknowledged(socket: impl AsFd) -> io::Result<u64> {
    let mut bytes: libc::c_int = 0;
    // SAFETY: TIOCOUTQ, which is SIOCOUTQ's number, writes one int to where its argument points, and `bytes` is one
    // that lives until the call returns. The descriptor is borrowed, so it is open.
    let done = unsafe { libc::ioctl(raw(socket.as_fd()), libc::TIOCOUTQ, &raw mut bytes) };
    if done == 0 { Ok(u64::try_from(bytes).unwrap_or(0)) } else { Err(io::Error::last_os_error()) }
}

/// Segments that were sent again, since the connection began (`TCP_INFO`, tcp(7)).
pub(super) fn retransmitted(socket: impl AsFd) -> io::Result<u64> {
    // SAFETY: `tcp_info` is plain numbers, for each of which zero is a value.
    let mut info: libc::tcp_info = unsafe { std::mem::zeroed() };
    let mut length = libc::socklen_t::try_from(size_of::<libc::tcp_info>()).expect("some 100 bytes");
    // SAFETY: the kernel writes at most `length` bytes to `info`, which has so many and lives until the call
    // returns; it writes fewer if it knows fewer, and the rest stays zero. The descriptor is borrowed, so it is open.
    let done = unsafe {
        libc::getsockopt(
            raw(socket.as_fd()),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            (&raw mut info).cast(),
            &raw mut length,
        )
    };
    if done == 0 { Ok(info.tcpi_total_retrans.into()) } else { Err(io::Error::last_os_error()) }
}

fn raw(socket: BorrowedFd<'_>) -> libc::c_int {
    socket.as_raw_fd()
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn the_kernel_says_what_is_not_acknowledged() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let mut near = TcpStream::connect(listener.local_addr().expect("an address")).expect("it listens");
        let (mut far, _) = listener.accept().expect("somebody called");
        near.set_nonblocking(true).expect("a socket");
        assert_eq!(unacknowledged(&near).expect("a socket"), 0);
        assert_eq!(retransmitted(&near).expect("a socket"), 0);
        // Until both kernels' buffers are full.
        while near.write(&[0; 65_536]).is_ok() {}
        assert!(unacknowledged(&near).expect("a socket") > 0);
        near.shutdown(std::net::Shutdown::Write).expect("a socket");
        let mut all = Vec::new();
        far.read_to_end(&mut all).expect("a socket");
        // Reading everything means that everything is acknowledged soon, but for the end itself.
        while unacknowledged(&near).expect("a socket") > 1 {
            std::thread::yield_now();
        }
        let file = std::fs::File::open("/dev/null").expect("there is one");
        assert!(unacknowledged(&file).is_err() && retransmitted(&file).is_err());
    }
}
