//! Listeners of endless streams, sound and faulty.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use stentor_crowd::{Arrivals, CrowdError, Group, Target};

use crate::made::{adts, fmp4, ogg};
use crate::server::{Connection, Serve, start};
use crate::{codes, milliseconds, options, report};

fn listen(address: SocketAddr) -> Group {
    report(&options(&format!("http://{address}/live"), false)).listeners
}

#[test]
fn sound_servers_are_found_sound() {
    let servers: [Serve; 3] = [
        |listener| {
            let made = ogg(20, 48);
            listener.begin(&made)?;
            made.groups.iter().try_for_each(|group| listener.chunk(group))?;
            listener.hold()
        },
        |listener| {
            let made = fmp4(20, 48);
            listener.begin(&made)?;
            made.groups.iter().try_for_each(|group| listener.chunk(group))?;
            listener.hold()
        },
        |listener| {
            let made = adts(20, 45);
            listener.say(b"HTTP/1.0 200 OK\r\nContent-Type: audio/aac\r\n\r\n")?;
            listener.say(&made.whole())?;
            listener.hold()
        },
    ];
    for serve in servers {
        let group = listen(start(serve));
        assert_eq!(codes(&group), [""; 0]);
        assert_eq!((group.connected, group.heard, group.stayed), (3, 3, 3));
        assert_eq!((milliseconds(group.media_s), group.holes, group.repeats), (3 * 19_200, 0, 0));
        assert_eq!((group.first_sound_ms.count, group.gap_max_ms.count), (3, 3));
    }
}

#[test]
fn a_stream_that_drips_is_sound() {
    let serve: Serve = |listener| {
        let made = fmp4(2, 4);
        listener.begin(&made)?;
        for byte in made.groups.concat() {
            listener.chunk(&[byte])?;
        }
        listener.hold()
    };
    let group = listen(start(serve));
    assert_eq!(codes(&group), [""; 0]);
    assert_eq!(group.heard, 3);
}

#[test]
fn a_stream_that_keeps_time_is_sound() {
    let serve: Serve = |listener| {
        let made = ogg(60, 2);
        listener.begin(&made)?;
        for group in &made.groups {
            listener.chunk(group)?;
            listener.pause(Duration::from_millis(40))?;
        }
        listener.hold()
    };
    let group = listen(start(serve));
    assert_eq!(codes(&group), [""; 0]);
    assert!(group.gap_max_ms.min > 30.0, "{:?}", group.gap_max_ms);
}

#[test]
fn a_page_that_is_dropped_and_one_that_is_repeated_are_found() {
    let dropped: Serve = |listener| {
        let made = ogg(20, 48);
        listener.begin(&made)?;
        let mut rest = made.groups.iter().enumerate().filter(|(number, _)| *number != 7);
        rest.try_for_each(|(_, group)| listener.chunk(group))?;
        listener.hold()
    };
    let group = listen(start(dropped));
    assert_eq!((codes(&group), group.holes, milliseconds(group.hole_s)), (vec!["hole"], 3, 3 * 960));
    let repeated: Serve = |listener| {
        let made = fmp4(20, 48);
        listener.begin(&made)?;
        made.groups.iter().take(8).try_for_each(|group| listener.chunk(group))?;
        made.groups.iter().skip(7).try_for_each(|group| listener.chunk(group))?;
        listener.hold()
    };
    let group = listen(start(repeated));
    assert_eq!((codes(&group), group.repeats, milliseconds(group.repeat_s)), (vec!["repeat"], 3, 3 * 960));
}

#[test]
fn a_server_that_stalls_is_found() {
    let serve: Serve = |listener| {
        let made = ogg(2, 48);
        listener.begin(&made)?;
        made.groups.iter().try_for_each(|group| listener.chunk(group))?;
        listener.hold()
    };
    let mut options = options(&format!("http://{}/live", start(serve)), false);
    options.bounds.gap_us = 500_000;
    assert_eq!(codes(&report(&options).listeners), ["gap", "stalled"]);
}

/// What a server does, and by which codes it is found.
const FAULTY: [(Serve, &[&str]); 9] = [
    (
        |listener| {
            listener.begin(&ogg(1, 48))?;
            listener.chunk(&ogg(1, 48).groups[0])?;
            listener.say(b"0\r\n\r\n")?;
            listener.close()
        },
        &["ended_early"],
    ),
    (
        |listener| {
            listener.begin(&ogg(1, 48))?;
            listener.say(b"ffff\r\nOggS")?;
            listener.close()
        },
        &["cut_off"],
    ),
    (
        |listener| {
            listener.begin(&ogg(1, 48))?;
            // Long enough for the head to arrive: a reset may overtake what was sent before it.
            listener.pause(Duration::from_millis(100))?;
            listener.reset()
        },
        &["reset"],
    ),
    (
        |listener| {
            listener.say(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n")
        },
        &["status"],
    ),
    (|listener| listener.say(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>"), &["not_sound"]),
    (|listener| listener.say(b"SSH-2.0-OpenSSH_9.2p1\r\n"), &["not_http"]),
    (
        |listener| {
            listener.begin(&ogg(1, 48))?;
            listener.say(b"xyz\r\n")
        },
        &["not_http"],
    ),
    (
        |listener| {
            listener.begin(&ogg(1, 48))?;
            listener.chunk(&[0; 100])
        },
        &["malformed"],
    ),
    (Connection::hold, &["no_sound"]),
];

#[test]
fn each_fault_is_found_by_its_code() {
    for (serve, expected) in FAULTY {
        let group = listen(start(serve));
        assert_eq!(codes(&group), expected);
    }
    let statuses = listen(start(FAULTY[3].0)).statuses;
    assert_eq!(statuses, BTreeMap::from([("503".to_owned(), 3)]));
}

#[test]
fn nobody_there_is_found() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = closed.local_addr().expect("an address");
    drop(closed);
    assert_eq!(codes(&listen(address)), ["not_connected"]);
}

/// Writes a stream as fast as the listener takes it.
fn flood(listener: &mut Connection) -> io::Result<()> {
    let made = adts(1, 45);
    listener.begin(&made)?;
    loop {
        listener.chunk(&made.groups[0])?;
    }
}

#[test]
fn slow_readers_read_slowly_and_silent_ones_nothing() {
    let mut options = options(&format!("http://{}/live", start(flood)), false);
    (options.listeners, options.slow, options.silent) = (1, 2, 2);
    let report = report(&options);
    assert!(report.listeners.body_bytes > 1_000_000, "{}", report.listeners.body_bytes);
    let slow = report.slow.expect("slow readers");
    // A quarter of 4,000 bytes in each quarter of 2 s, by two of them.
    assert!((1..=16_000).contains(&slow.body_bytes), "{}", slow.body_bytes);
    assert_eq!((slow.heard, slow.stayed, slow.faults.len()), (2, 2, 0));
    let silent = report.silent.expect("silent ones");
    assert_eq!((silent.connected, silent.stayed, silent.body_bytes, silent.faults.len()), (2, 2, 0, 0));
    assert!(report.examples.is_empty());
}

#[test]
fn who_comes_after_the_end_does_not_come() {
    let mut options = options(&format!("http://{}/live", start(flood)), false);
    (options.listeners, options.arrivals) = (10, Arrivals::Steady { over_us: 2_000_000 });
    (options.processes, options.slow) = (2, 0);
    let report = report(&options);
    // This process has five of the ten.
    assert_eq!(report.listeners.came + report.not_come, 5);
}

#[test]
fn other_machines_are_not_asked() {
    assert!(matches!(Target::parse("http://192.0.2.1/live", false), Err(CrowdError::NotLoopback { .. })));
}
