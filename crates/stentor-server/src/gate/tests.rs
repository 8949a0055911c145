use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use stentor_types::Mono;

use super::files::write;
use super::*;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A gate with so many seats, whose journal is kept in this folder.
fn gate(folder: &Path, seats: u32) -> Arc<ShowGate> {
    let gate = Arc::new(ShowGate::new("evening".parse().expect("a name"), Clock::start()));
    gate.find(folder, seats).expect("there is none or a good one");
    keep(&gate, folder);
    gate
}

/// What the keeper does.
fn keep(gate: &ShowGate, folder: &Path) {
    let mut state = gate.lock();
    let State { gate, record, .. } = state.as_mut().expect("it was begun");
    let Some(due) = record.take(gate) else { return };
    let bytes = write(folder, &due).expect("a disk that takes it");
    record.wrote(gate, Some(bytes));
}

fn tick(gate: &ShowGate, at: Mono) {
    gate.lock().as_mut().expect("it was begun").gate.tick(at);
}

fn no_end(_: Pass) {}

fn reason<T>(refused: Result<T, Problem>) -> Reason {
    refused.err().expect("it is refused").reason()
}

#[test]
fn whoever_comes_gets_in_while_there_is_room_and_leaves_it_by_any_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let gate = gate(folder.path(), 2);
    gate.open_doors();
    let [first, _second] = [(); 2].map(|()| gate.admit(None, no_end).expect("there is room"));
    assert_eq!(reason(gate.admit(None, no_end)), Reason::Full);
    assert_eq!(reason(gate.may_enter(None)), Reason::Full);
    drop(first);
    assert!(gate.may_enter(None).is_ok());
    let counts = gate.counts().expect("it is not over");
    assert_eq!((counts.seats, counts.taken, counts.inside, counts.waiting), (2, 1, 1, 0));
}

#[test]
fn a_ticket_is_good_for_one_stream_the_newest() {
    let folder = tempfile::tempdir().expect("a folder");
    let gate = gate(folder.path(), 1);
    let ticket = gate.give(HERE).expect("a ticket");
    assert!(matches!(gate.ask(&ticket), Ok(Asked::Waiting(_))));
    assert_eq!(reason(gate.admit(Some(&ticket), no_end)), Reason::NotYourTurn);
    gate.open_doors();
    tick(&gate, gate.clock.mono());
    assert_eq!(gate.ask(&ticket).expect("it is good"), Asked::Called);
    let ended = Arc::new(AtomicUsize::new(0));
    let count = || {
        let ended = Arc::clone(&ended);
        move |_| {
            ended.fetch_add(1, Relaxed);
        }
    };
    let first = gate.admit(Some(&ticket), count()).expect("it is its turn");
    let second = gate.admit(Some(&ticket), count()).expect("its holder is inside");
    assert_eq!(ended.load(Relaxed), 1, "the first is ended");
    drop(first);
    assert_eq!(gate.counts().expect("it is not over").inside, 1, "the second goes on");
    drop(second);
    assert_eq!(ended.load(Relaxed), 1, "who has left is not ended");
    assert_eq!(gate.counts().expect("it is not over").taken, 1, "the seat is kept for a while");
    assert_eq!(reason(gate.ask("no ticket")), Reason::TicketInvalid);
}

#[test]
fn places_outlast_a_restart_with_a_warning_and_without() {
    for is_stopped in [true, false] {
        let folder = tempfile::tempdir().expect("a folder");
        let before = gate(folder.path(), 1);
        let tickets = [(); 3].map(|()| before.give(HERE).expect("a ticket"));
        before.open_doors();
        tick(&before, before.clock.mono());
        assert!(before.board().is_some_and(|board| board.draw.is_none()), "nobody sees what is not kept");
        keep(&before, folder.path());
        assert!(before.board().is_some_and(|board| board.draw.is_some()));
        let stands = |gate: &ShowGate| {
            tickets.each_ref().map(|ticket| match gate.ask(ticket).expect("it is good") {
                Asked::Called => None,
                Asked::Waiting(standing) => standing.turn,
            })
        };
        let stood = stands(&before);
        assert_eq!(stood.iter().filter(|turn| turn.is_none()).count(), 1, "one is called");
        if is_stopped {
            let State { gate, mut record, .. } = before.lock().take().expect("it was begun");
            write(folder.path(), &record.last(gate, false)).expect("a disk that takes it");
        }
        let after = gate(folder.path(), 1);
        assert_eq!(stands(&after), stood, "stopped: {is_stopped}");
    }
}

#[test]
fn a_journal_that_is_damaged_is_kept_and_there_is_another_gate() {
    let folder = tempfile::tempdir().expect("a folder");
    let ticket = gate(folder.path(), 1).give(HERE).expect("a ticket");
    let journal = folder.path().join("gate.journal");
    std::fs::write(&journal, b"something else").expect("a folder that can be written");
    let gate = Arc::new(ShowGate::new("evening".parse().expect("a name"), Clock::start()));
    let why = gate.find(folder.path(), 1).expect_err("it cannot be read");
    assert!(why.contains("gate.journal.kept-"), "{why}");
    keep(&gate, folder.path());
    assert_eq!(reason(gate.ask(&ticket)), Reason::TicketInvalid);
    assert!(gate.give(HERE).is_ok());
    let kept = std::fs::read_dir(folder.path()).expect("a folder").filter_map(|entry| {
        entry.expect("an entry").file_name().into_string().ok().filter(|name| name.contains(".kept-"))
    });
    assert_eq!(kept.count(), 2);
}

/// What could not be appended is written anew with what came since, and nobody who came is unknown afterwards.
#[test]
fn a_disk_that_refused_once_is_made_up_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let before = gate(folder.path(), 1);
    let first = before.give(HERE).expect("a ticket");
    {
        let mut state = before.lock();
        let State { gate, record, .. } = state.as_mut().expect("it was begun");
        assert!(record.take(gate).is_some());
        record.wrote(gate, None);
    }
    let second = before.give(HERE).expect("a ticket");
    keep(&before, folder.path());
    let after = gate(folder.path(), 1);
    assert!(after.ask(&first).is_ok() && after.ask(&second).is_ok());
}

/// The same when the gate is taken away before anybody learns that the disk refused.
#[test]
fn what_a_disk_refused_while_the_server_stopped_is_made_up_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let before = gate(folder.path(), 1);
    let ticket = before.give(HERE).expect("a ticket");
    let State { gate: mut core, mut record, .. } = before.lock().take().expect("it was begun");
    assert!(record.take(&mut core).is_some(), "this never came to the disk");
    write(folder.path(), &record.last(core, true)).expect("a disk that takes it");
    assert!(gate(folder.path(), 1).ask(&ticket).is_ok());
}
