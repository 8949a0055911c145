//! What a trusted proxy says before anything else, where it is set that proxies do: for whom it calls (PROXY protocol, version 2;
//! HAProxy's `doc/proxy-protocol.txt` §2.2).

use std::net::SocketAddr;

use proxy_header::{ParseConfig, ProxyHeader};

/// No request and no TLS begins with these.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

/// The signature, version and command, families, and the length of the rest.
const FIXED_BYTES: usize = 16;

/// What every receiver has to take: a header that fits into the smallest segment of TCP.
pub const BYTES_MAX: usize = 536;

/// How an announcement looks so far.
#[derive(Debug, PartialEq, Eq)]
pub enum Announcement {
    /// So many bytes more have to be seen.
    Wants(usize),
    /// The proxy calls for somebody, or for itself.
    Of(Option<SocketAddr>),
    /// It is none.
    Malformed,
}

impl Announcement {
    /// Looks at the bytes that have come so far. Nothing behind an announcement is asked for.
    pub fn look(read: &[u8]) -> Self {
        let begun = read.len().min(SIGNATURE.len());
        if read[..begun] != SIGNATURE[..begun] {
            return Self::Malformed;
        }
        let [.., high, low] = match read.first_chunk::<FIXED_BYTES>() {
            Some(fixed) => *fixed,
            None => return Self::Wants(FIXED_BYTES - read.len()),
        };
        let bytes = FIXED_BYTES + usize::from(u16::from_be_bytes([high, low]));
        if bytes > BYTES_MAX {
            return Self::Malformed;
        }
        if read.len() < bytes {
            return Self::Wants(bytes - read.len());
        }
        let config = ParseConfig { include_tlvs: false, allow_v1: false, allow_v2: true };
        match ProxyHeader::parse(read, config) {
            Ok((header, _)) => Self::Of(header.proxied_address().map(|address| address.source)),
            Err(_) => Self::Malformed,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FROM_A_PHONE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xcb\0\x71\x05\x7f\0\0\x01\x30\x39\0\x50";

    #[test]
    fn an_announcement_is_read_wherever_it_is_cut_and_not_beyond() {
        let client = "203.0.113.5:12345".parse().ok();
        assert_eq!(Announcement::look(FROM_A_PHONE), Announcement::Of(client));
        for cut in 0..FROM_A_PHONE.len() {
            let end = if cut < FIXED_BYTES { FIXED_BYTES } else { FROM_A_PHONE.len() };
            assert_eq!(Announcement::look(&FROM_A_PHONE[..cut]), Announcement::Wants(end - cut), "{cut}");
        }
    }

    #[test]
    fn a_proxy_that_looks_whether_we_live_calls_for_itself() {
        assert_eq!(Announcement::look(b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"), Announcement::Of(None));
    }

    #[test]
    fn what_is_none_is_refused() {
        for other in [&b"GET / HTTP/1.1\r\n"[..], b"\x16\x03\x01", b"\r\n\r\nGET", b"PROXY TCP4 "] {
            assert_eq!(Announcement::look(other), Announcement::Malformed);
        }
        let long = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff";
        assert_eq!(Announcement::look(long), Announcement::Malformed);
        assert_eq!(Announcement::look(b"\r\n\r\n\0\r\nQUIT\n\x91\x11\0\0"), Announcement::Malformed);
    }

    proptest! {
        #[test]
        fn no_bytes_do_harm(
            command in prop::sample::select(vec![0x20_u8, 0x21, 0x22, 0x11]),
            families in prop::sample::select(vec![0_u8, 0x11, 0x12, 0x21, 0x22, 0x31, 0xFF]),
            len in 0_u16..540,
            rest in prop::collection::vec(any::<u8>(), 0..560),
        ) {
            let bytes = [&SIGNATURE[..], &[command, families], &len.to_be_bytes(), &rest].concat();
            match Announcement::look(&bytes) {
                Announcement::Wants(more) => prop_assert_eq!(more, usize::from(len) - rest.len()),
                Announcement::Of(_) => prop_assert!(command & 0xF0 == 0x20 && usize::from(len) <= rest.len()),
                Announcement::Malformed => {}
            }
        }
    }
}
