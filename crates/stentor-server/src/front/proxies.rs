//! Proxies in front of the front door. To its socket all who come through one are one caller; what it says of them is
//! taken if the operator trusts it.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName};

use crate::config::Proxies;

/// Where a request comes from: the peer, or whom a trusted proxy names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin(pub(crate) IpAddr);

/// `X-Forwarded-For`: a list of addresses, to which each proxy appends who called it.
const FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Who really calls: the nearest in the chain that is no trusted proxy. What stands before that one was said by
/// them, and may be anything.
pub(crate) fn caller(proxies: &Proxies, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let mut caller = peer;
    let lists = headers.get_all(FORWARDED).iter().rev();
    for list in lists {
        for told in list.as_bytes().rsplit(|byte| *byte == b',') {
            let told = std::str::from_utf8(told).ok().and_then(|told| told.trim().parse().ok());
            match told {
                Some(told) if proxies.trusts(caller) => caller = told,
                _ => return caller,
            }
        }
    }
    caller
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn caller(peer: &str, lists: &[&'static str]) -> String {
        let networks = ["::ffff:10.0.0.0/104", "127.0.0.1/32", "fd00::/8"]
            .map(|network| network.parse().expect("a network"));
        let lists = lists.iter().map(|list| (FORWARDED, HeaderValue::from_static(list)));
        let peer = peer.parse().expect("an address");
        super::caller(&Proxies::new(networks.into()), peer, &lists.collect()).to_string()
    }

    #[test]
    fn a_trusted_proxys_word_is_taken_and_nobody_elses() {
        assert_eq!(caller("10.1.2.3", &["203.0.113.5"]), "203.0.113.5");
        assert_eq!(caller("::ffff:10.1.2.3", &["203.0.113.5"]), "203.0.113.5");
        assert_eq!(caller("198.51.100.1", &["203.0.113.5"]), "198.51.100.1");
        assert_eq!(caller("10.1.2.3", &[]), "10.1.2.3");
    }

    #[test]
    fn what_a_caller_claims_is_not_taken_for_a_proxys_word() {
        // Whoever called the proxy had written the first two themselves.
        assert_eq!(caller("127.0.0.1", &["1.1.1.1, 10.0.0.9, 203.0.113.5"]), "203.0.113.5");
        assert_eq!(caller("127.0.0.1", &["1.1.1.1", "203.0.113.5, 10.0.0.9"]), "203.0.113.5");
        assert_eq!(caller("127.0.0.1", &["1.1.1.1, unknown, fd00::7"]), "fd00::7");
        assert_eq!(caller("127.0.0.1", &["203.0.113.5:1234"]), "127.0.0.1");
    }
}
