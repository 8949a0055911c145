//! Who hears whom: the programme has everybody, a mix-minus everybody else.

use crate::sound::{self, FRAME, Hall, Voice, pitch_dbfs};
use stentor_audio::{MixerCommand, Programme};
use stentor_types::{Channels, MarkBody, Rendition, SlateReason, SpeakerId};

const PITCHES_HZ: [f32; 3] = [440.0, 700.0, 1_100.0];

/// Three people who each hum a pitch at −14 dBFS, and one who is silent.
fn humming(channels: Channels, seconds: usize) -> Hall {
    let mut hall = Hall::on_air(channels, &[0, 1, 2, 3]);
    for (speaker, hz) in PITCHES_HZ.into_iter().enumerate() {
        let hum = sound::tone(hz, 0.2, seconds * 48_000);
        hall.send(sound::packets(speaker as u32, &hum, Voice::default()));
    }
    hall.send(sound::packets(3, &vec![0.0; seconds * 48_000], Voice { dtx: true, ..Voice::default() }));
    hall.run_seconds(seconds as f64);
    hall
}

fn mono(sound: &[f32], channels: Channels) -> Vec<f32> {
    sound.iter().step_by(channels.count()).copied().collect()
}

#[test]
fn the_programme_has_everybody_in_every_opus_rendition() {
    for channels in [Channels::Mono, Channels::Stereo] {
        let hall = humming(channels, 4);
        for rendition in [Rendition::Opus64, Rendition::Opus32, Rendition::Opus16] {
            let heard = mono(&hall.programme(rendition), channels);
            for hz in PITCHES_HZ {
                let level = pitch_dbfs(&heard[2 * 48_000..3 * 48_000], hz);
                assert!((-17.0..-11.0).contains(&level), "{hz} Hz in {rendition}: {level} dBFS");
            }
            let nobody = pitch_dbfs(&heard[2 * 48_000..3 * 48_000], 1_700.0);
            assert!(nobody < -45.0, "1700 Hz in {rendition}: {nobody} dBFS");
        }
    }
}

#[test]
fn nobody_hears_themselves() {
    for channels in [Channels::Mono, Channels::Stereo] {
        let hall = humming(channels, 4);
        for listener in 0..4 {
            let heard = mono(&hall.heard_by(listener), channels);
            assert_eq!(heard.len(), 200 * FRAME, "a packet for every tick");
            for (speaker, hz) in PITCHES_HZ.into_iter().enumerate() {
                let level = pitch_dbfs(&heard[2 * 48_000..3 * 48_000], hz);
                if speaker as u32 == listener {
                    assert!(level < -14.0 - 35.0, "{listener} hears themselves at {level} dBFS");
                } else {
                    assert!((-17.0..-11.0).contains(&level), "{listener} hears {speaker} at {level} dBFS");
                }
            }
        }
    }
}

#[test]
fn silent_people_share_an_encode_and_changing_over_does_not_click() {
    let mut hall = Hall::on_air(Channels::Mono, &[0, 1, 2]);
    // Speaker 0 hums throughout; speaker 1 says half a second of something else, twice.
    let hum = sound::tone(440.0, 0.2, 9 * 48_000);
    let mut words = vec![0.0; 9 * 48_000];
    for second in [2, 6] {
        let word = sound::tone(1_100.0, 0.2, 24_000);
        words[second * 48_000..][..24_000].copy_from_slice(&word);
    }
    hall.send(sound::packets(0, &hum, Voice::default()));
    hall.send(sound::packets(1, &words, Voice { dtx: true, ..Voice::default() }));
    hall.run_seconds(9.0);
    let shared = |speaker: u32| {
        hall.feedback[&SpeakerId(speaker)].iter().map(|(_, with, _)| *with).collect::<Vec<_>>()
    };
    assert!(shared(0)[50..].iter().all(|&with| with == 1));
    let changes = shared(1).windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert!(changes >= 3, "speaker 1 changes over: {changes}");
    // A steady hum of speaker 0 is all that speaker 1 may hear. A click is a step in what is left
    // when the curvature of a sine of that pitch is taken out.
    let heard = hall.heard_by(1);
    let turn = 2.0 * (440.0_f32 / 48_000.0 * std::f32::consts::TAU).cos();
    let residue = |i: usize| (heard[i + 1] - turn * heard[i] + heard[i - 1]).abs();
    let worst = |from: usize, to: usize| (from..to).map(residue).fold(0.0, f32::max);
    // Before speaker 1 says anything nothing changes over: that is the measure.
    let quiet = worst(48_000 + 24_000, 2 * 48_000 - 9_600);
    let all = worst(48_000 + 24_000, 8 * 48_000);
    assert!(all < quiet * 4.0, "a click of {all} against {quiet}");
}

#[test]
fn backstage_hears_itself_and_listeners_hear_the_slate() {
    let mut hall = Hall::closed(Channels::Mono);
    hall.add(0, true);
    hall.add(1, true);
    for (speaker, hz) in [(0, 1_000.0), (1, 1_500.0)] {
        hall.send(sound::packets(speaker, &sound::tone(hz, 0.3, 12 * 48_000), Voice::default()));
    }
    hall.run_seconds(4.0);
    hall.mixer.handle(MixerCommand::Programme(Programme::Stage)).expect("a command");
    hall.mixer.handle(MixerCommand::Mark(MarkBody::OnAir)).expect("a command");
    let on_air = hall.mixer.next_media_time();
    hall.run_seconds(4.0);
    hall.mixer.handle(MixerCommand::Mark(MarkBody::End)).expect("a command");
    let end = hall.mixer.next_media_time();
    hall.mixer.handle(MixerCommand::Programme(Programme::Slate(SlateReason::Ended))).expect("a command");
    hall.run_seconds(4.0);

    let programme = hall.programme(Rendition::Opus64);
    let heard = hall.heard_by(0);
    for (from_s, stage) in [(1, false), (2, false), (5, true), (6, true), (9, false), (10, false)] {
        let second = from_s * 48_000..(from_s + 1) * 48_000;
        let level = pitch_dbfs(&programme[second.clone()], 1_000.0);
        assert_eq!(level > -20.0, stage, "second {from_s}: {level} dBFS");
        assert!(stage || level < -60.0, "second {from_s}: {level} dBFS");
        let slate = 10.0 * (programme[second.clone()].iter().map(|x| x * x).sum::<f32>() / 48_000.0).log10();
        assert!(stage || (-36.0..-24.0).contains(&slate), "slate at {slate} dBFS");
        assert!(pitch_dbfs(&heard[second], 1_500.0) > -20.0, "backstage is deaf in second {from_s}");
    }
    let at = |body: &MarkBody| hall.marks.iter().find(|mark| mark.body == *body).map(|mark| mark.at);
    assert_eq!(at(&MarkBody::OnAir), Some(on_air));
    assert_eq!(at(&MarkBody::SlateOver), Some(on_air));
    assert_eq!(at(&MarkBody::End), Some(end));
    assert_eq!(at(&MarkBody::Slate { reason: SlateReason::Ended }), Some(end));
    let speaking: Vec<_> =
        hall.marks.iter().filter(|mark| matches!(mark.body, MarkBody::Speaking { .. })).collect();
    assert!(speaking.iter().all(|mark| mark.at >= on_air), "who talks backstage is nobody's business");
    assert_eq!(speaking.len(), 2, "both begin, both end: {speaking:?}");
}

#[test]
fn nothing_is_louder_than_the_ceiling() {
    let speakers: Vec<u32> = (0..10).collect();
    let mut hall = Hall::on_air(Channels::Mono, &speakers);
    for &speaker in &speakers {
        let shout = sound::speech(100.0 + 17.0 * speaker as f32, 3.0, 3 * 48_000);
        hall.send(sound::packets(speaker, &shout, Voice::default()));
    }
    hall.run_seconds(3.0);
    let loudest = |sound: &[f32]| sound.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
    // The codec may overshoot what it was given; without the limiter this would be near 10.
    for heard in [hall.programme(Rendition::Opus64), hall.heard_by(0)] {
        let peak = loudest(&heard);
        assert!((0.5..1.25).contains(&peak), "a peak of {peak}");
    }
}

#[test]
fn people_come_and_go_without_a_click() {
    let mut hall = Hall::on_air(Channels::Mono, &[0]);
    hall.send(sound::packets(0, &sound::tone(200.0, 0.5, 4 * 48_000), Voice::default()));
    hall.run_seconds(2.0);
    hall.mixer.handle(MixerCommand::RemoveSource(SpeakerId(0))).expect("a command");
    hall.run_seconds(1.0);
    let heard = hall.programme(Rendition::Opus64);
    let step = heard.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
    // A sine of 200 Hz at 0.5 rises by 0.013 a sample at most; a cut at its peak would be 0.5.
    assert!(step < 0.04, "a step of {step}");
    assert!(hall.mixer.source_stats(SpeakerId(0)).is_none());
}

/// Music has a left and a right: a stereo packet keeps them apart through mixer, encoders and ears.
#[test]
fn a_stereo_show_keeps_left_and_right_apart() {
    let (left, right) = (sound::tone(600.0, 0.2, 3 * 48_000), sound::tone(1_400.0, 0.2, 3 * 48_000));
    let both: Vec<f32> = left.iter().zip(&right).flat_map(|(left, right)| [*left, *right]).collect();
    let mut encoder =
        opus::Encoder::new(48_000, opus::Channels::Stereo, opus::Application::Audio).expect("encoder");
    encoder.set_bitrate(opus::Bitrate::Bits(128_000)).expect("bitrate");
    let mut packets = sound::packets(0, &left, Voice::default());
    for (packet, frame) in packets.iter_mut().zip(both.chunks_exact(2 * FRAME)) {
        packet.payload = encoder.encode_vec_float(frame, 4_000).expect("encode").into();
    }
    let mut hall = Hall::on_air(Channels::Stereo, &[0, 1]);
    hall.send(packets);
    hall.run_seconds(3.0);
    for heard in [hall.programme(Rendition::Opus64), hall.heard_by(1)] {
        let second = &heard[2 * 2 * 48_000..][..48_000];
        let side = |side: usize| second.iter().skip(side).step_by(2).copied().collect::<Vec<_>>();
        for (own, other, side) in [(600.0, 1_400.0, side(0)), (1_400.0, 600.0, side(1))] {
            let apart = pitch_dbfs(&side, own) - pitch_dbfs(&side, other);
            assert!(apart > 25.0, "{own} Hz is only {apart} dB above {other} Hz");
        }
    }
}
