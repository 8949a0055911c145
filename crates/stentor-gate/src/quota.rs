//! Quotas: whoever asks for more tickets than a network of its kind has people is served last, not refused.
//!
//! A network's quota grows with those of it who were proven to listen: of a carrier with a hundred thousand listeners behind one
//! address more and more of those who come stand in the ordinary line, and whoever mints tickets has to listen for each
//! four. A ticket stays in the line for which it was made. Nothing of this is kept over a restart: whoever mints has their
//! quota once more then.

use std::net::IpAddr;

use crate::line::Lane;
use crate::networks::{Census, Extent};

/// What one proven listener adds to the quotas of their networks. If all who have tickets come in and are proven, their number is
/// about four times as large the next time, so that a hundred thousand behind one address need seven rounds.
pub const TICKETS_PER_PROVEN: u32 = 4;

/// Tickets of a show for so much of a network, before anybody of it was proven to listen.
pub const fn tickets_free(extent: Extent) -> u32 {
    match extent {
        // An office, a school, a small carrier's NAT.
        Extent::V4Address => 64,
        // Two for each address of it, which is dense for households, and one in 32 of what as many NATs would have.
        Extent::V4Block => 512,
        // A household, of which one link is most.
        Extent::V6Link => 16,
        Extent::V6Household => 32,
        // A company, or whoever rents a server.
        Extent::V6Site => 256,
    }
}

/// The quotas of one show.
#[derive(Debug)]
pub struct Quotas {
    tickets: Census,
    proven: Census,
}

impl Quotas {
    /// Nobody has come yet; the secrets are 32 random bytes each.
    pub fn new(secrets: [[u8; 32]; 2]) -> Self {
        let [tickets, proven] = secrets.map(Census::new);
        Self { tickets, proven }
    }

    /// In which line somebody stands who asks for a ticket now.
    pub fn lane(&self, address: IpAddr) -> Lane {
        let is_within = |&extent: &Extent| self.tickets.of(address, extent) < self.quota(address, extent);
        let within = Extent::of(address.to_canonical()).iter().all(is_within);
        if within { Lane::Ordinary } else { Lane::Behind }
    }

    /// Somebody got a ticket for this line. Those who are behind use nothing up.
    pub fn count(&mut self, address: IpAddr, lane: Lane) {
        if lane == Lane::Ordinary {
            self.tickets.count(address);
        }
    }

    /// Somebody was proven to listen.
    pub fn prove(&mut self, address: IpAddr) {
        self.proven.count(address);
    }

    /// Tickets of the ordinary line by network.
    pub fn tickets(&self) -> &Census {
        &self.tickets
    }

    fn quota(&self, address: IpAddr, extent: Extent) -> u32 {
        let proven = self.proven.of(address, extent);
        tickets_free(extent).saturating_add(proven.saturating_mul(TICKETS_PER_PROVEN))
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn quotas() -> Quotas {
        Quotas::new([[1; 32], [2; 32]])
    }

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    /// How many of so many who come from there stand in the ordinary line.
    fn ordinary(quotas: &mut Quotas, count: u32, from: impl Fn(u32) -> IpAddr) -> u32 {
        let mut lane = |from| {
            let lane = quotas.lane(from);
            quotas.count(from, lane);
            lane
        };
        (0..count).map(from).filter(|&from| lane(from) == Lane::Ordinary).count() as u32
    }

    #[test]
    fn whoever_mints_tickets_gets_a_quota_of_them_and_only_their_network_pays() {
        let mut quotas = quotas();
        assert_eq!(ordinary(&mut quotas, 10_000, |_| address("192.0.2.7")), 64);
        let rest = ordinary(&mut quotas, 10_000, |n| IpAddr::V4(Ipv4Addr::new(198, 51, 100, n as u8)));
        assert_eq!(rest, 512);
        assert_eq!(quotas.lane(address("203.0.113.9")), Lane::Ordinary);
        // 256 households of one site.
        let site = |n: u32| address(&format!("2001:db8:0:{:x}::1", (n % 256) << 8));
        assert_eq!(ordinary(&mut quotas, 10_000, site), 256);
        assert_eq!(quotas.lane(address("2001:db8:1::1")), Lane::Ordinary);
    }

    /// Many behind one address, a carrier's: nobody is blocked, and more and more stand in the ordinary line.
    #[test]
    fn a_network_with_many_who_listen_has_a_quota_for_many() {
        let mut quotas = quotas();
        let carrier = address("100.64.0.1");
        let mut ordinary_each = Vec::new();
        // Ten thousand come in each round, and those who are let in are proven by the next.
        for _ in 0..6 {
            let came_in = ordinary(&mut quotas, 10_000, |_| carrier);
            (0..came_in).for_each(|_| quotas.prove(carrier));
            ordinary_each.push(came_in);
        }
        assert_eq!(ordinary_each, [64, 256, 1_024, 4_096, 10_000, 10_000]);
    }

    /// Many households do not make another one look as if it had minted.
    #[test]
    fn others_put_nobody_behind() {
        let mut quotas = quotas();
        for n in 0..400_000_u32 {
            quotas.tickets.count(IpAddr::V4(Ipv4Addr::from_bits(n.wrapping_mul(2_654_435_761))));
        }
        let household = address("203.0.113.9");
        assert_eq!(quotas.lane(household), Lane::Ordinary);
        let seen = quotas.tickets.of(household, Extent::V4Address);
        assert!(seen <= tickets_free(Extent::V4Address) / 8, "{seen} are others'");
    }
}
