//! Fault 69: a flood of log lines is sampled and blocks nobody, even when nobody reads the log.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use stentor_server::notice::{Format, Level, Notices};
use tokio::task::JoinSet;

use crate::house::{House, config};
use crate::http::Request;

/// Refusals: far more than the lines of one kind that are written, and enough that a door which waits for its log
/// would stand still.
const FLOOD: usize = 1_500;

/// Strangers at once.
const STRANGERS: usize = 30;

/// A log that never takes its first line, such as a pipe to a program that hangs.
struct Stuck(Receiver<()>);

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.recv();
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn doors_answer_and_the_server_stops_while_its_log_stands_still() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let (held, stuck) = channel();
    let notices = Notices::start(Level::Debug, Format::Text, Stuck(stuck));
    let house = House::start_with_log(config(data.path()), Arc::clone(&notices));
    house.on_air("evening").await;
    let before = notices.count("request_refused");
    let mut strangers = JoinSet::new();
    for _ in 0..STRANGERS {
        let front = house.at.front;
        strangers.spawn(async move {
            for _ in 0..FLOOD / STRANGERS {
                let answer = Request::new("GET", "/nobody/status").send(front).await;
                answer.refused(404, "unknown_show");
            }
        });
    }
    while let Some(stranger) = strangers.join_next().await {
        stranger.expect("every request is answered");
    }
    assert_eq!(notices.count("request_refused") - before, FLOOD as u64, "each is counted");
    let slot = house.status_when("evening", "there is sound", |_| true).await["slot"].as_u64();
    house.status_when("evening", "the show goes on", |status| status["slot"].as_u64() > slot).await;
    house.stop().await;
    drop(held);
}
