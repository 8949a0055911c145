//! What a show costs: 60 s of three talking and seven silent speakers, mixed and encoded as fast
//! as this machine can, by the CPU time of the thread. Run it with `--release`.

#[expect(dead_code, reason = "the tests use the rest of it")]
#[path = "../tests/ears/sound.rs"]
mod sound;

use std::time::Duration;

use sound::{Hall, Voice};
use stentor_audio::{MixerCommand, MixerConfig, Programme, SourcePacket};
use stentor_types::{Channels, SpeakerId, Treatment};

const SECONDS: usize = 60;
const TALKING: u32 = 3;
const SPEAKERS: u32 = 10;

/// Peak of the noise in a loud room: white noise of −50 dBFS, so that all ten suppress it all the time.
const LOUD_ROOM: f32 = 0.005_5;

fn main() {
    let stage = stage(0.0);
    println!(
        "{SECONDS} s of {TALKING} talking and {} silent speakers, share of one core:",
        SPEAKERS - TALKING
    );
    for channels in [Channels::Mono, Channels::Stereo] {
        let decode = cpu_seconds(|| decode_alone(&stage, channels));
        let deaf = cpu_seconds(|| mix(&stage, channels, false, false));
        let whole = cpu_seconds(|| mix(&stage, channels, true, false));
        let with_tracks = cpu_seconds(|| mix(&stage, channels, true, true));
        println!("{channels:?}: {:.3} whole", share(whole));
        println!("  {:.3} decode", share(decode));
        println!("  {:.3} mix and renditions", share(deaf - decode));
        println!("  {:.3} mix-minus", share(whole - deaf));
        println!("  {:.3} more with own tracks", share(with_tracks - whole));
    }
    let loud_rooms = self::stage(LOUD_ROOM);
    let whole = cpu_seconds(|| mix(&loud_rooms, Channels::Mono, true, false));
    let with_tracks = cpu_seconds(|| mix(&loud_rooms, Channels::Mono, true, true));
    println!("Mono, everybody in a loud room: {:.3} whole", share(whole));
    println!("  {:.3} more with own tracks", share(with_tracks - whole));
}

/// Everybody's packets; a room without noise is left out by discontinuous transmission.
fn stage(noise: f32) -> Vec<SourcePacket> {
    let voice = Voice { dtx: noise == 0.0, ..Voice::default() };
    let mut dice = 1;
    let mut sound = |speaker: u32| {
        let level = if speaker < TALKING { 0.5 } else { 0.0005 };
        let mut sound = sound::speech(110.0 + 40.0 * speaker as f32, level, SECONDS * 48_000);
        sound.iter_mut().for_each(|x| *x += (sound::random(&mut dice) as f32 * 2.0 - 1.0) * noise);
        sound
    };
    (0..SPEAKERS).flat_map(|speaker| sound::packets(speaker, &sound(speaker), voice)).collect()
}

fn mix(stage: &[SourcePacket], channels: Channels, hears: bool, own_tracks: bool) {
    let delay = Duration::ZERO;
    let mut hall =
        Hall::of(MixerConfig { channels, first: sound::FIRST, start: sound::START, delay, own_tracks });
    hall.order(MixerCommand::Programme(Programme::Stage));
    for speaker in 0..SPEAKERS {
        hall.add(speaker, hears);
        let treat = MixerCommand::Treat { speaker: SpeakerId(speaker), treatment: Treatment::default() };
        hall.mixer.handle(treat).expect("the speaker is there");
    }
    hall.send(stage.iter().cloned());
    hall.run_seconds(SECONDS as f64);
    assert_eq!(hall.chunks.len(), SECONDS * 50 / 16);
}

fn decode_alone(stage: &[SourcePacket], channels: Channels) {
    let opus_channels =
        if channels == Channels::Mono { opus::Channels::Mono } else { opus::Channels::Stereo };
    let mut sound = [0.0; 2 * 960];
    for speaker in 0..SPEAKERS {
        let mut decoder = opus::Decoder::new(48_000, opus_channels).expect("decoder");
        for packet in stage.iter().filter(|packet| packet.speaker.0 == speaker) {
            decoder.decode_float(&packet.payload, &mut sound, false).expect("valid Opus");
        }
    }
}

fn share(cpu_s: f64) -> f64 {
    cpu_s / SECONDS as f64
}

/// The CPU time that `work` takes on this thread, as Linux accounts it.
fn cpu_seconds(work: impl FnOnce()) -> f64 {
    let read = || {
        let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
        let nanos = schedstat.split_whitespace().next().and_then(|field| field.parse::<f64>().ok());
        nanos.expect("nanoseconds on the CPU come first") / 1e9
    };
    let before = read();
    work();
    read() - before
}
