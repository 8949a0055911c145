//! Callers that a trusted proxy calls for. Its announcement stands before TLS, so not a byte more than it is read.

use std::io::{self, Read as _};

use stentor_types::Reason;

use super::Shard;
use super::table::Key;
use super::talk::{Next, State};
use crate::front::announcement::{Announcement, BYTES_MAX};
use crate::notice::Notice;

impl Shard {
    /// Reads for whom a proxy calls, and goes on with what comes behind. Whoever says something else is let go: a receiver that
    /// guessed would believe whoever can reach the proxy.
    pub(super) fn read_announcement(&mut self, key: Key) -> Next {
        loop {
            let Some(connection) = self.table.get_mut(key) else { return Next::Stay };
            let State::Announced(read) = &mut connection.state else { return Next::Stay };
            match Announcement::look(read) {
                Announcement::Wants(bytes) => {
                    let into = &mut self.scratch[..bytes.min(BYTES_MAX)];
                    match connection.caller.socket.read(into) {
                        Ok(0) => return Next::Close,
                        Ok(bytes) => read.extend_from_slice(&into[..bytes]),
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Next::Stay,
                        Err(_) => return Next::Close,
                    }
                }
                Announcement::Of(client) => {
                    if let Some(client) = client {
                        connection.caller.peer = client;
                    }
                    return self.begin(key);
                }
                Announcement::Malformed => {
                    self.shared
                        .shell
                        .note(Notice::RequestRefused { door: "front", reason: Reason::Malformed });
                    return Next::Close;
                }
            }
        }
    }
}
