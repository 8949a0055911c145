//! What a connection speaks beneath HTTP. The socket is an argument: a thread of ours has it, or the runtime.

use std::io::{self, Read, Write};

use rustls::ServerConnection;

use crate::tls::certificates::{ACME_ALPN, HTTP2_ALPN};

/// TCP alone, or TLS on it. Nothing here waits: what cannot be done now is [`io::ErrorKind::WouldBlock`].
pub(super) enum Wire {
    /// TCP alone.
    Plain,
    /// TLS and its state.
    Tls(Box<ServerConnection>),
}

/// Reads at a stretch that bring nothing to be read: a record of 16 KiB comes in 4 pieces of 4 KiB or a few more. Whoever sends
/// records without content keeps a thread no longer.
const EMPTY_READS_MAX: usize = 32;

/// How far a handshake has come.
pub(super) enum Handshake {
    /// The other side has to say more.
    Underway,
    /// It is over.
    Done,
    /// It is over, and an authority has seen what it came for; there is nothing to be said (RFC 8737 §3).
    Verified,
}

impl Wire {
    /// HTTP/2 was agreed on.
    pub(super) fn speaks_http2(&self) -> bool {
        matches!(self, Self::Tls(tls) if tls.alpn_protocol() == Some(HTTP2_ALPN))
    }

    /// Goes on with the handshake as far as it can.
    pub(super) fn shake_hands(&mut self, socket: &mut (impl Read + Write)) -> io::Result<Handshake> {
        let Self::Tls(tls) = self else { return Ok(Handshake::Done) };
        let mut ended = false;
        while tls.is_handshaking() && !ended {
            match tls.read_tls(socket) {
                Ok(0) => ended = true,
                Ok(_) => process(tls, socket)?,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        match write_tls(tls, socket) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
            _ if ended => return Err(io::ErrorKind::UnexpectedEof.into()),
            _ => {}
        }
        Ok(match tls.is_handshaking() {
            true => Handshake::Underway,
            false if tls.alpn_protocol() == Some(ACME_ALPN) => Handshake::Verified,
            false => Handshake::Done,
        })
    }

    /// Reads what there is; nothing is the end.
    pub(super) fn read(&mut self, socket: &mut (impl Read + Write), into: &mut [u8]) -> io::Result<usize> {
        let Self::Tls(tls) = self else { return socket.read(into) };
        for _ in 0..EMPTY_READS_MAX {
            match tls.reader().read(into) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // HTTP says by itself where a request ends, so a missing goodbye hides nothing.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                read => return read,
            }
            if tls.read_tls(socket)? == 0 {
                return Ok(0);
            }
            process(tls, socket)?;
        }
        Err(io::Error::new(io::ErrorKind::InvalidData, "records of TLS with nothing in them"))
    }

    /// Writes as much as the socket takes now. What is counted is on its way, or will be with the next
    /// [`Self::flush`].
    pub(super) fn write(&mut self, socket: &mut (impl Read + Write), bytes: &[u8]) -> io::Result<usize> {
        let Self::Tls(tls) = self else { return socket.write(bytes) };
        let mut taken = 0;
        // Less is taken than given where TLS has a record left that the socket did not take.
        while taken < bytes.len() {
            match write_tls(tls, socket) {
                Ok(()) => taken += tls.writer().write(&bytes[taken..])?,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && taken > 0 => return Ok(taken),
                Err(error) => return Err(error),
            }
        }
        match write_tls(tls, socket) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(taken),
        }
    }

    /// Writes what TLS still has.
    pub(super) fn flush(&mut self, socket: &mut (impl Read + Write)) -> io::Result<()> {
        match self {
            Self::Plain => Ok(()),
            Self::Tls(tls) => write_tls(tls, socket),
        }
    }

    /// Says goodbye, if that can be said.
    pub(super) fn goodbye(&mut self, socket: &mut (impl Read + Write)) -> io::Result<()> {
        if let Self::Tls(tls) = self {
            tls.send_close_notify();
        }
        self.flush(socket)
    }
}

fn process(tls: &mut ServerConnection, socket: &mut (impl Read + Write)) -> io::Result<()> {
    let processed = tls.process_new_packets();
    if processed.is_err() {
        // The alert that says why.
        let _ = write_tls(tls, socket);
    }
    processed.map(|_| ()).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

fn write_tls(tls: &mut ServerConnection, socket: &mut (impl Read + Write)) -> io::Result<()> {
    while tls.wants_write() {
        if tls.write_tls(socket)? == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
    }
    Ok(())
}
