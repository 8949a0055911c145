//! Writes the inputs of the corpora that only the program itself can write: records, tapes, documents and
//! keys. Run it when their formats change: `cargo run -p stentor-fuzz-targets --example seeds`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use stentor_counts::Log;
use stentor_fuzz_targets::fixed;
use stentor_gate::line::Lane;
use stentor_gate::{Claimed, NoTicket, recover};
use stentor_stage::{By, Stage, StageCommand};
use stentor_tape::record::{self, HEADER_BYTES, TapeId};
use stentor_tape::{HoleCause, Op, Output, Overlay, Record, Segment, Writer};
use stentor_types::{
    Chunk, Epoch, Frames, Mark, MarkBody, MediaTime, Mono, Position, Rendition, RenditionMap, Slot,
};

fn main() -> io::Result<()> {
    for (name, record) in records() {
        let bytes = record::encode(&record, &TapeId::of(&fixed::head()), fixed::PLACE);
        write("record", name, &bytes)?;
        // The kind and the content.
        let payload = [&bytes[5..6], &bytes[HEADER_BYTES..]].concat();
        write("payload", name, &payload)?;
    }
    let tape = tape();
    write("recovery", "tape", &tape)?;
    let mut flipped = tape.clone();
    flipped[tape.len() / 2] ^= 4;
    write("recovery", "flipped-bit", &flipped)?;
    write("recovery", "torn-tail", &tape[..tape.len() - 7])?;
    write("recovery", "zeros-in-the-middle", &[&tape[..700], &[0; 64], &tape[764..]].concat())?;
    write("recovery", "not-a-tape", b"moov")?;
    for lane in Lane::ALL {
        let ticket = fixed::gate_begun().0.arrive(fixed::NOW.mono, lane).map_err(io::Error::other)?;
        write("ticket", &format!("{lane:?}").to_lowercase(), ticket.as_bytes())?;
    }
    let journal = journal().map_err(io::Error::other)?;
    write("journal", "evening", &journal)?;
    write("journal", "torn-tail", &journal[..journal.len() - 3])?;
    write("journal", "stopped-twice", &[13, 13])?;
    let mut log = Log::default();
    let mut lines = String::new();
    for event in ["on_air", "counts", "ended"] {
        lines += &log.add(fixed::NOW.wall, &event).map_err(io::Error::other)?;
    }
    write("counts", "three-lines", lines.as_bytes())?;
    write("counts", "changed", lines.replace("counts", "comets").as_bytes())?;
    write("overlay", "from-marks", &overlay().to_json())?;
    let mut stage =
        Stage::create(fixed::NOW, fixed::key(), fixed::spec(), [1; 32]).map_err(io::Error::other)?;
    write("show_doc", "created", &stage.doc().to_json())?;
    let host =
        stage.link_key(stage.links()[0].id).map_err(|reason| io::Error::other(format!("{reason:?}")))?;
    write("token", "host-link", host.as_bytes())?;
    let (desk, _) = fixed::key().desk_token(fixed::NOW.wall, fixed::OPERATOR_KEY, 1);
    write("token", "desk", desk.as_bytes())?;
    for (name, command) in [("on-air", StageCommand::Live {}), ("ending", StageCommand::End {})] {
        stage
            .command(fixed::NOW, By::Operator, command, [2; 32])
            .map_err(|r| io::Error::other(format!("{r:?}")))?;
        write("show_doc", name, &stage.doc().to_json())?;
    }
    Ok(())
}

/// Two come before the doors, one after them, and one of them comes in and leaves: a batch's payload.
fn journal() -> Result<Vec<u8>, NoTicket> {
    let ((mut gate, _), now) = (fixed::gate_begun(), fixed::NOW.mono);
    let ticket = gate.arrive(now, Lane::Ordinary)?;
    gate.arrive(now, Lane::Behind)?;
    gate.open_doors(b"round");
    gate.arrive(now, Lane::Ordinary)?;
    gate.tick(now);
    if let Ok(Claimed::In(pass)) = gate.claim(now, fixed::NOW.wall, &ticket) {
        gate.gone(now, pass);
    }
    Ok(gate.take_journal()[recover::HEAD_BYTES..].to_vec())
}

fn write(target: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus").join(target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(name), bytes)
}

fn records() -> Vec<(&'static str, Record)> {
    let marks = vec![
        Mark { at: MediaTime(15_360), body: MarkBody::OnAir },
        Mark {
            at: MediaTime(15_361),
            body: MarkBody::Speaking { names: vec!["Ada".parse().expect("a name")] },
        },
    ];
    let mut chunk = (*chunk(3)).clone();
    chunk.marks.clone_from(&marks);
    vec![
        ("head", Record::Head { head: fixed::head(), after: Some(Segment(4)) }),
        ("epoch", Record::Epoch { epoch: Epoch(2), first: Slot(40), wall: fixed::NOW.wall }),
        ("chunk", Record::Chunk(Arc::new(chunk))),
        ("hole", Record::Hole { first: Slot(30), end: Slot(40), cause: HoleCause::Restart }),
        ("marks", Record::Marks(marks)),
        ("closed", Record::Closed { end: Slot(50) }),
    ]
}

fn chunk(slot: u64) -> Arc<Chunk> {
    let mut frames = RenditionMap::default();
    frames.insert(Rendition::Opus32, Frames::from_slices([&[slot as u8; 5][..]; 16]));
    frames.insert(Rendition::Aac64, Frames::from_slices([&[slot as u8; 4][..]; 15]));
    Arc::new(Chunk { position: Position { epoch: Epoch(1), slot: Slot(slot) }, frames, marks: Vec::new() })
}

/// A segment file with a head, an epoch, eight chunks and the end.
fn tape() -> Vec<u8> {
    let mut writer = Writer::create(fixed::head(), Segment::FIRST);
    writer.open_epoch(Mono(0), Epoch(1), Slot(0), fixed::NOW.wall);
    let mut file = Vec::new();
    for slot in 0..8 {
        let now = Mono((slot + 1) * 320_000);
        writer.push_chunk(now, chunk(slot));
        writer.tick(now);
        while let Some(output) = writer.poll_output() {
            if let Output::Do(op) = output {
                if let Op::Append { bytes, .. } = &op {
                    file.extend_from_slice(bytes);
                }
                writer.done(now);
            }
        }
    }
    file
}

fn overlay() -> Overlay {
    let mark = |at, body| Mark { at: MediaTime(at), body };
    let title = "An evening".parse().expect("a title");
    let marks =
        [mark(0, MarkBody::Title { title }), mark(15_000, MarkBody::OnAir), mark(900_000, MarkBody::End)];
    Overlay::from_marks(&marks).expect("it was on air")
}
