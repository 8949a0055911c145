//! Shows that outlast the certificate.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use stentor_stage::Phase;
use stentor_types::{ShowId, Wall};

use super::certificates::Certificates;
use super::pair::day;
use crate::notice::Notice;
use crate::shell::Shell;

/// A show is expected to be over this long after its start, or from now if it has begun: three hours of talk that
/// begin an hour late, and as much again.
pub const SHOW_LASTS: Duration = Duration::from_secs(8 * 60 * 60);

/// The shows whose end can be expected after the certificate has expired. `shows` are those that have not ended,
/// with the start that was announced.
pub fn outlasting(
    valid_until: Wall,
    now: Wall,
    shows: impl IntoIterator<Item = (ShowId, Option<Wall>)>,
) -> Vec<ShowId> {
    let ends_later = |starts_at: Option<Wall>| {
        let start = starts_at.unwrap_or(now).max(now);
        start.plus(SHOW_LASTS) > valid_until
    };
    shows.into_iter().filter(|(_, starts_at)| ends_later(*starts_at)).map(|(show, _)| show).collect()
}

/// Tells of the certificate that the doors show now: its expiry as a metric, and each show that outlasts it.
pub(crate) fn tell(shell: &Shell, certificates: &Arc<Certificates>) {
    let Some(pair) = certificates.shown() else { return };
    let valid_until_s = u64::try_from(pair.valid_until.0 / 1000).unwrap_or(0);
    shell.metrics().certificate_valid_until_s.store(valid_until_s, Relaxed);
    for show in outlasting_now(shell) {
        tell_of(shell, show);
    }
}

/// Tells of one show, if it outlasts the certificate.
pub(crate) fn tell_if_outlasting(shell: &Shell, show: &ShowId) {
    if outlasting_now(shell).contains(show) {
        tell_of(shell, show.clone());
    }
}

/// The shows that outlast the certificate which the doors show now.
pub(crate) fn outlasting_now(shell: &Shell) -> Vec<ShowId> {
    let Some(valid_until) = valid_until(shell) else { return Vec::new() };
    shell.look(|node, now| {
        let coming = node.shows().filter(|show| show.stage().phase() != Phase::Ended);
        let shows = coming.map(|show| (show.stage().spec().id.clone(), show.stage().spec().starts_at));
        outlasting(valid_until, now.wall, shows)
    })
}

fn valid_until(shell: &Shell) -> Option<Wall> {
    match shell.metrics().certificate_valid_until_s.load(Relaxed) {
        0 => None,
        valid_until_s => Some(Wall(0).plus(Duration::from_secs(valid_until_s))),
    }
}

fn tell_of(shell: &Shell, show: ShowId) {
    shell.note(notice(shell, show));
}

/// That a show outlasts the certificate.
pub(crate) fn notice(shell: &Shell, show: ShowId) -> Notice {
    let until = valid_until(shell).map_or_else(String::new, |at| day(at).to_string());
    Notice::CertificateTooShort { show, until }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fault 29: a certificate that expires before the show's end.
    #[test]
    fn a_show_that_ends_after_the_certificate_is_named() {
        let hour = Duration::from_secs(3600);
        let now = Wall(1_790_000_000_000);
        let show = |name: &str| name.parse::<ShowId>().expect("a name");
        let shows = || {
            [
                (show("slipped"), Some(now.minus(hour * 24))),
                (show("running"), None),
                (show("tonight"), Some(now.plus(hour * 2))),
                (show("next-week"), Some(now.plus(hour * 24 * 7))),
            ]
        };
        let named = |valid_until: Wall| {
            outlasting(valid_until, now, shows()).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(named(now.plus(hour * 24 * 30)), [""; 0]);
        assert_eq!(named(now.plus(hour * 24 * 7)), ["next-week"]);
        assert_eq!(named(now.plus(hour * 9)), ["tonight", "next-week"]);
        assert_eq!(named(now.plus(SHOW_LASTS)), ["tonight", "next-week"], "to the very end");
        assert_eq!(named(now).len(), 4);
    }
}
