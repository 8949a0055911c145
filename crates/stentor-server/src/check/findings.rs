//! What the facts mean for tonight.

use std::fmt;

use serde::Serialize;
use stentor_types::Wall;

use super::facts::{Certificate, ClockState, DataState, Disk, Facts};
use super::reach;
use crate::door::front_connections_max;
use crate::tls::{expiry, pair};
use crate::{descriptors, door};

/// A tape on disk: opus 64 + 32 + 16 and AAC 64 + 32 kbps are 208 kbps, 93.6 MB an hour, and records add 1.5 %.
const TAPE_BYTES_PER_HOUR: u64 = 95_000_000;

/// Hours of one show below which an operator is warned: an evening, the rehearsal before it, and as much again.
const HOURS_WARN: u64 = 12;

/// A disk that takes longer than this falls behind a tape that is made safe every second.
const SYNC_MS_MAX: u128 = 1_000;

/// A disk that takes longer than this is worth a look: others take some milliseconds.
const SYNC_MS_WARN: u128 = 200;

/// What kernels since 5.4 allow by themselves.
const BACKLOG_WARN: u32 = 4_096;

/// Every clock that is right is past this: 2026-11-01, when this program was young.
const CLOCK_MIN: Wall = Wall(1_793_491_200_000);

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and may not be what is wanted.
    Warn,
    /// It will not work.
    Fail,
}

/// One line of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about.
    pub topic: &'static str,
    /// How grave it is.
    pub verdict: Verdict,
    /// What was found.
    pub text: String,
    /// What to do about it.
    pub fix: Option<String>,
}

impl Finding {
    /// All is well.
    pub(super) fn ok(topic: &'static str, text: impl Into<String>) -> Self {
        Self { topic, verdict: Verdict::Ok, text: text.into(), fix: None }
    }

    /// There is a catch.
    pub(super) fn warn(topic: &'static str, text: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { topic, verdict: Verdict::Warn, text: text.into(), fix: Some(fix.into()) }
    }

    /// It will not work; a sentence that has its fix in it needs no other.
    pub(super) fn fail(topic: &'static str, text: impl Into<String>, fix: Option<String>) -> Self {
        Self { topic, verdict: Verdict::Fail, text: text.into(), fix }
    }

    /// The configuration itself cannot be used, so nothing else was looked at.
    pub fn of_config(error: &crate::config::ConfigError) -> Self {
        Self::fail("config", error.to_string(), None)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Ok => "ok",
            Verdict::Warn => "warn",
            Verdict::Fail => "fail",
        };
        write!(f, "{verdict:<5} {:<12} {}", self.topic, self.text)?;
        match &self.fix {
            Some(fix) => write!(f, " → {fix}"),
            None => Ok(()),
        }
    }
}

/// What the facts mean, in the order in which a person would look.
pub fn findings(facts: &Facts) -> Vec<Finding> {
    let mut found = config(facts);
    found.extend(reach::ports(facts));
    found.push(descriptors(facts.descriptors));
    found.extend(facts.backlog.map(backlog));
    found.push(realtime(facts.realtime));
    found.extend(reach::addresses(facts));
    found.extend(certificate(facts));
    found.push(data(&facts.data));
    found.extend(disk(&facts.disk));
    found.push(clock(facts));
    found
}

fn config(facts: &Facts) -> Vec<Finding> {
    if facts.config_odd.is_empty() {
        return vec![Finding::ok("config", "every option can be used")];
    }
    let odd =
        |text: &String| Finding { topic: "config", verdict: Verdict::Warn, text: text.clone(), fix: None };
    facts.config_odd.iter().map(odd).collect()
}

fn descriptors(limit: u64) -> Finding {
    let listeners = front_connections_max(limit);
    let text = format!(
        "{limit} files and connections are allowed: {listeners} listeners at once, the rest for {} on the stage, {} at the \
         desk, speakers and tapes",
        door::STAGE_CONNECTIONS_MAX,
        door::DESK_CONNECTIONS_MAX
    );
    if limit < descriptors::ENOUGH {
        let fix = format!(
            "raise the hard limit to {} or more (LimitNOFILE= of systemd, ulimit -Hn)",
            descriptors::ENOUGH
        );
        return Finding::warn("limits", text, fix);
    }
    Finding::ok("limits", text)
}

/// Whoever finds no place in the queue asks again after a second, and then after three.
fn backlog(max: u32) -> Finding {
    let text = format!(
        "{max} who come at one moment wait at the door until they are let in, others ask again after a second"
    );
    if max < BACKLOG_WARN {
        let fix = format!("sysctl -w net.core.somaxconn={}", door::BACKLOG);
        return Finding::warn("queue", text, fix);
    }
    Finding::ok("queue", text)
}

fn realtime(allowed: bool) -> Finding {
    if allowed {
        return Finding::ok("mixers", "they run in real time, whatever else this machine does");
    }
    Finding::warn(
        "mixers",
        "they share the processors with whatever else runs here, and stand still beside it if it is much",
        "allow real time (LimitRTPRIO=5 or AmbientCapabilities=CAP_SYS_NICE of systemd, ulimit -r 5), or let nothing else run here",
    )
}

fn certificate(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    let by_acme = match &facts.certificate {
        Certificate::None => {
            found.push(Finding::ok("certificate", "none: the doors speak plain HTTP"));
            &[][..]
        }
        Certificate::Unusable(sentence) => {
            found.push(Finding::fail("certificate", sentence.clone(), None));
            &[][..]
        }
        Certificate::Awaited(names) => {
            let text =
                format!("there is none yet for {}: it is asked for when the server starts", names.join(", "));
            found.push(Finding::warn(
                "certificate",
                text,
                "start the server a day before the show, and look again",
            ));
            names
        }
        Certificate::There { file, warning, uncovered, valid_until, by_acme } => {
            if let Some(sentence) = warning {
                let expired = *valid_until <= facts.now;
                let verdict = if expired { Verdict::Fail } else { Verdict::Warn };
                found.push(Finding { topic: "certificate", verdict, text: sentence.clone(), fix: None });
            }
            for name in uncovered {
                let text = format!("links lead to {name}, for which {} is not", file.display());
                let fix =
                    "browsers refuse that: get a certificate for this name, or set front.url and stage.url";
                found.push(Finding::fail("certificate", text, Some(fix.to_owned())));
            }
            for show in expiry::outlasting(*valid_until, facts.now, facts.shows.iter().cloned()) {
                let text = format!(
                    "it expires on {}, before the end of {show} can be expected",
                    pair::day(*valid_until)
                );
                found.push(Finding::fail(
                    "certificate",
                    text,
                    Some("renew it before the doors open".to_owned()),
                ));
            }
            if found.is_empty() {
                let text = format!("{} is valid until {}", file.display(), pair::day(*valid_until));
                found.push(Finding::ok("certificate", text));
            }
            by_acme
        }
    };
    found.extend(reach::acme(facts, by_acme));
    found
}

fn data(state: &DataState) -> Finding {
    match state {
        DataState::New(dir) => {
            Finding::ok("data", format!("{} does not exist yet and will be made", dir.display()))
        }
        DataState::Ready(dir) => Finding::ok("data", format!("{} can be opened", dir.display())),
        DataState::InUse(dir, holder) => {
            let text = format!("{} is used by {holder}", dir.display());
            Finding::warn(
                "data",
                text,
                "that is right if it is your running server; a second one cannot have it",
            )
        }
        DataState::Unusable(sentence) => Finding::fail("data", sentence.clone(), None),
    }
}

fn disk(disk: &Disk) -> Vec<Finding> {
    let mib = |bytes: u64| bytes / (1024 * 1024);
    let room = match &disk.free_bytes {
        Err(error) => {
            Finding::warn("disk", format!("how much is free is not known: {error}"), "look with df")
        }
        Ok(free_bytes) => {
            let hours = free_bytes.saturating_sub(disk.reserve_bytes) / TAPE_BYTES_PER_HOUR;
            let text = format!(
                "({} MiB free − {} MiB in reserve) ÷ {} MiB an hour = {hours} hours of one show on tape",
                mib(*free_bytes),
                mib(disk.reserve_bytes),
                mib(TAPE_BYTES_PER_HOUR)
            );
            let fix = "make room, or set data.dir to another disk";
            match hours {
                0 => Finding::fail("disk", text, Some(fix.to_owned())),
                1..HOURS_WARN => Finding::warn("disk", text, fix),
                _ => Finding::ok("disk", text),
            }
        }
    };
    let speed = match disk.sync.as_ref().map(std::time::Duration::as_millis) {
        Err(error) => Finding::fail(
            "disk",
            format!("nothing can be written: {error}"),
            Some("give the server's user the right to write there".to_owned()),
        ),
        Ok(ms) => {
            let text = format!("the slowest of a few writes was safe after {ms} ms");
            let fix = "shows stay on air, and recordings may have holes: take a faster disk";
            match ms {
                SYNC_MS_MAX.. => Finding::fail("disk", text, Some(fix.to_owned())),
                SYNC_MS_WARN.. => Finding::warn("disk", text, fix),
                _ => Finding::ok("disk", text),
            }
        }
    };
    vec![room, speed]
}

fn clock(facts: &Facts) -> Finding {
    if facts.now < CLOCK_MIN {
        let text = format!("it says {}, which is past", pair::day(facts.now));
        return Finding::fail(
            "clock",
            text,
            Some("set it; certificates and announced starts depend on it".to_owned()),
        );
    }
    match &facts.clock {
        ClockState::Synchronised(who) => {
            Finding::ok("clock", format!("{who} has set it by the time of others"))
        }
        ClockState::Kept(who) => Finding::ok("clock", format!("{who} keeps it; how well is not known here")),
        ClockState::Unknown => {
            let fix =
                "fine where a host does it for this machine; otherwise install chrony or systemd-timesyncd";
            Finding::warn("clock", "no program was found that sets it by the time of others", fix)
        }
    }
}

#[cfg(test)]
mod tests;
