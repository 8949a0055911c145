//! Own tracks, by ear: each has its own voice and no other, where listeners hear it, in time with the programme.

use std::time::Duration;

use crate::sound::{self, FIRST, FRAME, Hall, START, Voice, decode, pitch_dbfs};
use proptest::prelude::*;
use stentor_audio::{MixerCommand, MixerConfig, Programme};
use stentor_types::time::CHUNK_SAMPLES;
use stentor_types::{Channels, Place, Rendition, SlateReason, SpeakerId, Treatment};

/// Far from the slate's partials and from each other.
const HZ: [f32; 2] = [1_650.0, 2_500.0];

/// From the mouth to the stage's mix and through the codecs, in seconds at most.
const WAY_S: f64 = 0.2;

fn hall(channels: Channels, delay: Duration) -> Hall {
    Hall::of(MixerConfig { channels, first: FIRST, start: START, delay, own_tracks: true })
}

fn on_air(channels: Channels, delay: Duration) -> Hall {
    let mut hall = hall(channels, delay);
    (0..2).for_each(|speaker| hall.add(speaker, true));
    hall.order(MixerCommand::Programme(Programme::Stage));
    hall
}

/// The tone of each of the two for so long.
fn both_hum(hall: &mut Hall, seconds: f64) {
    for (speaker, hz) in (0..).zip(HZ) {
        let tone = sound::tone(hz, 0.2, (seconds * 48_000.0) as usize);
        hall.send(sound::packets(speaker, &tone, Voice::default()));
    }
}

/// A packet of silence as a reader of the tape puts into gaps.
fn filler(channels: Channels) -> Vec<Vec<u8>> {
    let constants = stentor_audio::constants(channels).expect("encoders");
    constants.filler.get(Rendition::Opus64).expect("Opus").iter().map(<[u8]>::to_vec).collect()
}

/// Somebody's track as it is read: as long as the programme, gaps filled.
fn track(hall: &Hall, speaker: u32) -> Vec<f32> {
    let filler = filler(hall.channels);
    let frames = hall.chunks.iter().flat_map(|chunk| {
        let mut own = hall
            .tracks
            .iter()
            .filter(|track| track.speaker == SpeakerId(speaker) && track.position == chunk.position);
        let frames = own.next().map(|track| track.frames.iter().map(<[u8]>::to_vec).collect());
        assert!(own.next().is_none(), "a chunk comes once");
        frames.unwrap_or_else(|| filler.clone())
    });
    decode(frames.collect::<Vec<_>>().into_iter(), hall.channels)
}

fn chunks_of(hall: &Hall, speaker: u32) -> usize {
    hall.tracks.iter().filter(|track| track.speaker == SpeakerId(speaker)).count()
}

fn between(sound: &[f32], from_s: f64, to_s: f64) -> &[f32] {
    &sound[(from_s * 48_000.0) as usize..(to_s * 48_000.0) as usize]
}

/// The loudest 20 ms of anything, in dBFS.
fn loudest_dbfs(sound: &[f32]) -> f32 {
    let loudest = sound::envelope(sound).into_iter().fold(0.0, f32::max);
    20.0 * (loudest / (FRAME as f32).sqrt()).max(1e-9).log10()
}

#[test]
fn a_track_has_its_own_pitch_and_no_other() {
    let mut hall = on_air(Channels::Mono, Duration::ZERO);
    both_hum(&mut hall, 2.0);
    hall.run_seconds(3.2);
    for speaker in 0..2 {
        let heard = track(&hall, speaker);
        let told = between(&heard, WAY_S, 2.0);
        let own = pitch_dbfs(told, HZ[speaker as usize]);
        let other = pitch_dbfs(told, HZ[1 - speaker as usize]);
        assert!(own > -30.0 && other < own - 60.0, "track {speaker}: own {own}, other {other} dBFS");
    }
    let positions: Vec<_> = hall.chunks.iter().map(|chunk| chunk.position).collect();
    assert!(hall.tracks.iter().all(|track| positions.contains(&track.position)));
    assert!(hall.tracks.iter().all(|track| track.frames.count() == 16));
}

#[test]
fn without_own_tracks_there_are_none() {
    let mut hall = Hall::on_air(Channels::Mono, &[0, 1]);
    both_hum(&mut hall, 1.0);
    hall.run_seconds(1.0);
    assert!(hall.tracks.is_empty());
}

/// The tracks together are the programme, sample for sample, but for what three codecs make of them and for the peaks
/// that only both voices together have, which the limiter takes from the programme.
#[test]
fn tracks_line_up_with_the_programme_to_the_sample() {
    for channels in [Channels::Mono, Channels::Stereo] {
        let mut hall = on_air(channels, Duration::ZERO);
        for (speaker, hz) in [(0, 120.0), (1, 210.0)] {
            hall.send(sound::packets(speaker, &sound::speech(hz, 0.2, 4 * 48_000), Voice::default()));
        }
        hall.run_seconds(4.16);
        let programme = hall.programme(Rendition::Opus64);
        let sum: Vec<f32> = track(&hall, 0).iter().zip(track(&hall, 1)).map(|(a, b)| a + b).collect();
        let n = channels.count();
        let middle = 48_000 * n..150_000 * n;
        let alike = |shift: i64| {
            let other = &sum[(middle.start as i64 + shift * n as i64) as usize..][..middle.len()];
            let (mut ab, mut aa, mut bb) = (0.0f64, 0.0f64, 0.0f64);
            for (&a, &b) in programme[middle.clone()].iter().zip(other) {
                let (a, b) = (f64::from(a), f64::from(b));
                (ab, aa, bb) = (ab + a * b, aa + a * a, bb + b * b);
            }
            ab / (aa * bb).sqrt()
        };
        let best = (-600..=600).max_by(|&a, &b| alike(a).total_cmp(&alike(b))).expect("shifts");
        assert_eq!(best, 0, "{channels:?}: best at {best} with {}", alike(best));
        assert!(alike(0) > 0.97, "{channels:?}: {}", alike(0));
    }
}

#[test]
fn backstage_muted_and_slate_are_no_part_of_a_track() {
    let mut hall = on_air(Channels::Mono, Duration::ZERO);
    both_hum(&mut hall, 8.0);
    hall.run_seconds(1.0);
    hall.place(0, Place::Backstage);
    hall.run_seconds(2.0);
    hall.place(0, Place::OnAir);
    let muted = Treatment { muted: true, noise_suppression: false, ..Treatment::default() };
    hall.order(MixerCommand::Treat { speaker: SpeakerId(1), treatment: muted });
    hall.run_seconds(2.0);
    hall.order(MixerCommand::Programme(Programme::Slate(SlateReason::Ended)));
    hall.run_seconds(2.04);
    let (first, second) = (track(&hall, 0), track(&hall, 1));
    for (sound, from_s, to_s) in
        [(&first, 1.0, 3.0), (&second, 3.0, 5.0), (&first, 5.0, 7.0), (&second, 5.0, 7.0)]
    {
        let level = loudest_dbfs(between(sound, from_s + 0.1, to_s));
        assert!(level < -70.0, "{from_s} to {to_s} s: {level} dBFS");
    }
    for (sound, hz, from_s, to_s) in
        [(&first, HZ[0], 0.0, 1.0), (&second, HZ[1], 0.0, 3.0), (&first, HZ[0], 3.0, 5.0)]
    {
        let level = pitch_dbfs(between(sound, from_s + WAY_S, to_s), hz);
        assert!(level > -30.0, "{from_s} to {to_s} s: {level} dBFS");
    }
    // Silence is not encoded: there is a chunk at the border, and then none.
    let during = |speaker, from_s: f64, to_s: f64| {
        let slot = |s: f64| FIRST.slot.plus((s * 48_000.0) as u64 / u64::from(CHUNK_SAMPLES));
        let slots = slot(from_s + 0.32).next()..slot(to_s);
        let of = |chunk: &&std::sync::Arc<stentor_types::TrackChunk>| {
            chunk.speaker == SpeakerId(speaker) && slots.contains(&chunk.position.slot)
        };
        hall.tracks.iter().filter(of).count()
    };
    assert_eq!([during(0, 1.0, 3.0), during(1, 3.0, 5.0), during(0, 5.0, 7.0)], [0; 3]);
}

#[test]
fn who_leaves_has_a_track_until_then_and_who_comes_back_has_it_again() {
    let mut hall = on_air(Channels::Mono, Duration::ZERO);
    both_hum(&mut hall, 6.0);
    hall.run_seconds(1.5);
    hall.order(MixerCommand::RemoveSource(SpeakerId(0)));
    hall.run_seconds(2.0);
    let chunks = chunks_of(&hall, 0);
    hall.add(0, true);
    hall.run_seconds(2.0);
    let heard = track(&hall, 0);
    assert!(pitch_dbfs(between(&heard, 0.5, 1.4), HZ[0]) > -30.0);
    assert!(loudest_dbfs(between(&heard, 1.6, 3.5)) < -70.0);
    assert!(pitch_dbfs(between(&heard, 4.0, 5.0), HZ[0]) > -30.0);
    assert!(chunks <= 6 && chunks_of(&hall, 0) > chunks);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// Whatever is dumped from the line, and whenever: what is in the tracks is what listeners hear.
    #[test]
    fn what_is_dumped_is_in_no_track(dumps in prop::collection::vec(10u64..80, 1..4)) {
        const DELAY_TICKS: u64 = 50;
        let mut hall = on_air(Channels::Mono, Duration::from_secs(1));
        both_hum(&mut hall, 8.0);
        let mut dumped = Vec::new();
        for ticks in dumps {
            (0..ticks).for_each(|_| hall.tick());
            hall.order(MixerCommand::Dump);
            dumped.push(hall.ticks..hall.ticks + DELAY_TICKS);
        }
        let end = (hall.ticks + 2 * DELAY_TICKS).next_multiple_of(16);
        (hall.ticks..end).for_each(|_| hall.tick());
        for speaker in 0..2 {
            let hz = HZ[speaker as usize];
            let heard = track(&hall, speaker);
            // The codec is 312 samples late and the limiter 240: a frame that fades, and one for both.
            for tick in DELAY_TICKS + 15..end - 3 {
                let here = |ticks: &std::ops::Range<u64>| ticks.contains(&tick);
                let near = |ticks: &std::ops::Range<u64>| (ticks.start..ticks.end + 3).contains(&tick);
                let after_start = |ticks: &std::ops::Range<u64>| tick < ticks.start + 2;
                let frame = &heard[tick as usize * FRAME..][..FRAME];
                if dumped.iter().any(here) && !dumped.iter().any(|d| here(d) && after_start(d)) {
                    prop_assert!(loudest_dbfs(frame) < -60.0, "tick {}: {} dBFS", tick, loudest_dbfs(frame));
                } else if !dumped.iter().any(near) {
                    prop_assert!(pitch_dbfs(frame, hz) > -35.0, "tick {}: {} dBFS", tick, pitch_dbfs(frame, hz));
                }
            }
        }
    }
}
