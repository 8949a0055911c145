//! The tape at its boundaries: one behaviour a module, in a folder that works unless told otherwise.

mod cursor;
mod folder;
mod index;
mod records;
mod recovery;
mod tracks;
mod writer;
