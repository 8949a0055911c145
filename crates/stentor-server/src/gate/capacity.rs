//! How many seats a node has.

use crate::config::Serving;

/// Of the connections, what listeners may have: the rest is for those who ask, wait, and come back.
const OF_CONNECTIONS: f64 = 0.9;

/// Of the egress that the operator has said: no sensor sees a provider's limit, and what is lost on the way is sent again.
const OF_EGRESS: f64 = 0.8;

/// What a listener takes at 32 kbit/s, in bit/s on the wire: 4.3 kB of fMP4 each 0.96 s are 35.8 kbit/s, and 3 packets with
/// 66 B of Ethernet, IP and TCP around each 1.7 kbit/s.
const LISTENER_BPS: f64 = 37_500.0;

/// How many may hear at once, of all shows together, if the operator has said what follows from.
pub(crate) fn seats(serving: &Serving, connections_max: usize) -> Option<u32> {
    let by_connections = connections_max as f64 * OF_CONNECTIONS;
    let by_egress = serving.egress_mbps.map(|mbps| f64::from(mbps) * 1e6 * OF_EGRESS / LISTENER_BPS);
    let wanted = serving.seats.map(f64::from).or(by_egress)?;
    // Saturates, far beyond what there are ports for.
    Some(wanted.min(by_connections) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, RawConfig};

    fn serving(text: &str) -> Serving {
        let raw: RawConfig = toml::from_str(text).expect("TOML");
        Config::load(None, raw).expect("a configuration").serving
    }

    #[test]
    fn what_is_least_counts_and_what_is_said_comes_before_what_is_reckoned() {
        assert_eq!(seats(&serving(""), 20_000), None);
        assert_eq!(seats(&serving("[front]\negress_mbps = 100"), 20_000), Some(2_133));
        assert_eq!(seats(&serving("[front]\negress_mbps = 100\nseats = 2500"), 20_000), Some(2_500));
        assert_eq!(seats(&serving("[front]\nseats = 50000"), 20_000), Some(18_000));
    }
}
