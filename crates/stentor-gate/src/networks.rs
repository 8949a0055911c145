//! Where people come from, by network and never finer than that, in memory that does not grow with them.
//!
//! A [`Census`] counts by the prefixes of an address in a count-min sketch (Cormode and Muthukrishnan 2005) with conservative
//! update (Estan and Varghese 2002): never less than the truth, and more only where others collide with it in every row.
//! How many networks there were is estimated as by HyperLogLog (Flajolet et al. 2007). Both are hashed under a secret, so that
//! nobody can choose addresses that collide with somebody else's.

use std::net::IpAddr;

use crate::limits::{CENSUS_ROWS, CENSUS_WIDTH};

/// How much of an address is looked at: a household or a carrier's NAT, up to what one customer of a hoster has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Extent {
    /// One IPv4 address.
    V4Address = 32,
    /// 256 of them: the smallest block that is routed.
    V4Block = 24,
    /// What one IPv6 link has.
    V6Link = 64,
    /// What a household gets.
    V6Household = 56,
    /// What a customer of a hoster gets.
    V6Site = 48,
}

impl Extent {
    /// Those of an address, the narrowest first.
    pub const fn of(address: IpAddr) -> &'static [Self] {
        match address {
            IpAddr::V4(_) => &[Self::V4Address, Self::V4Block],
            IpAddr::V6(_) => &[Self::V6Link, Self::V6Household, Self::V6Site],
        }
    }
}

/// Part of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Network {
    extent: Extent,
    prefix: u64,
}

impl Network {
    fn of(address: IpAddr, extent: Extent) -> Self {
        let prefix = match address {
            IpAddr::V4(address) => u64::from(address.to_bits()) << 32,
            IpAddr::V6(address) => (address.to_bits() >> 64) as u64,
        };
        Self { extent, prefix: prefix & !u64::MAX.checked_shr(extent as u32).unwrap_or(0) }
    }
}

/// How many came, by network.
#[derive(Debug)]
pub struct Census {
    key: [u8; 32],
    /// [`CENSUS_ROWS`] rows of [`CENSUS_WIDTH`]. Pages of it that nobody needed take no memory.
    cells: Vec<u32>,
    total: u64,
    networks: Distinct,
    largest: u32,
}

impl Census {
    /// Nobody yet; `secret` is 32 random bytes.
    pub fn new(secret: [u8; 32]) -> Self {
        let cells = vec![0; CENSUS_ROWS * CENSUS_WIDTH];
        Self { key: secret, cells, total: 0, networks: Distinct::default(), largest: 0 }
    }

    /// Somebody comes.
    pub fn count(&mut self, address: IpAddr) {
        let address = address.to_canonical();
        self.total += 1;
        let mut widest = 0;
        for &extent in Extent::of(address) {
            let hash = self.hash(Network::of(address, extent));
            widest = self.add(&hash);
            if Some(&extent) == Extent::of(address).last() {
                self.networks.add(&hash);
            }
        }
        self.largest = self.largest.max(widest);
    }

    /// How many came from as much of the network around this address; not less.
    pub fn of(&self, address: IpAddr, extent: Extent) -> u32 {
        self.least(&self.hash(Network::of(address.to_canonical(), extent)))
    }

    /// How many came.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// From how many blocks and sites, to within 2 % or so (1 σ).
    pub fn networks(&self) -> u64 {
        self.networks.estimate()
    }

    /// How many came from the largest of them; not less.
    pub fn largest(&self) -> u32 {
        self.largest
    }

    fn hash(&self, network: Network) -> [u8; 32] {
        let mut bytes = [0; 9];
        bytes[0] = network.extent as u8;
        bytes[1..].copy_from_slice(&network.prefix.to_be_bytes());
        *blake3::keyed_hash(&self.key, &bytes).as_bytes()
    }

    fn least(&self, hash: &[u8; 32]) -> u32 {
        cells(hash).map(|cell| self.cells[cell]).min().unwrap_or(0)
    }

    /// One more; says how many that are.
    fn add(&mut self, hash: &[u8; 32]) -> u32 {
        let more = self.least(hash).saturating_add(1);
        // Only what is less is wrong: conservative update.
        cells(hash).for_each(|cell| self.cells[cell] = self.cells[cell].max(more));
        more
    }
}

/// The cell of a hash in each row. The first 8 bytes are [`Distinct`]'s.
fn cells(hash: &[u8; 32]) -> impl Iterator<Item = usize> {
    let (words, _) = hash[8..].as_chunks::<4>();
    let rows = words.iter().take(CENSUS_ROWS).enumerate();
    rows.map(|(row, word)| row * CENSUS_WIDTH + u32::from_be_bytes(*word) as usize % CENSUS_WIDTH)
}

/// How many different ones there were, in 4 kB: the standard error is 1.04 / 4,096^½, 1.6 %.
#[derive(Debug)]
struct Distinct(Box<[u8; Self::REGISTERS]>);

impl Default for Distinct {
    fn default() -> Self {
        Self(Box::new([0; Self::REGISTERS]))
    }
}

impl Distinct {
    const REGISTERS: usize = 4_096;

    fn add(&mut self, hash: &[u8; 32]) {
        let word = u64::from_be_bytes(*hash.first_chunk().expect("there are 32"));
        let register = &mut self.0[word as usize % Self::REGISTERS];
        // The register's bits are the last; of the others the zeros before the first one count.
        *register = (*register).max((word | (Self::REGISTERS as u64 - 1)).leading_zeros() as u8 + 1);
    }

    fn estimate(&self) -> u64 {
        let m = Self::REGISTERS as f64;
        let sum: f64 = self.0.iter().map(|&zeros| (-f64::from(zeros)).exp2()).sum();
        let raw = 0.7213 / (1.0 + 1.079 / m) * m * m / sum;
        let empty = self.0.iter().filter(|&&zeros| zeros == 0).count() as f64;
        // Of few, those that were never hit say more.
        let few = raw <= 2.5 * m && empty > 0.0;
        (if few { m * (m / empty).ln() } else { raw }).round() as u64
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;

    fn v4(bits: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from_bits(bits))
    }

    fn v6(network: u64) -> IpAddr {
        IpAddr::V6(Ipv6Addr::from_bits(u128::from(network) << 64 | 7))
    }

    proptest! {
        /// Addresses that are near each other, so that they share networks.
        #[test]
        fn it_counts_no_less_than_there_were(of in prop::collection::vec((any::<bool>(), 0..2_000u32), 1..200)) {
            let mut census = Census::new([1; 32]);
            let mut truth: BTreeMap<Network, u32> = BTreeMap::new();
            for &(is_v6, n) in &of {
                let address = if is_v6 { v6(0x2001_0db8_0000_0000 | u64::from(n) << 6) } else { v4(0xC000_0200 + n) };
                census.count(address);
                for &extent in Extent::of(address) {
                    *truth.entry(Network::of(address, extent)).or_default() += 1;
                    // Of so few none collides in every row.
                    prop_assert_eq!(census.of(address, extent), truth[&Network::of(address, extent)]);
                }
            }
            prop_assert_eq!(census.total(), of.len() as u64);
        }
    }

    #[test]
    fn an_ipv4_address_is_one_in_either_spelling() {
        let mut census = Census::new([1; 32]);
        census.count("::ffff:192.0.2.7".parse().expect("an address"));
        census.count("192.0.2.8".parse().expect("an address"));
        assert_eq!(census.of(v4(0xC000_0207), Extent::V4Address), 1);
        assert_eq!(census.of(v4(0xC000_0201), Extent::V4Block), 2);
        assert_eq!((census.networks(), census.largest()), (1, 2));
    }

    #[test]
    fn few_and_many_networks_are_told_apart() {
        let mut census = Census::new([3; 32]);
        for (networks, until) in [(50_u32, 50_u32), (5_000, 5_000), (200_000, 200_000)] {
            for n in census.total() as u32..until {
                census.count(v4(n << 8));
            }
            let estimate = census.networks() as f64;
            assert!((estimate / f64::from(networks) - 1.0).abs() < 0.05, "{estimate} of {networks}");
        }
        assert!(census.largest() <= 3, "{} from one network, where each sent one", census.largest());
    }
}
