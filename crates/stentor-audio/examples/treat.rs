//! What the mixer does to a voice: raw `f32` samples (mono, 48 kHz) in, the programme at 64 kbit/s out, with noise
//! suppression if the only argument is `on`. Judge it by ear or with PESQ:
//!
//! ```text
//! ffmpeg -i voice.wav -f f32le -ar 48000 -ac 1 - | cargo run --release --example treat on > treated.f32
//! ```

#[expect(dead_code, reason = "the tests use the rest of it")]
#[path = "../tests/ears/sound.rs"]
mod sound;

use std::io::{Read, Write};

use sound::{Hall, Voice};
use stentor_audio::MixerCommand;
use stentor_types::{Channels, Rendition, SpeakerId, Treatment};

fn main() -> std::io::Result<()> {
    let noise_suppression = std::env::args().nth(1).is_some_and(|word| word == "on");
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes)?;
    let said: Vec<f32> = bytes.as_chunks().0.iter().map(|four| f32::from_le_bytes(*four)).collect();
    let mut hall = Hall::on_air(Channels::Mono, &[0]);
    let treatment = Treatment { noise_suppression, ..Treatment::default() };
    let treat = MixerCommand::Treat { speaker: SpeakerId(0), treatment };
    hall.mixer.handle(treat).expect("the speaker is there");
    hall.send(sound::packets(0, &said, Voice { fec: false, ..Voice::default() }));
    hall.run_seconds(said.len() as f64 / 48_000.0 + 1.0);
    let heard: Vec<u8> = hall.programme(Rendition::Opus64).iter().flat_map(|x| x.to_le_bytes()).collect();
    std::io::stdout().write_all(&heard)
}
