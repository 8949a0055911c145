//! Listeners: one who counts what comes, and one who hears a pitch, with ffmpeg's ears.

use std::f64::consts::TAU;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::Command;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::http::{Request, Stream};

/// Samples in a chunk.
pub(crate) const CHUNK_SAMPLES: u64 = 15_360;

/// One `moof`: where it is on the media clock, and how much sound it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fragment {
    pub(crate) tfdt: u64,
    pub(crate) sound_bytes: u64,
}

/// Reads an fMP4 stream fragment by fragment.
pub(crate) struct Fragments {
    pub(crate) stream: Stream,
    bytes: Vec<u8>,
    tfdt: Option<u64>,
}

impl Fragments {
    pub(crate) async fn open(front: SocketAddr, path: &str) -> Self {
        Self::of(Request::new("GET", path).open(front).await)
    }

    /// The fragments of a stream that has begun.
    pub(crate) fn of(stream: Stream) -> Self {
        assert_eq!(stream.status, 200, "there is a stream");
        Self { stream, bytes: Vec::new(), tfdt: None }
    }

    /// The next fragment; `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Fragment> {
        loop {
            while let Some((kind, content)) = take_box(&mut self.bytes) {
                match &kind {
                    b"moof" => self.tfdt = Some(tfdt(&content)),
                    b"mdat" => {
                        let tfdt = self.tfdt.take().expect("a moof before its mdat");
                        return Some(Fragment { tfdt, sound_bytes: content.len() as u64 });
                    }
                    _ => {}
                }
            }
            self.bytes.extend(self.stream.piece().await?);
        }
    }
}

/// Takes the first box (ISO/IEC 14496-12 §4.2) if it is whole.
fn take_box(bytes: &mut Vec<u8>) -> Option<([u8; 4], Vec<u8>)> {
    let size = u32::from_be_bytes(*bytes.first_chunk()?) as usize;
    let kind = bytes.get(4..8)?.try_into().expect("four bytes");
    assert!(size >= 8, "a box has a head");
    if bytes.len() < size {
        return None;
    }
    Some((kind, bytes.drain(..size).skip(8).collect()))
}

/// `moof/traf/tfdt`, version 1.
fn tfdt(moof: &[u8]) -> u64 {
    let place = moof.windows(4).position(|window| window == b"tfdt").expect("a tfdt");
    assert_eq!(moof[place + 4], 1, "64 bits");
    u64::from_be_bytes(moof[place + 8..place + 16].try_into().expect("eight bytes"))
}

/// A listener close to live who misses nothing.
pub(crate) struct Witness {
    stop: oneshot::Sender<()>,
    heard: JoinHandle<Vec<u64>>,
}

impl Witness {
    pub(crate) async fn listen(front: SocketAddr, show: &str) -> Self {
        Self::hear(Fragments::open(front, &format!("/{show}/live.mp4?close=1")).await)
    }

    /// Listens to a stream of single chunks.
    pub(crate) fn hear(mut fragments: Fragments) -> Self {
        let (stop, mut stopped) = oneshot::channel();
        let heard = tokio::spawn(async move {
            let mut heard = Vec::new();
            let mut hear = async || heard.push(fragments.next().await.expect("the stream goes on").tfdt);
            while stopped.try_recv().is_err() {
                hear().await;
            }
            // Whatever happened, the sound goes on.
            for _ in 0..4 {
                hear().await;
            }
            heard
        });
        Self { stop, heard }
    }

    /// Every chunk came, one after the other.
    pub(crate) async fn missed_nothing(self) {
        let _ = self.stop.send(());
        let heard = self.heard.await.expect("the stream went on");
        for pair in heard.windows(2) {
            assert_eq!(pair[1] - pair[0], CHUNK_SAMPLES, "a chunk is missing or twice");
        }
    }
}

/// The samples of any sound at 48 kHz, in mono, as ffmpeg decodes it.
pub(crate) async fn decode(bytes: Vec<u8>) -> Vec<f32> {
    let run = tokio::task::spawn_blocking(move || {
        let mut file = tempfile::NamedTempFile::new().expect("a writable folder for scratch files");
        file.write_all(&bytes).expect("room for a scratch file");
        Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-i"])
            .arg(file.path())
            .args(["-f", "f32le", "-ac", "1", "-ar", "48000", "-"])
            .output()
            .unwrap_or_else(|error| panic!("ffmpeg does not start ({error}); apt-get install ffmpeg"))
    });
    let out = run.await.expect("ffmpeg runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    out.stdout.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().expect("four"))).collect()
}

/// The part of the sound's power that is a tone of this pitch, from 0 to 1.
pub(crate) fn share_at(samples: &[f32], hz: f64) -> f64 {
    let (mut sine, mut cosine, mut power) = (0.0, 0.0, 0.0);
    for (n, &sample) in samples.iter().enumerate() {
        let (angle, sample) = (TAU * hz * n as f64 / 48_000.0, f64::from(sample));
        sine += sample * angle.sin();
        cosine += sample * angle.cos();
        power += sample * sample;
    }
    2.0 * (sine * sine + cosine * cosine) / (samples.len() as f64 * power.max(1e-12))
}

/// How many tenths of a second sound with this pitch and little else.
pub(crate) fn tenths_at(samples: &[f32], hz: f64) -> usize {
    let loud = |tenth: &&[f32]| tenth.iter().map(|s| s * s).sum::<f32>() / 4_800.0 > 1e-4;
    samples.chunks_exact(4_800).filter(loud).filter(|tenth| share_at(tenth, hz) > 0.8).count()
}

/// The newest seconds of a show, as somebody hears them who comes now and stays so long.
pub(crate) async fn newest(front: SocketAddr, show: &str, seconds: usize) -> Vec<f32> {
    let mut stream = Request::new("GET", &format!("/{show}/live.ogg?kbps=64&close=1")).open(front).await;
    assert_eq!(stream.status, 200, "there is a stream");
    let mut bytes = Vec::new();
    // The burst is a piece or several; each one after it is a chunk of 0.32 s.
    for _ in 0..seconds * 4 + 4 {
        bytes.extend(stream.piece().await.expect("the stream goes on"));
    }
    let samples = decode(bytes).await;
    samples[samples.len() - seconds * 48_000..].to_vec()
}
