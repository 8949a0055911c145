//! What a run is.

use crate::arrivals::Arrivals;
use crate::connect::{self, PROCESSES_MAX};
use crate::error::CrowdError;
use crate::hearing::Bounds;
use crate::listener::Role;
use crate::target::Target;
use crate::tls::{self, Trust};

/// The largest crowd: 64 processes of 20,000 descriptors.
pub const CROWD_MAX: u32 = 1_280_000;

/// The longest run: a day.
pub const SECONDS_MAX: u64 = 86_400;

/// The fastest slow reader: 8 Mbit/s.
const SLOW_BYTES_PER_SECOND_MAX: u32 = 1_000_000;

/// What a crowd does.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whom it asks.
    pub target: Target,
    /// Whom it trusts, with TLS.
    pub trust: Trust,
    /// Listeners that read everything.
    pub listeners: u32,
    /// Slow readers besides.
    pub slow: u32,
    /// How much a slow reader reads.
    pub slow_bytes_per_second: u32,
    /// Silent ones besides.
    pub silent: u32,
    /// When they come.
    pub arrivals: Arrivals,
    /// How long the run is, from the first arrival on.
    pub seconds: u64,
    /// What counts as a fault.
    pub bounds: Bounds,
    /// How many processes there are, each with an equal share of the crowd.
    pub processes: u32,
}

/// One process's part of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Which process it is, from 0.
    pub process: u32,
    /// When the run begins, on [`crate::now_us`]'s clock.
    pub begin_us: u64,
}

impl Options {
    /// Checks that it makes sense and that the machine has what it takes.
    ///
    /// # Errors
    /// If not, with what to do about it.
    pub fn check(&self) -> Result<(), CrowdError> {
        range("--listeners, --slow and --silent together", self.total(), 1, CROWD_MAX.into())?;
        let others = u64::from(self.slow) + u64::from(self.silent);
        range("--slow and --silent of HLS", others, 0, if self.target.hls { 0 } else { others })?;
        range("--seconds", self.seconds, 1, SECONDS_MAX)?;
        range("--processes", self.processes.into(), 1, PROCESSES_MAX.into())?;
        let slow = self.slow_bytes_per_second;
        range("--slow-bytes-per-second", slow.into(), 1, SLOW_BYTES_PER_SECOND_MAX.into())?;
        range("--ramp", self.arrivals.over_us() / 1_000_000, 0, self.seconds)?;
        range("--gap-ms", u64::from(self.bounds.gap_us) / 1_000, 1, u64::from(u32::MAX) / 1_000)?;
        if self.target.tls {
            tls::config(&self.trust)?;
        }
        connect::provide(&self.target, self.total() as u32, self.processes)
    }

    fn total(&self) -> u64 {
        u64::from(self.listeners) + u64::from(self.slow) + u64::from(self.silent)
    }

    /// Everybody of one process in the order of their arrival: place in the crowd, role and time. Slow and silent ones are
    /// spread evenly among the others.
    pub(crate) fn plan(&self, process: u32) -> Vec<Planned> {
        let roles = [(Role::Listener, self.listeners), (Role::Slow, self.slow), (Role::Silent, self.silent)];
        let places = |(role, count): (Role, u32)| {
            (0..count).map(move |index| ((2 * u64::from(index) + 1) * (1 << 32) / u64::from(count), role))
        };
        let mut all: Vec<(u64, Role)> = roles.into_iter().flat_map(places).collect();
        all.sort_by_key(|(place, _)| *place);
        let total = all.len() as u32;
        let crowd = all.into_iter().zip(0..);
        let mine = crowd.filter(|(_, index)| index % self.processes == process);
        mine.map(|((_, role), index)| Planned { index, role, at_us: self.arrivals.at_us(index, total) })
            .collect()
    }
}

/// A listener that will come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Planned {
    pub(crate) index: u32,
    pub(crate) role: Role,
    pub(crate) at_us: u64,
}

fn range(what: &'static str, value: u64, min: u64, max: u64) -> Result<(), CrowdError> {
    if (min..=max).contains(&value) { Ok(()) } else { Err(CrowdError::Range { what, min, max }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Options {
        Options {
            target: Target::parse("http://127.0.0.1:1/", false).expect("a target"),
            trust: Trust::Nobody,
            listeners: 90,
            slow: 9,
            slow_bytes_per_second: 1_000,
            silent: 3,
            arrivals: Arrivals::Steady { over_us: 1_000_000 },
            seconds: 10,
            bounds: Bounds::default(),
            processes: 4,
        }
    }

    #[test]
    fn processes_share_the_crowd() {
        let options = options();
        let mut all: Vec<Planned> = (0..4).flat_map(|process| options.plan(process)).collect();
        all.sort_by_key(|planned| planned.index);
        assert!(all.iter().zip(0..).all(|(planned, index)| planned.index == index));
        assert!(all.is_sorted_by_key(|planned| planned.at_us));
        let slow: Vec<u32> = all.iter().filter(|p| p.role == Role::Slow).map(|p| p.index).collect();
        assert_eq!((all.len(), slow.len()), (102, 9));
        assert!(slow.windows(2).all(|pair| (8..=14).contains(&(pair[1] - pair[0]))), "{slow:?}");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        options().check().expect("sound options");
        type Spoil = fn(&mut Options);
        let spoils: [Spoil; 5] = [
            |options| (options.listeners, options.slow, options.silent) = (0, 0, 0),
            |options| options.listeners = u32::MAX,
            |options| options.seconds = 0,
            |options| options.processes = 65,
            |options| options.arrivals = Arrivals::Ramp { over_us: 11_000_000 },
        ];
        for spoil in spoils {
            let mut options = options();
            spoil(&mut options);
            let error = options.check().expect_err("a number out of range");
            assert!(matches!(error, CrowdError::Range { .. }) && error.is_usage(), "{error}");
        }
    }
}
