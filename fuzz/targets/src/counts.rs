//! The log of counts.

use stentor_counts::Log;
use stentor_types::Wall;

/// What is a log goes on as one.
pub fn counts(bytes: &[u8]) -> bool {
    let Ok((mut log, read_bytes)) = Log::read(bytes) else { return false };
    let line = log.add(Wall(0), &"more").expect("it is short");
    let whole = [&bytes[..read_bytes], line.as_bytes()].concat();
    assert_eq!(Log::verify(&whole), Ok(log.head()));
    read_bytes > 0
}
