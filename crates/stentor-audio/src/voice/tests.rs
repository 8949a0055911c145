//! The chain as a whole, with speech-like sound; loudness is judged by another maker's meter.

use std::f32::consts::TAU;

use proptest::prelude::*;
use stentor_types::{Channels, Line, Treatment, Warning};

use super::{EchoWatch, Voice, VoiceReport};
use crate::SourceStats;
use crate::level::{dbfs, power};

const FRAME: usize = 960;

/// By how much the sound of a mono show is late: 10 ms.
const DELAY: usize = 480;

/// The next of a fixed sequence of numbers in −1..1 (xorshift64*).
fn random(state: &mut u64) -> f32 {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    let bits = state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 40;
    bits as f32 / (1u64 << 23) as f32 - 1.0
}

/// Something like a voice: syllables of changing length and loudness with pauses for breath, their number and
/// pitch from `seed`.
fn speech(seed: u64, seconds: usize) -> Vec<f32> {
    let (mut dice, mut sound, mut phase) = (seed * 977 + 1, Vec::new(), 0.0f32);
    let pitch = 110.0 + 25.0 * seed as f32;
    while sound.len() < seconds * 48_000 {
        let pause = if random(&mut dice) > 0.7 { 24_000 } else { 1_200 };
        let samples = 7_000 + ((random(&mut dice) + 1.0) * 4_000.0) as usize;
        let (level, vowel) = (0.15 + 0.1 * random(&mut dice), 550.0 + 200.0 * random(&mut dice));
        let formant = |n: f32| 0.05 + (-((n * pitch - vowel) / 250.0).powi(2)).exp();
        let gains: [f32; 15] = std::array::from_fn(|n| formant((n + 1) as f32));
        for i in 0..samples {
            phase = (phase + pitch / 48_000.0).fract();
            // Each partial from the two before: sin nx = 2 cos x · sin (n − 1)x − sin (n − 2)x.
            let (sin, cos) = (phase * TAU).sin_cos();
            let (mut last, mut partial, mut buzz) = (0.0, sin, 0.0);
            for gain in gains {
                buzz += gain * partial;
                (last, partial) = (partial, 2.0f32.mul_add(cos * partial, -last));
            }
            sound.push(level * buzz * (i as f32 / samples as f32 * TAU / 2.0).sin());
        }
        sound.resize(sound.len() + pause, 0.0);
    }
    sound.truncate(seconds * 48_000);
    sound
}

fn noise(seed: u64, level_dbfs: f32, samples: usize) -> Vec<f32> {
    let mut dice = seed + 1;
    // Uniform numbers have a mean power of a third.
    let level = 10f32.powf(level_dbfs / 20.0) * 3f32.sqrt();
    (0..samples).map(|_| random(&mut dice) * level).collect()
}

fn sum(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

fn times(sound: &[f32], gain_db: f32) -> Vec<f32> {
    sound.iter().map(|x| x * 10f32.powf(gain_db / 20.0)).collect()
}

/// Integrated loudness in LUFS.
fn loudness(sound: &[f32], channels: u32) -> f32 {
    let mut meter = ebur128::EbuR128::new(channels, 48_000, ebur128::Mode::I).expect("a meter");
    meter.add_frames_f32(sound).expect("sound");
    meter.loudness_global().expect("a loudness") as f32
}

fn voice(noise_suppression: bool) -> Voice {
    Voice::new(Channels::Mono, Treatment { noise_suppression, ..Treatment::default() })
}

/// Treats sound as it would come over a good line, a packet per frame.
fn treated(voice: &mut Voice, sound: &[f32], frame_samples: usize) -> Vec<f32> {
    let mut stats = SourceStats::default();
    let mut out = sound.to_vec();
    for frame in out.chunks_exact_mut(frame_samples) {
        stats.packets += 1;
        voice.process(frame, false, &stats);
    }
    out
}

fn level(sound: &[f32]) -> f32 {
    dbfs(power(sound))
}

#[test]
fn speech_comes_out_at_its_target_however_loud_it_came_in() {
    for (seed, gain_db) in [(1, 6.0), (2, -6.0), (3, -14.0), (4, -20.0)] {
        let said = times(&speech(seed, 60), gain_db);
        let mut heard = treated(&mut voice(true), &said, FRAME);
        crate::limiter::Limiter::new(Channels::Mono).process(&mut heard);
        let whole = loudness(&heard, 1);
        // The codec takes the rest.
        assert!((whole + 18.6).abs() <= 0.5, "{whole} LUFS from {}", loudness(&said, 1));
        let after_start = loudness(&heard[3 * 48_000..13 * 48_000], 1);
        assert!((after_start + 19.0).abs() <= 1.5, "{after_start} LUFS soon after the start");
    }
}

#[test]
fn a_voice_with_high_peaks_is_as_loud_as_any() {
    for (seed, gain_db) in [(1, 0.0), (1, -12.0)] {
        // Beyond a sine's 3 dB, so that the limiter has to work.
        let said: Vec<f32> = speech(seed, 60).iter().map(|x| 2.0 * x * x.abs().sqrt()).collect();
        let levelled = treated(&mut voice(true), &times(&said, gain_db), FRAME);
        let mut limited = levelled.clone();
        crate::limiter::Limiter::new(Channels::Mono).process(&mut limited);
        let (whole, taken) = (loudness(&limited, 1), loudness(&levelled, 1) - loudness(&limited, 1));
        assert!(taken > 0.7, "only {taken} LU are taken, which proves nothing");
        assert!((whole + 19.0).abs() <= 1.0, "{whole} LUFS, of which the limiter took {taken}");
    }
}

#[test]
fn two_voices_20_db_apart_come_out_alike() {
    let loud = treated(&mut voice(true), &times(&speech(1, 30), 3.0), FRAME);
    let quiet = treated(&mut voice(true), &times(&speech(2, 30), -17.0), FRAME);
    let apart = loudness(&loud, 1) - loudness(&quiet, 1);
    assert!(apart.abs() < 2.0, "{apart} LU apart");
}

#[test]
fn a_known_voice_is_not_pumped() {
    let mut voice = voice(true);
    let said = speech(5, 60);
    let (mut least, mut most) = (f32::INFINITY, f32::NEG_INFINITY);
    for (second, part) in said.chunks_exact(48_000).enumerate() {
        treated(&mut voice, part, FRAME);
        if second >= 5 {
            least = least.min(voice.leveller.gain_db());
            most = most.max(voice.leveller.gain_db());
        }
    }
    assert!(most - least < 3.0, "the gain wanders from {least} to {most} dB");
}

#[test]
fn stereo_goes_to_its_own_target_and_is_not_ducked() {
    let both = |sound: &[f32]| sound.iter().flat_map(|x| [*x, *x]).collect::<Vec<_>>();
    let mut voice = Voice::new(Channels::Stereo, Treatment::default());
    let heard = treated(&mut voice, &both(&times(&speech(1, 30), -10.0)), 2 * FRAME);
    let whole = loudness(&heard, 2);
    assert!((whole + 16.0).abs() <= 1.0, "{whole} LUFS");
    let hall = both(&noise(1, -70.0, 3 * 48_000));
    let before = voice.leveller.gain_db();
    let heard = treated(&mut voice, &hall, 2 * FRAME);
    let change = level(&heard[4 * 48_000..]) - level(&hall);
    assert!((change - before).abs() < 0.5, "the hall's sound is changed by {change} dB, not {before}");
}

#[test]
fn a_room_is_ducked_and_not_made_louder() {
    let mut voice = voice(false);
    let heard = treated(&mut voice, &noise(1, -52.0, 20 * 48_000), FRAME);
    let after = level(&heard[10 * 48_000..]);
    assert!((-68.0..-66.0).contains(&after), "{after} dBFS of −52");
    assert_eq!(voice.leveller.gain_db(), 0.0, "a room is no voice");
}

/// A page that is muted sends zeros, which are no room to tell voice from.
#[test]
fn the_room_is_no_voice_after_a_mute() {
    let mut voice = voice(false);
    treated(&mut voice, &vec![0.0; 12 * 48_000], FRAME);
    let heard = treated(&mut voice, &noise(1, -55.0, 5 * 48_000), FRAME);
    assert_eq!(voice.leveller.gain_db(), 0.0);
    assert!(level(&heard) < -54.0, "{} dBFS of −55", level(&heard));
    let said = sum(&times(&speech(3, 20), -14.0), &noise(2, -55.0, 20 * 48_000));
    let heard = treated(&mut voice, &said, FRAME);
    let [soon, later] = [&heard[48_000..4 * 48_000], &heard[10 * 48_000..]].map(|part| loudness(part, 1));
    assert!(soon - later < 3.0, "the first words are at {soon} LUFS, the others at {later}");
}

/// A quiet voice need not be quiet until its room is known once more.
#[test]
fn a_quiet_voice_is_as_loud_after_a_mute_as_before() {
    for (room_dbfs, short_mute_s) in [(-70.0, 0), (-70.0, 1), (-100.0, 0)] {
        let mut voice = voice(false);
        let said = sum(&times(&speech(4, 20), -24.0), &noise(1, room_dbfs, 20 * 48_000));
        treated(&mut voice, &said, FRAME);
        let before = loudness(&treated(&mut voice, &said, FRAME)[24_000..120_000], 1);
        treated(&mut voice, &vec![0.0; short_mute_s * 48_000], FRAME);
        treated(&mut voice, &said[..2 * 48_000], FRAME);
        treated(&mut voice, &vec![0.0; 3 * 48_000], FRAME);
        let after = loudness(&treated(&mut voice, &said, FRAME)[24_000..120_000], 1);
        assert!((after - before).abs() < 1.0, "{before} LUFS before, {after} after, in {room_dbfs} dBFS");
    }
}

/// Whoever mutes may come back to another room, and may have muted twice.
#[test]
fn another_room_after_a_mute_is_no_voice() {
    let zeros = |seconds: usize| vec![0.0; seconds * 48_000];
    for (before_dbfs, after_dbfs, has_spoken) in
        [(-70.0, -52.0, true), (-55.0, -55.0, true), (-70.0, -52.0, false)]
    {
        let mut voice = voice(false);
        let room = noise(1, before_dbfs, 20 * 48_000);
        let said = if has_spoken { sum(&times(&speech(4, 20), -6.0), &room) } else { room.clone() };
        treated(&mut voice, &said, FRAME);
        treated(&mut voice, &zeros(1), FRAME);
        treated(&mut voice, &room[..48_000], FRAME);
        let gain_db = voice.leveller.gain_db();
        treated(&mut voice, &zeros(4), FRAME);
        let heard = treated(&mut voice, &noise(2, after_dbfs, 20 * 48_000), FRAME);
        let after_db = voice.leveller.gain_db();
        let room = level(&heard[3 * 48_000..]);
        assert!(
            room < after_dbfs + after_db - 14.0,
            "the room is at {room} dBFS, {after_db} dB over {after_dbfs}"
        );
        assert!((after_db - gain_db).abs() < 0.5, "{gain_db} dB before, {after_db} in {after_dbfs} dBFS");
    }
}

#[test]
fn the_beginning_of_a_word_is_whole() {
    let mut voice = voice(false);
    let room = noise(1, -55.0, 4 * 48_000);
    let mut said = noise(2, -55.0, 3 * 48_000);
    // Words begin anywhere in a frame.
    for (word, at) in [48_000, 96_000 + 317, 120_000 + 911].into_iter().enumerate() {
        let sound: Vec<f32> = (0..4_800).map(|i| 0.2 * (i as f32 * 0.03 * (word + 1) as f32).sin()).collect();
        said[at..at + 4_800].copy_from_slice(&sound);
    }
    treated(&mut voice, &room, FRAME);
    let heard = treated(&mut voice, &said, FRAME);
    for at in [48_000, 96_000 + 317, 120_000 + 911] {
        let (word, out) = (&said[at + 48..at + 960], &heard[at + DELAY + 48..][..912]);
        let lost = level(word) - level(out);
        assert!(lost < 3.0, "{lost} dB of the first 20 ms are lost");
    }
}

#[test]
fn noise_goes_when_asked_and_the_voice_stays() {
    let said = times(&speech(3, 20), 6.0);
    let noisy = sum(&said, &noise(7, -42.0, said.len()));
    let (mut on, mut off) = (voice(true), voice(false));
    let (with, without) = (treated(&mut on, &noisy, FRAME), treated(&mut off, &noisy, FRAME));
    // In the short pauses between syllables nothing is ducked: what is less there is noise taken out.
    let quiet_frames = |sound: &[f32]| {
        let mut levels: Vec<f32> = sound[10 * 48_000..].chunks_exact(480).map(level).collect();
        levels.sort_by(f32::total_cmp);
        levels[levels.len() / 20]
    };
    let (quiet, noisy) = (quiet_frames(&with), quiet_frames(&without));
    assert!(quiet < noisy - 6.0, "{quiet} dBFS with, {noisy} without");
    let apart = loudness(&with, 1) - loudness(&without, 1);
    assert!(apart.abs() < 1.5, "the voice is {apart} LU louder");
}

#[test]
fn switching_noise_suppression_neither_clicks_nor_shifts() {
    let tone: Vec<f32> = (0..8 * 48_000).map(|i| 0.2 * (i as f32 * 0.02).sin()).collect();
    let sound = sum(&tone, &noise(3, -50.0, tone.len()));
    let mut voice = voice(false);
    let mut heard = Vec::new();
    for (second, part) in sound.chunks_exact(48_000).enumerate() {
        voice.treat(Treatment { noise_suppression: second % 2 == 1, ..Treatment::default() });
        heard.extend(treated(&mut voice, part, FRAME));
    }
    let step = |sound: &[f32]| sound.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
    assert!(step(&heard[48_000..]) < 2.0 * step(&sound), "{} against {}", step(&heard), step(&sound));
}

#[test]
fn a_muted_voice_is_exactly_nothing_and_fades() {
    let tone: Vec<f32> = (0..48_000).map(|i| 0.5 * (i as f32 * 0.02).sin()).collect();
    for channels in [Channels::Mono, Channels::Stereo] {
        let mut voice = Voice::new(channels, Treatment::default());
        let n = FRAME * channels.count();
        treated(&mut voice, &tone, n);
        voice.treat(Treatment { muted: true, ..Treatment::default() });
        let heard = treated(&mut voice, &tone, n);
        let step = heard.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
        assert!(step < 0.03, "a step of {step}");
        assert!(heard[n..].iter().all(|&x| x == 0.0), "silence from the next frame on");
        voice.treat(Treatment::default());
        assert!(level(&treated(&mut voice, &tone, n)[n..]) > -25.0, "heard again");
    }
}

#[test]
fn a_host_is_told_what_is_wrong() {
    let complaints = |sound: &[f32]| {
        let mut voice = voice(true);
        treated(&mut voice, sound, FRAME);
        voice.report().warnings
    };
    let overdriven: Vec<f32> = times(&speech(1, 12), 30.0).iter().map(|x| x.clamp(-1.0, 1.0)).collect();
    assert_eq!(complaints(&overdriven), [Warning::Clipping]);
    assert_eq!(complaints(&times(&speech(1, 12), -6.0)), []);
    assert_eq!(complaints(&vec![0.0; 11 * 48_000]), [Warning::Silent]);
    let mut broken = times(&speech(1, 5), -6.0);
    broken[4 * 48_000] = f32::NAN;
    assert_eq!(complaints(&broken), [Warning::NotANumber]);
}

#[test]
fn silence_without_packets_is_the_networks() {
    let (mut voice, stats) = (voice(true), SourceStats { packets: 1, ..SourceStats::default() });
    for _ in 0..600 {
        voice.process(&mut [0.0; FRAME], true, &stats);
    }
    assert_eq!(voice.report(), VoiceReport { line: Line::Poor, warnings: Vec::new() });
}

#[test]
fn a_line_is_as_good_as_its_last_five_seconds() {
    let (mut voice, mut stats) = (voice(true), SourceStats::default());
    let mut after = |frames: u32, missing_of_100: u64| {
        for i in 0..frames {
            stats.packets += 1;
            stats.missing_samples += if i % 100 < missing_of_100 as u32 { FRAME as u64 } else { 0 };
            voice.process(&mut [0.0; FRAME], false, &stats);
        }
        voice.report().line
    };
    assert_eq!(after(250, 0), Line::Good);
    assert_eq!(after(300, 1), Line::Good);
    assert_eq!(after(300, 4), Line::Fair);
    assert_eq!(after(300, 10), Line::Poor);
    assert_eq!(after(300, 0), Line::Good);
}

/// Runs an echo watch over what one person is sent and what their microphone hears.
fn is_echo(sent: &[f32], heard: &[f32]) -> bool {
    let mut watch = EchoWatch::default();
    let mut ever = false;
    for (sent, heard) in sent.chunks_exact(FRAME).zip(heard.chunks_exact(FRAME)) {
        watch.heard(heard);
        watch.sent(sent);
        ever |= watch.is_echo();
    }
    ever
}

fn late(sound: &[f32], samples: usize) -> Vec<f32> {
    let mut late = vec![0.0; samples];
    late.extend_from_slice(&sound[..sound.len() - samples]);
    late
}

#[test]
fn an_echo_is_found_at_any_delay() {
    let sent = speech(1, 15);
    for (delay_ms, gain_db) in [(25, -6.0), (180, -12.0), (333, -25.0), (580, -20.0), (1_150, -20.0)] {
        let room = noise(1, -62.0, sent.len());
        let heard = sum(&times(&late(&sent, delay_ms * 48), gain_db), &room);
        assert!(is_echo(&sent, &heard), "{delay_ms} ms, {gain_db} dB");
    }
}

#[test]
fn a_silent_microphone_has_no_echo() {
    let sent = speech(1, 15);
    assert!(!is_echo(&sent, &noise(1, -50.0, sent.len())));
    assert!(!is_echo(&sent, &vec![0.0; sent.len()]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn people_who_talk_over_each_other_are_no_echo(a in 0u64..40, b in 40u64..80, how in 0..3) {
        let (mut sent, mut said) = (speech(a, 20), speech(b, 20));
        let silence = |sound: &mut [f32], from: usize, of: usize| {
            sound.iter_mut().enumerate().filter(|(i, _)| i / 24_000 % of < from).for_each(|(_, x)| *x = 0.0);
        };
        match how {
            0 => {}
            // They answer each other every two seconds, and interrupt by a quarter.
            1 => silence(&mut said, 2, 4),
            // They begin and stop together, every three seconds.
            _ => {
                silence(&mut said, 2, 6);
                silence(&mut sent, 2, 6);
            }
        }
        prop_assert!(!is_echo(&sent, &sum(&said, &noise(b, -60.0, said.len()))));
    }

    #[test]
    fn whatever_goes_in_numbers_come_out(
        frames in prop::collection::vec((any::<u32>(), 0usize..4, any::<bool>(), any::<bool>()), 1..40),
        stereo in any::<bool>(),
    ) {
        let channels = if stereo { Channels::Stereo } else { Channels::Mono };
        let mut voice = Voice::new(channels, Treatment::default());
        let samples = FRAME * channels.count();
        for (bits, kind, noise_suppression, muted) in frames {
            voice.treat(Treatment { noise_suppression, muted, ..Treatment::default() });
            let mut frame = match kind {
                0 => vec![f32::from_bits(bits); samples],
                1 => noise(u64::from(bits), 30.0, samples),
                2 => vec![0.0; samples],
                _ => times(&speech(u64::from(bits % 50), 1)[..FRAME].repeat(channels.count()), 20.0),
            };
            voice.process(&mut frame, muted, &SourceStats::default());
            // The leveller keeps a source under full scale from 10 ms after it grew louder; 18 dB over it and 24 more
            // are the most there ever is.
            prop_assert!(frame.iter().all(|x| x.is_finite() && x.abs() < 130.0));
        }
    }
}
