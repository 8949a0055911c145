//! Words for the terminal.

use std::fmt;
use std::io::{self, Write as _};

/// Writes a line to standard output. Whoever reads it may have had enough, as in `stentor show list | head
/// -1`: that is no fault.
pub(crate) fn say(line: fmt::Arguments<'_>) {
    let _ = writeln!(io::stdout(), "{line}");
}
