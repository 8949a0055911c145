use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use stentor_types::ShowId;

use super::super::facts::{Link, Port, PortState};
use super::*;

const NOW: Wall = Wall(1_800_000_000_000);

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn link(door: &'static str) -> Link {
    Link {
        door,
        url: format!("https://{door}.example.org"),
        host: format!("{door}.example.org"),
        allows_microphone: true,
        resolved: Ok(vec![ip("198.51.100.7")]),
    }
}

fn port(door: &'static str, port: u16) -> Port {
    Port { door, address: ([0, 0, 0, 0], port).into(), state: PortState::Free }
}

fn there(valid_until: Wall) -> Certificate {
    Certificate::There {
        file: PathBuf::from("cert.pem"),
        warning: None,
        uncovered: Vec::new(),
        valid_until,
        by_acme: Vec::new(),
    }
}

/// A machine on which nothing would go wrong.
fn well() -> Facts {
    Facts {
        config_odd: Vec::new(),
        ports: vec![port("front", 443), port("stage", 8081), port("desk", 8083), port("media", 8082)],
        descriptors: 20_000,
        backlog: Some(4_096),
        realtime: true,
        offered: vec![ip("198.51.100.7")],
        own: vec![ip("198.51.100.7")],
        links: vec![link("front"), link("stage")],
        certificate: there(NOW.plus(Duration::from_secs(60 * 24 * 3600))),
        shows: Vec::new(),
        data: DataState::Ready("data".into()),
        disk: Disk {
            free_bytes: Ok(100 << 30),
            reserve_bytes: 512 << 20,
            sync: Ok(Duration::from_millis(4)),
        },
        clock: ClockState::Synchronised("systemd-timesyncd".into()),
        now: NOW,
    }
}

/// What is found of `topic` after `change`, and that everything else is still well.
fn of(topic: &str, change: impl FnOnce(&mut Facts)) -> Finding {
    let mut facts = well();
    change(&mut facts);
    let all = findings(&facts);
    let (about, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|finding| finding.topic == topic);
    assert!(others.iter().all(|finding| finding.verdict == Verdict::Ok), "{others:?}");
    about.into_iter().max_by_key(|finding| finding.verdict).expect("every topic has a line")
}

fn expect(topic: &str, verdict: Verdict, said: &str, change: impl FnOnce(&mut Facts)) {
    let finding = of(topic, change);
    let line = finding.to_string();
    assert!(finding.verdict == verdict && line.contains(said) && !line.contains('\n'), "{said:?}: {line}");
}

#[test]
fn a_machine_that_is_well_has_nothing_but_ok() {
    let found = findings(&well());
    assert!(found.iter().all(|finding| finding.verdict == Verdict::Ok && finding.fix.is_none()), "{found:?}");
    let topics =
        ["config", "ports", "limits", "queue", "links", "addresses", "certificate", "data", "disk", "clock"];
    for topic in topics {
        assert!(found.iter().any(|finding| finding.topic == topic), "{topic}");
    }
}

#[test]
fn each_fact_that_is_wrong_is_a_line_with_a_fix() {
    use Verdict::{Fail, Ok as Well, Warn};
    expect("config", Warn, "the catch", |f| f.config_odd = vec!["the catch".into()]);
    expect("limits", Warn, "LimitNOFILE", |f| f.descriptors = 1024);
    expect("queue", Warn, "somaxconn=16384", |f| f.backlog = Some(128));
    expect("mixers", Warn, "LimitRTPRIO", |f| f.realtime = false);
    expect("limits", Well, "100000 listeners", |f| f.descriptors = 1 << 20);
    expect("ports", Fail, "stage cannot listen on 0.0.0.0:8081: the port is in use", |f| {
        f.ports[1].state = PortState::Refused("the port is in use".into());
    });
    expect("ports", Fail, "media cannot listen", |f| f.ports[3].state = PortState::Refused("in use".into()));
    expect("ports", Well, "", |f| {
        f.ports[3].state = PortState::Refused("in use".into());
        f.ports[0].state = PortState::Serving;
    });
    expect("links", Fail, "enter stage.example.org in the DNS", |f| {
        f.links[1].resolved = Err("unknown".into())
    });
    expect("links", Warn, "not to this machine", |f| f.links[0].resolved = Ok(vec![ip("203.0.113.9")]));
    expect("links", Warn, "only this machine reaches", |f| f.links[0].resolved = Ok(vec![ip("127.0.0.1")]));
    expect("links", Fail, "no microphone", |f| f.links[1].allows_microphone = false);
    for private in ["192.168.1.5", "10.0.0.1", "100.64.0.1", "169.254.1.1", "fd00::1", "fe80::1"] {
        expect("addresses", Warn, "media.advertise", |f| f.offered = vec![ip(private)]);
    }
    expect("addresses", Well, "2001:db8::1", |f| f.offered = vec![ip("10.0.0.1"), ip("2001:db8::1")]);
    expect("data", Fail, "written by a newer", |f| f.data = DataState::Unusable("written by a newer".into()));
    expect("data", Warn, "process 12", |f| f.data = DataState::InUse("data".into(), "process 12".into()));
    expect("data", Well, "will be made", |f| f.data = DataState::New("data".into()));
    expect("clock", Warn, "chrony", |f| f.clock = ClockState::Unknown);
    expect("clock", Well, "chronyd", |f| f.clock = ClockState::Kept("chronyd".into()));
}

#[test]
fn a_clock_that_stands_in_the_past_fails() {
    let mut facts = well();
    facts.now = Wall(0);
    let found = findings(&facts);
    assert!(found.iter().any(|finding| finding.topic == "clock" && finding.verdict == Verdict::Fail));
}

#[test]
fn room_is_counted_in_hours_of_show() {
    use Verdict::{Fail, Ok as Well, Warn};
    let hours = |count: u64| (512 << 20) + count * TAPE_BYTES_PER_HOUR;
    let free = |bytes| move |f: &mut Facts| f.disk.free_bytes = Ok(bytes);
    expect("disk", Fail, "= 0 hours", free(0));
    expect("disk", Fail, "= 0 hours", free(hours(1) - 1));
    expect("disk", Warn, "(602 MiB free − 512 MiB in reserve) ÷ 90 MiB an hour = 1 hours", free(hours(1)));
    expect("disk", Warn, "= 11 hours", free(hours(12) - 1));
    let mut facts = well();
    facts.disk.free_bytes = Ok(hours(12));
    assert!(
        findings(&facts).iter().any(|finding| finding.text.contains("= 12 hours") && finding.verdict == Well)
    );
    expect("disk", Warn, "not known", |f| f.disk.free_bytes = Err("no such thing".into()));
    expect("disk", Fail, "nothing can be written", |f| f.disk.sync = Err("read-only".into()));
    expect("disk", Warn, "200 ms", |f| f.disk.sync = Ok(Duration::from_millis(200)));
    expect("disk", Fail, "1000 ms", |f| f.disk.sync = Ok(Duration::from_secs(1)));
}

/// Fault 29: a certificate that expires before the show's end.
#[test]
fn certificates_are_judged_by_the_shows_and_the_links() {
    use Verdict::{Fail, Warn};
    let day = Duration::from_secs(24 * 3600);
    expect("certificate", Fail, "before the end of evening", |f| {
        let show: ShowId = "evening".parse().expect("a name");
        f.shows = vec![(show, Some(NOW.plus(day * 60)))];
    });
    expect("certificate", Fail, "expired on", |f| {
        f.certificate = Certificate::There {
            file: "cert.pem".into(),
            warning: Some("it expired on a day".into()),
            uncovered: Vec::new(),
            valid_until: NOW,
            by_acme: Vec::new(),
        };
    });
    expect("certificate", Fail, "links lead to a.org", |f| {
        let Certificate::There { uncovered, .. } = &mut f.certificate else { unreachable!("there is one") };
        uncovered.push("a.org".into());
    });
    expect("certificate", Warn, "renew it", |f| {
        let Certificate::There { warning, .. } = &mut f.certificate else { unreachable!("there is one") };
        *warning = Some("it expires soon; renew it".into());
    });
    expect("certificate", Fail, "no PEM", |f| f.certificate = Certificate::Unusable("no PEM".into()));
}

#[test]
fn acme_says_which_port_has_to_be_reached() {
    let mut facts = well();
    facts.certificate = Certificate::Awaited(vec!["a.org".into()]);
    let acme = |facts: &Facts| {
        let found = findings(facts).into_iter().find(|finding| finding.topic == "acme");
        found.expect("ACME is on").to_string()
    };
    assert!(acme(&facts).contains("port 443, where the front door listens"));
    facts.ports[0].address.set_port(8080);
    assert!(acme(&facts).contains("port 443, where no door listens → set front.listen to [::]:443"));
    assert!(!findings(&well()).iter().any(|finding| finding.topic == "acme"));
}
