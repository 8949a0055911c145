//! A certificate that is asked of an authority by ACME (RFC 8555), and renewed.
//!
//! The authority verifies a name by TLS-ALPN-01 (RFC 8737): it connects to port 443 of the name, which has to
//! reach one of the doors. So nothing but the doors has to be open.
//!
//! - this file: when to ask, and when to ask again.
//! - [`order`]: one order, from the account to the chain.
//! - [`http`]: the way to the authority.
//! - [`store`]: the account and the certificate in the data folder.

mod http;
mod order;
mod store;

use std::sync::Arc;
use std::time::Duration;

use stentor_types::Wall;

pub use self::order::OrderError;
pub use self::store::AcmeStore;
use super::certificates::Certificates;
use super::pair::{Pair, day};
use crate::config::Acme;
use crate::notice::Notice;

/// How long is waited after failures in a row, the last one for all that follow. In the first hour these are four
/// tries: Let's Encrypt locks a name out for an hour at five.
const RETRY_AFTER: [Duration; 4] = [
    Duration::from_secs(60),
    Duration::from_secs(5 * 60),
    Duration::from_secs(15 * 60),
    Duration::from_secs(60 * 60),
];

/// The longest sleep between two looks at the wall clock, which may be set meanwhile.
const LOOK_EVERY: Duration = Duration::from_secs(60 * 60);

/// Asks for a certificate whenever there is none or a third of its time is left, for as long as the server runs.
/// `tell` hears what happens; after a new certificate is shown, the notice that says so.
pub async fn keep_certified(
    acme: Acme,
    store: AcmeStore,
    certificates: Arc<Certificates>,
    wall: impl Fn() -> Wall + Send,
    tell: impl Fn(Notice) + Send,
) {
    let mut failures = 0;
    loop {
        let rest = certificates.shown().map_or(Duration::ZERO, |pair| renewal_in(&pair, &acme.names, wall()));
        if !rest.is_zero() {
            tokio::time::sleep(rest.min(LOOK_EVERY)).await;
            continue;
        }
        let names = acme.names.join(", ");
        tell(Notice::CertificateAsked { names: names.clone(), directory: acme.directory.to_string() });
        let asked = order::order(&acme, &store, &certificates).await;
        certificates.end_challenges();
        let error = match asked {
            Ok(pair) => {
                let until = day(pair.valid_until).to_string();
                let useless = why_due_again(&pair, &acme.names, wall());
                certificates.show(pair);
                tell(Notice::CertificateGranted { names: names.clone(), until });
                useless
            }
            Err(error) => Some(error.to_string()),
        };
        let Some(error) = error else {
            failures = 0;
            continue;
        };
        let retry = retry_after(failures);
        failures += 1;
        let retry_min = retry.as_secs() / 60;
        tell(Notice::CertificateDelayed { names, error, retry_min });
        tokio::time::sleep(retry).await;
    }
}

/// Why a certificate that was just granted would have to be asked for again at once, if it would: no authority is asked
/// in a circle.
fn why_due_again(pair: &Pair, names: &[String], now: Wall) -> Option<String> {
    if let Some(missing) = names.iter().find(|name| !pair.covers(name)) {
        return Some(format!(
            "the one that was granted is not for {missing}; is the name as the authority spells it?"
        ));
    }
    renewal_in(pair, names, now).is_zero().then(|| {
        format!(
            "the one that was granted is valid from {} to {}, and by this machine's clock it is {}; set the clock",
            day(pair.valid_from),
            day(pair.valid_until),
            day(now)
        )
    })
}

fn retry_after(failures: usize) -> Duration {
    RETRY_AFTER.get(failures).copied().unwrap_or(RETRY_AFTER[RETRY_AFTER.len() - 1])
}

/// How long until a new certificate is due: when a third of the old one's time is left, or at once if it is not for
/// all names.
fn renewal_in(pair: &Pair, names: &[String], now: Wall) -> Duration {
    if !names.iter().all(|name| pair.covers(name)) {
        return Duration::ZERO;
    }
    let lifetime = pair.valid_until.saturating_since(pair.valid_from);
    pair.valid_until.minus(lifetime / 3).saturating_since(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cert;
    use crate::tls::load;

    #[test]
    fn a_certificate_is_renewed_when_a_third_is_left_or_a_name_is_missing() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let made_at = Wall(1_790_000_000_000);
        let made = cert::make(&["a.test".into()], dir.path(), made_at).expect("a certificate");
        let pair = load(&made.cert, &made.key).expect("it was just made");
        let names = ["a.test".to_owned()];
        let due = renewal_in(&pair, &names, pair.valid_from);
        let lifetime = pair.valid_until.saturating_since(pair.valid_from);
        assert_eq!(due.as_secs(), (lifetime * 2 / 3).as_secs());
        assert_eq!(renewal_in(&pair, &names, pair.valid_from.plus(due)), Duration::ZERO);
        let more = ["a.test".to_owned(), "b.test".to_owned()];
        assert_eq!(renewal_in(&pair, &more, pair.valid_from), Duration::ZERO);
    }

    #[test]
    fn a_certificate_that_is_due_when_it_is_granted_is_a_failure_with_its_reason() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let made_at = Wall(1_790_000_000_000);
        let made = cert::make(&["a.test".into()], dir.path(), made_at).expect("a certificate");
        let pair = load(&made.cert, &made.key).expect("it was just made");
        let names = ["a.test".to_owned()];
        assert_eq!(why_due_again(&pair, &names, pair.valid_from), None);
        let ahead = why_due_again(&pair, &names, pair.valid_until).expect("it is due");
        assert!(ahead.contains("set the clock"), "{ahead}");
        let more = ["a.test".to_owned(), "b.test".to_owned()];
        let missing = why_due_again(&pair, &more, pair.valid_from).expect("it is due");
        assert!(missing.contains("is not for b.test"), "{missing}");
    }

    #[test]
    fn failures_stay_below_what_locks_a_name_out() {
        let mut at = Duration::ZERO;
        let mut in_first_hour = 0;
        for failures in 0.. {
            in_first_hour += 1;
            at += retry_after(failures);
            if at >= Duration::from_secs(3600) {
                break;
            }
        }
        assert!(in_first_hour < 5, "{in_first_hour} tries in the first hour");
        assert_eq!(retry_after(1000), Duration::from_secs(3600));
    }
}
