//! Speakers by TCP, for networks that block UDP: frames of RFC 4571 on connections they open.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use stentor_webrtc::framing::{Deframer, frame};
use stentor_webrtc::{Path, Verdict};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};

use super::MediaEvents;
use super::task::Media;

/// Connections at once: 8 shows × 16 speakers × 2 while one replaces another, and as many strangers
/// as fit in 5 s. Each holds 4 kB.
const CONNECTIONS_MAX: usize = 512;

/// A connection must say who it is within this time.
const FIRST_FRAME_TIMEOUT: Duration = Duration::from_secs(5);

/// A speaker from whom nothing comes for this long is gone (a session ends after 15 s of silence).
const SILENT_TIMEOUT: Duration = Duration::from_secs(30);

/// Frames that may wait for one connection: half a second. What a slow line does not take is dropped;
/// late sound is no sound.
const FRAMES_WAITING_MAX: usize = 25;

/// How long accepting pauses when the process has no descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Takes connections for as long as the media thread runs.
pub(super) async fn accept<E: MediaEvents>(listener: TcpListener, media: Rc<RefCell<Media<E>>>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let place = Arc::clone(&places).acquire_owned().await.expect("the semaphore is never closed");
        match listener.accept().await {
            Ok((stream, peer)) => {
                let media = Rc::clone(&media);
                tokio::task::spawn_local(async move {
                    let _place = place;
                    converse(stream, canonical(peer), media).await;
                });
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

async fn converse<E: MediaEvents>(stream: TcpStream, peer: SocketAddr, media: Rc<RefCell<Media<E>>>) {
    let Ok(local) = stream.local_addr().map(canonical) else { return };
    let _ = stream.set_nodelay(true);
    let (reader, writer) = stream.into_split();
    let (outbox, waiting) = mpsc::channel(FRAMES_WAITING_MAX);
    media.borrow_mut().tcp_opened(peer, outbox.clone());
    let writing = tokio::task::spawn_local(write(writer, waiting));
    read(reader, peer, local, &media).await;
    media.borrow_mut().tcp_closed(peer, &outbox);
    writing.abort();
}

/// Reads frames until the peer is gone, silent, unknown or talks nonsense.
async fn read<E: MediaEvents>(
    mut reader: OwnedReadHalf,
    peer: SocketAddr,
    local: SocketAddr,
    media: &RefCell<Media<E>>,
) {
    let mut deframer = Deframer::default();
    let mut buffer = [0; 2048];
    let mut proven = false;
    let mut deadline = media.borrow().deadline(FIRST_FRAME_TIMEOUT);
    loop {
        let room = deframer.room().min(buffer.len());
        let read = match tokio::time::timeout_at(deadline, reader.read(&mut buffer[..room])).await {
            Ok(Ok(read)) if read > 0 => read,
            _ => return,
        };
        deframer.push(&buffer[..read]);
        loop {
            match deframer.next_frame() {
                Ok(Some(packet)) => {
                    let verdict = media.borrow_mut().packet(Path::Tcp, peer, local, &packet);
                    // The first frame says with a session's password who this is.
                    if !proven && verdict != Some(Verdict::Proven) {
                        return;
                    }
                    proven = true;
                    // Only what a session takes keeps a connection alive.
                    if matches!(verdict, Some(Verdict::Proven | Verdict::Taken)) {
                        deadline = media.borrow().deadline(SILENT_TIMEOUT);
                    }
                }
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
}

async fn write(mut writer: OwnedWriteHalf, mut waiting: mpsc::Receiver<Bytes>) {
    let mut framed = Vec::with_capacity(2048);
    while let Some(packet) = waiting.recv().await {
        framed.clear();
        frame(&packet, &mut framed);
        if writer.write_all(&framed).await.is_err() {
            return;
        }
    }
}

/// A dual-stack listener names IPv4 peers by mapped addresses; candidates and the demultiplexer do not.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
