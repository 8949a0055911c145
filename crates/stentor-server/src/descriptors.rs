//! How many files and connections the process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Below this many an operator is told: a thousand listeners, the other doors, the files.
pub(crate) const ENOUGH: u64 = 4_096;

/// Lets the process have as many as it may, and says how many: shells and supervisors hand out 1,024 although the
/// hard limit is far higher, and every listener is one.
pub(crate) fn raise() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let granted = if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current };
    granted.unwrap_or(u64::MAX)
}
