//! What the connections of a crowd take: ours, and the kernel's.

use std::fs;

/// Memory, as Linux counts it; 0 where it does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Resident memory of this process.
    pub resident_bytes: u64,
    /// What the kernel holds of TCP's data, of all processes.
    pub kernel_tcp_bytes: u64,
}

impl Memory {
    /// As it is now.
    pub(crate) fn look() -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let page_bytes = rustix::param::page_size() as u64;
        Self {
            resident_bytes: resident_pages(&read("/proc/self/statm")) * page_bytes,
            kernel_tcp_bytes: tcp_pages(&read("/proc/net/sockstat")) * page_bytes,
        }
    }
}

/// The second number of `statm` (proc(5)).
fn resident_pages(statm: &str) -> u64 {
    number(statm.split_whitespace().nth(1))
}

/// The number behind `mem` in the line of TCP: `TCP: inuse 9 orphan 0 tw 1 alloc 12 mem 3`.
fn tcp_pages(sockstat: &str) -> u64 {
    let line = sockstat.lines().find_map(|line| line.strip_prefix("TCP: ")).unwrap_or_default();
    number(line.split_whitespace().skip_while(|word| *word != "mem").nth(1))
}

fn number(text: Option<&str>) -> u64 {
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_linux_writes_is_read() {
        assert_eq!(resident_pages("9127 4711 2039 3 0 1500 0\n"), 4711);
        let sockstat = "sockets: used 40\nTCP: inuse 9 orphan 0 tw 1 alloc 12 mem 3\nUDP: inuse 2 mem 7\n";
        assert_eq!(tcp_pages(sockstat), 3);
        assert_eq!((resident_pages(""), tcp_pages("TCP: inuse")), (0, 0));
        assert!(Memory::look().resident_bytes > 1 << 20, "this test itself takes that much");
    }
}
