//! Every voice comes out alike, and rooms stay rooms: through the whole mixer, judged at a listener's ear by another
//! maker's meter.

use crate::sound::{self, FRAME, Hall, Voice};
use stentor_types::{Channels, Line, Rendition, SpeakerId, Warning};

/// Integrated loudness in LUFS (BS.1770-4).
fn loudness(sound: &[f32]) -> f64 {
    let mut meter = ebur128::EbuR128::new(1, 48_000, ebur128::Mode::I).expect("a meter");
    meter.add_frames_f32(sound).expect("sound");
    meter.loudness_global().expect("a loudness")
}

fn noise(level: f32, samples: usize) -> Vec<f32> {
    let mut dice = 11;
    (0..samples).map(|_| (sound::random(&mut dice) as f32 - 0.5) * 2.0 * level).collect()
}

/// What listeners hear of these sounds, each from a speaker of their own.
fn heard(sounds: &[Vec<f32>], seconds: usize) -> (Hall, Vec<f32>) {
    let speakers: Vec<u32> = (0..sounds.len() as u32).collect();
    let mut hall = Hall::on_air(Channels::Mono, &speakers);
    for (speaker, sound) in sounds.iter().enumerate() {
        hall.send(sound::packets(speaker as u32, sound, Voice::default()));
    }
    hall.run_seconds(seconds as f64);
    let programme = hall.programme(Rendition::Opus64);
    (hall, programme)
}

#[test]
fn two_voices_20_db_apart_are_alike_at_the_ear() {
    let (_, loud) = heard(&[sound::speech(120.0, 0.8, 20 * 48_000)], 20);
    let (_, quiet) = heard(&[sound::speech(120.0, 0.08, 20 * 48_000)], 20);
    let apart = loudness(&loud) - loudness(&quiet);
    assert!(apart.abs() < 2.0, "{apart} LU apart");
    assert!((loudness(&loud) + 19.0).abs() < 1.5, "{} LUFS", loudness(&loud));
}

#[test]
fn speech_is_at_its_target_over_a_minute() {
    let (hall, _) = heard(&[sound::speech(140.0, 0.2, 60 * 48_000)], 60);
    for rendition in [Rendition::Opus64, Rendition::Opus32, Rendition::Opus16] {
        let whole = loudness(&hall.programme(rendition));
        assert!((whole + 19.0).abs() <= 0.7, "{rendition:?}: {whole} LUFS");
    }
}

#[test]
fn nothing_is_louder_than_a_decibel_below_full_scale_at_any_bit_rate() {
    let shouted: Vec<_> = (0..6).map(|n| sound::speech(110.0 + 13.0 * n as f32, 0.9, 8 * 48_000)).collect();
    let (hall, _) = heard(&shouted, 8);
    for rendition in [Rendition::Opus64, Rendition::Opus32, Rendition::Opus16] {
        let mut meter = ebur128::EbuR128::new(1, 48_000, ebur128::Mode::TRUE_PEAK).expect("a meter");
        meter.add_frames_f32(&hall.programme(rendition)).expect("sound");
        let peak_dbtp = 20.0 * meter.true_peak(0).expect("a channel").log10();
        assert!((-6.0..=-1.0).contains(&peak_dbtp), "{rendition:?}: {peak_dbtp} dBTP");
    }
}

#[test]
fn open_microphones_are_turned_down() {
    let rooms: Vec<_> = (0..3).map(|_| noise(0.004, 12 * 48_000)).collect();
    let (_, programme) = heard(&rooms, 12);
    let level = |from: usize, to: usize| 20.0 * sound::envelope(&programme[from..to])[0].log10();
    // Nobody knows yet whether something will be said; a second later nobody has.
    let (begin, end) = (level(12_000, 12_960), level(10 * 48_000, 10 * 48_000 + 960));
    assert!((-18.0..-12.0).contains(&(end - begin)), "{begin} dB at first, {end} later");
}

#[test]
fn garbage_in_place_of_opus_is_nobodys_noise() {
    let mut hall = Hall::on_air(Channels::Mono, &[0, 1]);
    hall.send(sound::packets(0, &sound::speech(130.0, 0.3, 10 * 48_000), Voice::default()));
    let mut dice = 5;
    let mut hostile = sound::packets(1, &noise(0.9, 10 * 48_000), Voice::default());
    for packet in &mut hostile {
        // The first byte stays, so that the packet is taken for Opus of 20 ms.
        let mut payload = packet.payload.to_vec();
        payload[1..].iter_mut().for_each(|byte| *byte = (sound::random(&mut dice) * 256.0) as u8);
        packet.payload = payload.into();
    }
    hall.send(hostile);
    hall.run_seconds(10.0);
    let programme = hall.programme(Rendition::Opus64);
    assert!(programme.iter().all(|x| x.is_finite() && x.abs() < 1.5));
    assert!(loudness(&programme) < -12.0, "{} LUFS", loudness(&programme));
}

#[test]
fn the_line_of_a_lossy_network_is_told() {
    let mut hall = Hall::on_air(Channels::Mono, &[0, 1]);
    let said = sound::speech(130.0, 0.3, 10 * 48_000);
    let mut dice = 9;
    let lossy = sound::packets(0, &said, Voice::default());
    hall.send(lossy.into_iter().filter(|_| sound::random(&mut dice) > 0.1));
    // Who leaves out what is silent has a line as good as any.
    hall.send(sound::packets(1, &said, Voice { dtx: true, ..Voice::default() }));
    hall.run_seconds(9.0);
    let report = |speaker: u32| {
        let last = hall.reports.last().expect("a report every 200 ms");
        last.iter().find(|report| report.speaker == SpeakerId(speaker)).expect("of everybody").clone()
    };
    assert_eq!(report(0).line, Line::Poor);
    assert_eq!(report(1).line, Line::Good);
    let stats = hall.mixer.source_stats(SpeakerId(1)).expect("the speaker is there");
    assert_eq!(stats.missing_samples, 0, "{stats:?}");
    assert!(stats.packets < 500);
}

#[test]
fn an_overdriven_microphone_is_told_through_opus() {
    let overdriven = |level: f32| -> Vec<f32> {
        sound::speech(130.0, level, 8 * 48_000).iter().map(|x| x.clamp(-1.0, 1.0)).collect()
    };
    let warnings = |sound: Vec<f32>| {
        let (hall, _) = heard(&[sound], 8);
        hall.reports.last().expect("a report every 200 ms")[0].warnings.clone()
    };
    assert!(warnings(overdriven(12.0)).contains(&Warning::Clipping));
    assert!(!warnings(overdriven(0.5)).contains(&Warning::Clipping));
}

#[test]
fn no_codec_is_given_a_peak_above_the_ceiling() {
    // Ten people shout at once. Opus adds to peaks; two decibels are left for it.
    let crowd: Vec<_> = (0..10).map(|i| sound::speech(100.0 + 13.0 * i as f32, 2.0, 6 * 48_000)).collect();
    let (_, programme) = heard(&crowd, 6);
    let peak = programme[FRAME..].iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
    assert!(peak < 0.89 && peak > 0.7, "{peak}");
}

#[test]
fn who_sends_back_what_they_hear_is_told_and_nobody_else() {
    let mut dice = 21;
    // Syllables of their own loudness and tone: the test's speech is as regular as a clock, and would be its own echo.
    let voices = [110.0, 190.0, 310.0].map(|pitch_hz| sound::speech(pitch_hz, 0.4, 16 * 48_000));
    let mut said = Vec::with_capacity(16 * 48_000);
    while said.len() < 16 * 48_000 {
        let level = 10f32.powf(-1.2 * sound::random(&mut dice) as f32);
        let voice = &voices[(3.0 * sound::random(&mut dice)) as usize % 3];
        said.extend(voice[said.len()..].iter().take(9_000).map(|x| x * level));
    }
    let mut returned = vec![0.0; 7_200];
    returned.extend(said[..said.len() - 7_200].iter().map(|x| x * 0.25));
    let (hall, _) = heard(&[said, returned], 16);
    let warned = |speaker: usize| {
        hall.reports.iter().any(|reports| reports[speaker].warnings.contains(&Warning::Echo))
    };
    assert!(warned(1), "150 ms late and 12 dB down");
    assert!(!warned(0), "it is not their echo");
}
