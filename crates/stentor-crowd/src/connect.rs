//! Connections: from which address, and whether the machine has enough of what they need.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::{Domain, Protocol, Socket, Type};

use crate::error::CrowdError;
use crate::target::Target;

/// Addresses of 127.0.0.0/8 that a process comes from: of 19,000 connections 75 share one, so that finding a free
/// port takes no search, and a server that counts prefixes sees 16 of them a process.
const SOURCES: u32 = 256;

/// The second byte of the first process's addresses. Below lie those that people use.
const SOURCE_NET: u8 = 32;

/// Processes whose addresses differ.
pub const PROCESSES_MAX: u32 = 64;

/// Descriptors besides the connections: three standard ones, epoll, what a supervisor left open.
const OTHER_DESCRIPTORS: u64 = 16;

/// What a slow reader lets the kernel hold for it: otherwise 120 kB would go by, half a minute of sound, before
/// anybody noticed.
const SLOW_RECEIVE_BYTES: usize = 16 * 1024;

/// Ports if the system does not say: the default of Linux, 32768 to 60999.
const PORTS_DEFAULT: u64 = 28_232;

/// Makes sure that there are descriptors and ports for so many connections, of which this process has a share.
///
/// # Errors
/// If there are too few, with what to do about it.
pub(crate) fn provide(target: &Target, total: u32, processes: u32) -> Result<(), CrowdError> {
    let need = u64::from(total.div_ceil(processes)) + OTHER_DESCRIPTORS;
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let granted = if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current };
    let have = granted.unwrap_or(u64::MAX);
    if need > have {
        let each = have.saturating_sub(OTHER_DESCRIPTORS).max(1);
        return Err(CrowdError::Descriptors { need, have, processes: u64::from(total).div_ceil(each) });
    }
    let sources = if target.address.is_ipv4() { u64::from(SOURCES * processes) } else { 1 };
    let have = ports() * sources;
    if u64::from(total) > have {
        return Err(CrowdError::Ports { need: total.into(), have });
    }
    Ok(())
}

fn ports() -> u64 {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let mut ends = range.split_whitespace().filter_map(|end| end.parse::<u64>().ok());
    match (ends.next(), ends.next()) {
        (Some(first), Some(last)) => last.saturating_sub(first) + 1,
        _ => PORTS_DEFAULT,
    }
}

/// Begins to connect; whether the connection stands already.
pub(crate) fn connect(target: &Target, process: u32, seat: u32, slow: bool) -> io::Result<(Socket, bool)> {
    let domain = Domain::for_address(target.address);
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    if let SocketAddr::V4(_) = target.address {
        socket.bind(&SocketAddr::V4(SocketAddrV4::new(source(process, seat), 0)).into())?;
    }
    if slow {
        socket.set_recv_buffer_size(SLOW_RECEIVE_BYTES)?;
    }
    match socket.connect(&target.address.into()) {
        Ok(()) => Ok((socket, true)),
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::INPROGRESS.raw_os_error()) => {
            Ok((socket, false))
        }
        Err(error) => Err(error),
    }
}

fn source(process: u32, seat: u32) -> Ipv4Addr {
    let place = seat % SOURCES;
    let net = SOURCE_NET + (process % PROCESSES_MAX) as u8;
    Ipv4Addr::new(127, net, (place % 16) as u8, 1 + (place / 16) as u8)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn processes_share_no_address() {
        let all =
            (0..PROCESSES_MAX).flat_map(|process| (0..2 * SOURCES).map(move |seat| source(process, seat)));
        let distinct: BTreeSet<Ipv4Addr> = all.collect();
        assert_eq!(distinct.len() as u32, PROCESSES_MAX * SOURCES);
        assert!(distinct.iter().all(Ipv4Addr::is_loopback));
    }

    #[test]
    fn too_few_ports_are_said_before() {
        let target = Target::parse("http://[::1]:1/", false).expect("a target");
        assert!(matches!(provide(&target, 100_000, 64), Err(CrowdError::Ports { .. })));
        let target = Target::parse("http://127.0.0.1:1/", false).expect("a target");
        assert!(matches!(provide(&target, u32::MAX, 1), Err(CrowdError::Descriptors { .. })));
        provide(&target, 10, 1).expect("ten are few");
    }
}
