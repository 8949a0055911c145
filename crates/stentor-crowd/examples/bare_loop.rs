//! The least that a server of sound can do: accept, answer, and write the same bytes to everybody once an interval. What it
//! costs is what the kernel costs; `cargo xtask bench front-door` holds the front door against it.
//!
//! `bare_loop PORT INTERVAL_MS BYTES [SLICE]`: ADTS of that many bytes an interval (a multiple of 320 ms), five of them at once to
//! whoever comes. Everybody is written to in one go, or so many at a time, evenly over half of the interval.

use std::env;
use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use rustix::event::epoll;
use rustix::time::Timespec;
use stentor_crowd::now_us;

/// Frames of AAC in 320 ms at 48 kHz, of 1,024 samples each.
const FRAMES_PER_320_MS: usize = 15;

/// The header of an ADTS frame without checksum (ISO/IEC 13818-7 §6.2).
const HEADER_BYTES: usize = 7;

/// How many intervals whoever comes gets at once.
const OPENING: usize = 5;

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: audio/aac\r\nConnection: close\r\n\r\n";

fn main() -> io::Result<()> {
    let mut args = env::args().skip(1).filter_map(|arg| arg.parse::<usize>().ok());
    let (Some(port), Some(interval_ms), Some(bytes)) = (args.next(), args.next(), args.next()) else {
        return Err(io::Error::other("usage: bare_loop PORT INTERVAL_MS BYTES [SLICE]"));
    };
    let port = u16::try_from(port).map_err(io::Error::other)?;
    let piece = adts(interval_ms / 320 * FRAMES_PER_320_MS, bytes);
    let opening = [HEAD, &piece.repeat(OPENING)].concat();
    serve(port, interval_ms as u64 * 1_000, args.next().unwrap_or(usize::MAX), &piece, &opening)
}

fn serve(port: u16, interval_us: u64, slice: usize, piece: &[u8], opening: &[u8]) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    rustix::net::listen(&listener, 4_096)?;
    listener.set_nonblocking(true)?;
    let poll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    epoll::add(&poll, &listener, epoll::EventData::new_u64(0), epoll::EventFlags::IN)?;
    let (mut listeners, mut found) = (Vec::<TcpStream>::new(), Vec::with_capacity(1));
    let (mut flush_at_us, mut done) = (now_us() + interval_us, 0);
    loop {
        let after_us = interval_us / 2 * done as u64 / listeners.len().max(1) as u64;
        let wait_us = (flush_at_us + after_us).saturating_sub(now_us());
        let wait =
            Timespec { tv_sec: (wait_us / 1_000_000) as i64, tv_nsec: (wait_us % 1_000_000 * 1_000) as i64 };
        found.clear();
        epoll::wait(&poll, rustix::buffer::spare_capacity(&mut found), Some(&wait))?;
        while let Ok((listener, _)) = listener.accept() {
            listeners.extend(answer(listener, opening));
        }
        if flush_at_us + after_us <= now_us() {
            for _ in 0..slice.min(listeners.len() - done) {
                // Whoever cannot take it all at once is let go, which is cheap: it has to be known.
                if listeners[done].write(piece).is_ok_and(|bytes| bytes == piece.len()) {
                    done += 1;
                } else {
                    listeners.swap_remove(done);
                    eprintln!("a listener was let go");
                }
            }
            if done == listeners.len() {
                (flush_at_us, done) = (flush_at_us + interval_us, 0);
            }
        }
    }
}

/// Whoever comes has said what they want with the first packet, or may wait for it.
fn answer(mut listener: TcpStream, opening: &[u8]) -> Option<TcpStream> {
    let asked = listener.read(&mut [0; 4_096]).ok()?;
    listener.set_nodelay(true).ok()?;
    listener.write_all(opening).ok()?;
    listener.set_nonblocking(true).ok()?;
    (asked > 0).then_some(listener)
}

/// Frames of silence that look like sound to whoever reads their headers: AAC-LC, 48 kHz, mono.
fn adts(frames: usize, bytes: usize) -> Vec<u8> {
    let mut sound = Vec::with_capacity(bytes);
    for n in 0..frames {
        let len = (bytes * (n + 1) / frames - bytes * n / frames).max(HEADER_BYTES);
        let mut frame = vec![0; len];
        let len = len as u32;
        frame[..HEADER_BYTES].copy_from_slice(&[
            0xFF,
            0xF1,
            // Profile AAC-LC, rate index 3, one channel; then 13 bits of length.
            0x4C,
            0x40 | (len >> 11) as u8,
            (len >> 3) as u8,
            (len << 5) as u8 | 0x1F,
            0xFC,
        ]);
        sound.extend_from_slice(&frame);
    }
    sound
}
