//! Files of the data folder, whatever a disk or a hand made of them.

use bytes::Bytes;
use stentor_tape::record::{self, HEADER_BYTES, RECORD_BYTES_MAX, TapeId};
use stentor_tape::{Index, Location, Overlay, Record, RecordError, Recovery, Report, Segment, Writer};
use stentor_types::{MediaTime, Slot};

use crate::fixed::{PLACE, head};

/// A record lies inside the bytes that were given, and one that is cut short says how long it may be.
pub fn record(bytes: &[u8]) -> bool {
    let bytes = Bytes::copy_from_slice(bytes);
    let tape = TapeId::of(&head());
    let (with, without) = (record::decode(&bytes, Some(&tape), PLACE), record::decode(&bytes, None, PLACE));
    match &with {
        Ok(framed) => assert!((HEADER_BYTES..=bytes.len()).contains(&framed.len_bytes)),
        Err(RecordError::Short { len_bytes }) => {
            assert!((bytes.len() + 1..=RECORD_BYTES_MAX).contains(len_bytes));
        }
        Err(_) => {}
    }
    if let Ok(framed) = &without {
        assert!(matches!(framed.record, Record::Head { .. }), "only a head says to which tape it belongs");
    }
    with.is_ok()
}

/// Behind the checksums: a content that is taken can be written, read again and put into an index. The
/// first byte is the record's kind.
pub fn payload(bytes: &[u8]) -> bool {
    let Some((&kind, payload)) = bytes.split_first() else { return false };
    if payload.len() > RECORD_BYTES_MAX - HEADER_BYTES {
        return false;
    }
    let Some(record) = record::decode_payload(kind, Bytes::copy_from_slice(payload)) else { return false };
    if matches!(record, Record::Unknown { .. }) {
        return false;
    }
    let tape = match &record {
        Record::Head { head, .. } => TapeId::of(head),
        _ => TapeId::of(&head()),
    };
    let written = record::encode(&record, &tape, PLACE);
    let read = record::decode(&written, Some(&tape), PLACE).expect("what we write we can read");
    assert_eq!(read.record, record);
    let mut index = Index::new(head());
    index.add(&record, Location { segment: Segment::FIRST, offset: 0, len_bytes: 1 });
    index.holes();
    true
}

/// A file is a tape or none; a tape can be verified, and a writer can go on behind it.
pub fn recovery(bytes: &[u8]) -> bool {
    let file = Bytes::copy_from_slice(bytes);
    let mut recovery = Recovery::new([(Segment::FIRST, file.len() as u64)]);
    while let Some(read) = recovery.poll_read() {
        let (from, to) = (read.offset as usize, (read.offset + read.len_bytes) as usize);
        recovery.took(file.slice(from..to));
    }
    let Ok(recovered) = recovery.finish() else { return false };
    assert!(recovered.truncate.is_none_or(|(_, len_bytes)| len_bytes < file.len() as u64));
    let report = Report::new(&recovered);
    assert!(!report.to_string().is_empty());
    let next = recovered.next(recovered.index.head().anchor);
    assert!(next.first >= recovered.index.end());
    if recovered.index.closed().is_none() {
        assert!(Writer::resume(&recovered).is_ok());
    }
    true
}

/// A document that is taken comes back as it was, and what it keeps is in order.
pub fn overlay(bytes: &[u8]) -> bool {
    let Ok(overlay) = Overlay::parse(bytes) else { return false };
    let again = Overlay::parse(&overlay.to_json()).expect("what we write we can read");
    assert_eq!(again, overlay);
    let tape_end = Slot(10_000);
    let kept = overlay.kept(tape_end.start());
    assert!(kept.iter().flat_map(|part| [part.start, part.end]).collect::<Vec<MediaTime>>().is_sorted());
    overlay.slots(tape_end);
    true
}
