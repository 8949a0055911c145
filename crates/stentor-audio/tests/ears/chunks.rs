//! What is true of every chunk, and of what it says about its encoders.

use crate::sound::{self, FIRST, Hall, Voice, pitch_dbfs};
use proptest::prelude::*;
use stentor_audio::{MARKS_WAITING_MAX, MixerCommand, Programme, constants};
use stentor_types::limits::MARKS_PER_CHUNK_MAX;
use stentor_types::{Channels, Chunk, MarkBody, MediaTime, Rendition, SlateReason};

fn check_run(chunks: &[std::sync::Arc<Chunk>]) {
    for (n, chunk) in chunks.iter().enumerate() {
        assert_eq!(chunk.position.epoch, FIRST.epoch);
        assert_eq!(chunk.position.slot, FIRST.slot.plus(n as u64));
        for rendition in Rendition::ALL {
            match chunk.frames.get(rendition) {
                Some(frames) => assert_eq!(frames.count(), rendition.codec().frames_per_chunk()),
                None => assert!(cfg!(not(feature = "aac")) && rendition.codec().frames_per_chunk() == 15),
            }
        }
        assert!(chunk.marks.len() <= MARKS_PER_CHUNK_MAX);
        let end = chunk.position.slot.next().start();
        assert!(chunk.marks.iter().all(|mark| FIRST.slot.start() <= mark.at && mark.at < end));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn chunks_are_whole_and_in_order(
        stereo: bool,
        doings in prop::collection::vec((0u8..6, 0u32..4, 1u64..30), 1..12),
    ) {
        let channels = if stereo { Channels::Stereo } else { Channels::Mono };
        let mut hall = Hall::closed(channels);
        let mut given = 0;
        for (doing, who, ticks) in doings {
            match doing {
                0 => hall.add(who, who % 2 == 0),
                1 => hall.mixer.handle(MixerCommand::RemoveSource(stentor_types::SpeakerId(who))).expect("a command"),
                2 => hall.mixer.handle(MixerCommand::Programme(Programme::Stage)).expect("a command"),
                3 => {
                    let slate = Programme::Slate(SlateReason::Ended);
                    hall.mixer.handle(MixerCommand::Programme(slate)).expect("a command");
                }
                4 => for _ in 0..20 {
                    hall.mixer.handle(MixerCommand::Mark(MarkBody::EndUndone)).expect("room for marks");
                    given += 1;
                },
                _ => {
                    let shift_us = hall.ticks * 20_000;
                    let hum = sound::tone(300.0, 0.3, 20 * 960);
                    let mut packets = sound::packets(who, &hum, Voice::default());
                    packets.iter_mut().for_each(|packet| packet.arrival.0 += shift_us);
                    hall.send(packets);
                }
            }
            for _ in 0..ticks {
                hall.tick();
            }
        }
        // 12 × 20 marks at most take 15 chunks to go out.
        hall.run_seconds(6.0);
        check_run(&hall.chunks);
        let carried: Vec<_> = hall.chunks.iter().flat_map(|chunk| chunk.marks.clone()).collect();
        prop_assert_eq!(&carried[..], &hall.marks[..carried.len()], "marks go out once and in order");
        prop_assert_eq!(carried.iter().filter(|mark| mark.body == MarkBody::EndUndone).count(), given);
    }
}

#[test]
fn marks_beyond_the_limit_are_refused() {
    let mut hall = Hall::closed(Channels::Mono);
    for _ in 0..MARKS_WAITING_MAX {
        hall.mixer.handle(MixerCommand::Mark(MarkBody::EndUndone)).expect("room for marks");
    }
    assert!(hall.mixer.handle(MixerCommand::Mark(MarkBody::End)).is_err());
}

#[test]
fn bitrates_hold_on_average() {
    let mut hall = Hall::on_air(Channels::Mono, &[0, 1]);
    for (speaker, hz) in [(0, 110.0), (1, 190.0)] {
        let said = sound::speech(hz, 0.4, 15 * 48_000);
        hall.send(sound::packets(speaker, &said, Voice::default()));
    }
    hall.run_seconds(15.0);
    let seconds = hall.chunks.len() as f64 * 0.32;
    for (rendition, _) in hall.chunks[0].frames.iter() {
        let bytes: usize =
            hall.chunks.iter().map(|chunk| chunk.frames.get(rendition).expect("there").bytes().len()).sum();
        let kbps = bytes as f64 * 8.0 / 1000.0 / seconds;
        let nominal = f64::from(rendition.kbps());
        assert!(kbps < nominal * 1.1 && kbps > nominal * 0.5, "{rendition}: {kbps}");
    }
}

#[test]
fn opus_is_late_by_its_pre_skip() {
    for channels in [Channels::Mono, Channels::Stereo] {
        let pre_skip = usize::from(constants(channels).expect("constants").opus_pre_skip_samples);
        let (hall, on_air) = going_on_air(channels);
        for rendition in [Rendition::Opus64, Rendition::Opus32] {
            let late = onset(&hall.programme(rendition), channels) - on_air;
            assert!(late.abs_diff(pre_skip) < 240, "{channels:?} {rendition}: {late} against {pre_skip}");
        }
    }
}

/// Backstage hums 1 kHz and then goes on air: the one moment of which media time and sound are
/// both known. Returns the sample of the run at which the hum has half its level: half a frame
/// of passage after the mark, and the 5 ms of the limiter.
fn going_on_air(channels: Channels) -> (Hall, usize) {
    let mut hall = Hall::closed(channels);
    hall.add(0, true);
    hall.send(sound::packets(0, &sound::tone(1_000.0, 0.5, 4 * 48_000), Voice::default()));
    hall.run_seconds(2.0);
    hall.mixer.handle(MixerCommand::Programme(Programme::Stage)).expect("a command");
    let on_air = hall.mixer.next_media_time().0 - FIRST.slot.start().0;
    hall.run_seconds(2.0);
    (hall, on_air as usize + 480 + 240)
}

/// Where 1 kHz begins to be heard: at half the level of −16 dB that it is brought to, which as a sine is −19 LUFS in
/// one channel and −16 in two.
fn onset(heard: &[f32], channels: Channels) -> usize {
    let mono: Vec<f32> = heard.iter().step_by(channels.count()).copied().collect();
    let window = 240;
    let begins =
        (0..mono.len() - window).step_by(24).find(|&i| pitch_dbfs(&mono[i..i + window], 1_000.0) > -22.0);
    begins.expect("the burst is there") + window / 2
}

#[test]
fn the_filler_is_a_chunk_of_silence() {
    for channels in [Channels::Mono, Channels::Stereo] {
        let constants = constants(channels).expect("constants");
        assert_eq!(constants.opus_pre_skip_samples, 312);
        let mut hall = Hall::closed(channels);
        hall.run_seconds(0.32);
        assert_eq!(constants.filler.set(), hall.chunks[0].frames.set());
        let filler = Chunk { position: FIRST, frames: constants.filler, marks: Vec::new() };
        hall.chunks = vec![std::sync::Arc::new(filler)];
        check_run(&hall.chunks);
        let heard = hall.programme(Rendition::Opus32);
        assert!(heard.iter().all(|x| x.abs() < 1e-3));
    }
    assert_eq!(MediaTime(15_360), stentor_types::Slot(1).start());
}

#[cfg(feature = "aac")]
mod aac {
    use super::*;
    use fdk_aac::dec;

    /// Decodes a rendition as a player does, without the decoder's own delay.
    fn decode(hall: &Hall, rendition: Rendition, config: &[u8]) -> Vec<f32> {
        let mut decoder = dec::Decoder::new(dec::Transport::Raw);
        decoder.config_raw(config).expect("a valid AudioSpecificConfig");
        let mut sound = Vec::new();
        for chunk in &hall.chunks {
            for frame in chunk.frames.get(rendition).expect("there").iter() {
                assert_eq!(decoder.fill(frame).expect("room"), frame.len());
                let mut samples = vec![0i16; 2048];
                decoder.decode_frame(&mut samples).expect("valid AAC");
                let len = decoder.decoded_frame_size();
                assert_eq!(len, 1024 * hall.channels.count());
                sound.extend(samples[..len].iter().map(|&x| f32::from(x) / 32_768.0));
            }
        }
        let own_delay = decoder.stream_info().outputDelay as usize * hall.channels.count();
        sound.drain(..own_delay);
        sound
    }

    #[test]
    fn it_says_the_same_late_by_its_delay() {
        for channels in [Channels::Mono, Channels::Stereo] {
            let constants = constants(channels).expect("constants");
            let (hall, on_air) = going_on_air(channels);
            for rendition in [Rendition::Aac64, Rendition::Aac32] {
                let heard = decode(&hall, rendition, &constants.aac_config);
                let late = onset(&heard, channels) - on_air;
                let stated = constants.aac_delay_samples as usize;
                assert!(late.abs_diff(stated) < 240, "{rendition}: {late} late, {stated} stated");
                let second = &heard[3 * 48_000 * channels.count()..][..9_600 * channels.count()];
                let left: Vec<f32> = second.iter().step_by(channels.count()).copied().collect();
                let level = pitch_dbfs(&left, 1_000.0);
                assert!((-18.0..-14.0).contains(&level), "{rendition}: {level} dBFS");
            }
        }
    }
}
