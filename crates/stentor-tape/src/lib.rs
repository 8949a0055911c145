//! The tape: records, checksums, index, cursors, recovery, verification, overlay.
