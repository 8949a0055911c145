//! The shell: doors, media socket, mixer threads, tape threads, data folder, notices, metrics.
//!
//! A [`Server`] is opened from a configuration and run until it is told to stop. Its threads:
//!
//! | thread | waits for | hands on to |
//! |---|---|---|
//! | `media` | packets of speakers ([`media`]) | mixers, the node |
//! | `mix …`, one a running show | its next 20 ms ([`mixer_thread`]) | readers, `tape …`, `media`, `news` |
//! | `tape …`, one a show | chunks and documents ([`tape::thread`]) | the disk, the node |
//! | `news` | what mixers tell the node ([`shell`]) | the node |
//! | `front …`, one a processor | listeners' sockets, and the tape's bell ([`front`]) | sockets, the runtime's |
//! | the runtime's | other requests at the three doors | the node, the tape's readers |
//!
//! The node itself ([`stentor_node::Node`]) has no thread: it is asked under one lock, by [`shell::Shell::ask`],
//! which performs at once what it decided.

pub mod bell;
pub mod cert;
pub mod check;
pub mod clock;
pub mod config;
pub mod data_folder;
mod descriptors;
pub mod desk;
pub mod door;
mod entropy;
mod essential;
pub mod front;
mod gate;
mod gzip;
pub mod media;
pub mod memory;
pub mod metrics;
pub mod mixer_thread;
pub mod notice;
pub mod pages;
pub mod problem;
mod reload;
mod server;
pub mod shell;
mod sound_file;
pub mod stage_door;
pub mod tape;
pub mod tls;

/// Random bytes for [`stentor_node::Node`]'s arguments.
pub fn entropy() -> [u8; 32] {
    entropy::bytes()
}

pub use reload::Reloader;
pub use server::{Addresses, Server, StartError};
