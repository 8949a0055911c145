//! Whatever a speaker sends harms nobody but themselves.

use crate::sound::{self, FRAME, Hall, START, Voice, pitch_dbfs};
use bytes::Bytes;
use proptest::prelude::*;
use stentor_audio::{MixerCommand, SourcePacket};
use stentor_types::limits::SPEAKERS_PER_SHOW_MAX;
use stentor_types::{Channels, MarkBody, Mono, Rendition, SlateReason, SpeakerId, Treatment};

fn packet(speaker: u32, seq: u64, rtp_time: u64, payload: Vec<u8>, at_us: u64) -> SourcePacket {
    let arrival = Mono(START.0 + at_us);
    SourcePacket {
        speaker: SpeakerId(speaker),
        seq,
        rtp_time,
        payload: payload.into(),
        arrival,
        is_copy: false,
    }
}

#[test]
fn empty_packets_are_skipped() {
    let hum = sound::tone(440.0, 0.2, 5 * 48_000);
    let mut hall = Hall::on_air(Channels::Mono, &[0]);
    let packets = sound::packets(0, &hum, Voice::default());
    // A browser's probes: sequence numbers and times like any other's, and nothing in them.
    let mut shift = 0;
    let probed = packets.into_iter().enumerate().flat_map(|(i, mut packet)| {
        let mut probes = Vec::new();
        if i % 50 == 49 {
            for _ in 0..3 {
                let mut probe = packet.clone();
                probe.seq += shift;
                probe.payload = Bytes::new();
                probes.push(probe);
                shift += 1;
            }
        }
        packet.seq += shift;
        probes.push(packet);
        probes
    });
    hall.send(probed);
    hall.run_seconds(5.1);
    let stats = hall.mixer.source_stats(SpeakerId(0)).expect("the speaker is there");
    assert_eq!((stats.empty, stats.garbage, stats.late, stats.duplicate), (15, 0, 0, 0));
    let heard = hall.programme(Rendition::Opus64);
    for second in 1..4 {
        let level = pitch_dbfs(&heard[second * 48_000..(second + 1) * 48_000], 440.0);
        assert!((-17.0..-13.0).contains(&level), "{level} dBFS in second {second}");
    }
}

#[test]
fn a_hostile_neighbour_is_not_heard_by_others() {
    let honest = sound::packets(0, &sound::tone(440.0, 0.2, 4 * 48_000), Voice::default());
    let mut dice = 3;
    let mut random = move || (sound::random(&mut dice) * u32::MAX as f64) as u64;
    // Ten times the rate of an honest speaker, with wild numbers, in every size.
    let hostile = (0..2_000u64).map(|i| {
        let payload = (0..random() % 300).map(|_| random() as u8).collect();
        let rtp_time = if i % 3 == 0 { random() << (random() % 32) } else { i * 96 };
        packet(1, random() % 1_000, rtp_time, payload, i * 2_000)
    });
    let mut hall = Hall::on_air(Channels::Mono, &[0, 1, 2]);
    hall.send(honest.into_iter().chain(hostile));
    hall.run_seconds(4.0);
    let stats = hall.mixer.source_stats(SpeakerId(0)).expect("the speaker is there");
    assert_eq!((stats.late, stats.dropped, stats.garbage), (0, 0, 0));
    assert!(stats.concealed_samples <= 2 * FRAME as u64, "{stats:?}");
    let programme = hall.programme(Rendition::Opus64);
    assert!(programme.iter().all(|x| x.is_finite()));
    // The hostile speaker's own mix-minus has nobody's noise in it.
    let heard = hall.heard_by(1);
    let level = pitch_dbfs(&heard[2 * 48_000..3 * 48_000], 440.0);
    assert!((-16.0..-12.0).contains(&level), "{level} dBFS");
}

#[test]
fn a_wild_jump_of_the_clock_begins_anew() {
    let hum = sound::tone(440.0, 0.2, 6 * 48_000);
    let mut packets = sound::packets(0, &hum, Voice::default());
    let half = packets.len() / 2;
    for packet in &mut packets[half..] {
        packet.rtp_time += 1 << 33;
        packet.seq += 5_000;
    }
    // One stray in the first half changes nothing.
    packets[half / 2].rtp_time += 1 << 40;
    let mut hall = Hall::on_air(Channels::Mono, &[0]);
    hall.send(packets);
    hall.run_seconds(6.0);
    let stats = hall.mixer.source_stats(SpeakerId(0)).expect("the speaker is there");
    assert_eq!(stats.resyncs, 2, "{stats:?}");
    assert!(stats.dropped <= 5 && stats.headroom_ms <= 80, "{stats:?}");
    let level = pitch_dbfs(&hall.programme(Rendition::Opus64)[4 * 48_000..5 * 48_000], 440.0);
    assert!((-17.0..-13.0).contains(&level), "{level} dBFS");
}

/// A capture that stood still, as while a headset changes its profile: from then on all sound is that much later.
#[test]
fn a_voice_that_is_late_for_good_is_soon_heard_again() {
    for late_ms in [80, 200, 300, 450, 600, 700, 1_000, 1_500, 1_900] {
        let hum = sound::tone(440.0, 0.2, 8 * 48_000);
        let mut packets = sound::packets(0, &hum, Voice::default());
        for packet in &mut packets[200..] {
            packet.arrival = Mono(packet.arrival.0 + 1_000 * late_ms);
        }
        let mut hall = Hall::on_air(Channels::Mono, &[0]);
        hall.send(packets);
        hall.run_seconds(8.0);
        // A second after the first of the later sound came in.
        let again = 4 * 48_000 + 48 * (late_ms as usize + 1_000);
        let level = pitch_dbfs(&hall.programme(Rendition::Opus64)[again..again + 24_000], 440.0);
        assert!((-17.0..-13.0).contains(&level), "{level} dBFS after {late_ms} ms");
    }
}

#[test]
fn the_buffer_is_bounded() {
    let mut hall = Hall::on_air(Channels::Mono, &[0]);
    let payload = sound::packets(0, &sound::tone(440.0, 0.2, FRAME), Voice::default())[0].payload.clone();
    for i in 0..5_000 {
        hall.mixer.packet(packet(0, i, i * 960, payload.to_vec(), 0));
    }
    let stats = hall.mixer.source_stats(SpeakerId(0)).expect("the speaker is there");
    assert_eq!(stats.packets, 5_000);
    assert!(stats.dropped >= 4_600, "{stats:?}");
    hall.run_seconds(1.0);
}

#[test]
fn overlapping_packets_are_not_all_decoded() {
    let mut hall = Hall::on_air(Channels::Mono, &[0]);
    let payload = sound::packets(0, &sound::tone(440.0, 0.2, FRAME), Voice::default())[0].payload.clone();
    for i in 0..300 {
        hall.mixer.packet(packet(0, i, 1_000 + i, payload.to_vec(), 0));
    }
    hall.run_seconds(0.5);
    // The first says it all; the others begin inside it.
    let stats = hall.mixer.source_stats(SpeakerId(0)).expect("the speaker is there");
    assert_eq!(stats.late, 299, "{stats:?}");
}

#[test]
fn strangers_are_ignored_and_the_stage_has_an_end() {
    let mut hall = Hall::on_air(Channels::Mono, &[]);
    hall.mixer.packet(packet(99, 0, 0, vec![0xFC, 1, 2, 3], 0));
    assert!(hall.mixer.source_stats(SpeakerId(99)).is_none());
    for speaker in 0..SPEAKERS_PER_SHOW_MAX as u32 {
        hall.add(speaker, true);
    }
    let name: stentor_types::PersonName = "One too many".parse().expect("a name");
    let add = |speaker| MixerCommand::AddSource {
        speaker: SpeakerId(speaker),
        name: name.clone(),
        hears: true,
        treatment: Treatment::default(),
    };
    assert!(hall.mixer.handle(add(99)).is_err());
    hall.mixer.handle(add(3)).expect("who is there may begin anew");
    hall.mixer.handle(MixerCommand::RemoveSource(SpeakerId(5))).expect("a command");
    hall.mixer.handle(add(99)).expect("now there is room");
    hall.run_seconds(0.1);
}

#[test]
fn an_idle_minute_is_slate_and_a_voice_ends_it_at_once() {
    let mut hall = Hall::on_air(Channels::Mono, &[0]);
    hall.run_seconds(60.0);
    assert_eq!(hall.chunks.len(), 60 * 50 / 16);
    let nobody = MarkBody::Slate { reason: SlateReason::NobodyConnected };
    assert_eq!(hall.marks.iter().map(|mark| &mark.body).collect::<Vec<_>>(), [&nobody]);
    let mut hum = sound::packets(0, &sound::tone(440.0, 0.2, 3 * 48_000), Voice::default());
    hum.iter_mut().for_each(|packet| packet.arrival.0 += 60_000_000);
    hall.send(hum);
    hall.run_seconds(8.0);
    let kinds: Vec<_> =
        hall.marks.iter().map(|mark| (mark.at.0 - sound::FIRST.slot.start().0, &mark.body)).collect();
    // The first packet is whole 20 ms into the minute.
    assert_eq!(kinds[1], (60 * 48_000 + 960, &MarkBody::SlateOver), "{kinds:?}");
    let last = kinds.iter().find(|(at, body)| *at > 60 * 48_000 && **body == nobody).expect("slate again");
    // The last packet comes with the end of the sound; 2 s later the stage counts as empty.
    assert_eq!(last.0, 65 * 48_000 + 960);
    let spoke: Vec<_> = kinds.iter().filter(|(_, body)| matches!(body, MarkBody::Speaking { .. })).collect();
    assert_eq!(spoke.len(), 2, "{spoke:?}");
    assert!(hall.reports.iter().any(|reports| reports[0].level_dbfs > -20.0));
    assert_eq!(hall.reports.len(), 68 * 5);
}

#[test]
fn a_muted_browser_that_sends_now_and_then_is_there() {
    let mut hall = Hall::on_air(Channels::Mono, &[0]);
    let voice = Voice { dtx: true, ..Voice::default() };
    let mut said = sound::speech(130.0, 0.5, 30 * 48_000);
    said[5 * 48_000..25 * 48_000].fill(0.0);
    let packets = sound::packets(0, &said, voice);
    assert!(packets.len() < 800, "{} packets of 1500 are sent", packets.len());
    hall.send(packets);
    hall.run_seconds(30.0);
    let slates = hall.marks.iter().filter(|mark| matches!(mark.body, MarkBody::Slate { .. })).count();
    assert_eq!(slates, 1, "only the one before the first packet: {:?}", hall.marks);
    let heard = sound::envelope(&hall.programme(Rendition::Opus64)[26 * 48_000..]);
    let (likeness, _) = sound::likeness(&heard, &sound::envelope(&said[26 * 48_000..]));
    assert!(likeness > 0.95, "{likeness}");
    let stats = hall.mixer.source_stats(SpeakerId(0)).expect("the speaker is there");
    assert_eq!((stats.late, stats.dropped), (0, 0), "{stats:?}");
}

#[test]
fn a_stalled_shell_catches_up() {
    // The thread stands still for 1.5 s: packets wait outside, then all ticks come in a row.
    let said = sound::packets(0, &sound::tone(440.0, 0.2, 10 * 48_000), Voice::default());
    let mut hall = Hall::on_air(Channels::Mono, &[0]);
    let (before, after): (Vec<_>, Vec<_>) = said.into_iter().partition(|p| p.arrival.0 - START.0 < 3_000_000);
    hall.send(before);
    hall.run_seconds(3.0);
    let (during, after): (Vec<_>, Vec<_>) =
        after.into_iter().partition(|p| p.arrival.0 - START.0 < 4_500_000);
    during.into_iter().for_each(|packet| hall.mixer.packet(packet));
    hall.send(after);
    hall.run_seconds(7.0);
    let stats = hall.mixer.source_stats(SpeakerId(0)).expect("the speaker is there");
    assert_eq!((stats.late, stats.dropped), (0, 0), "{stats:?}");
    assert_eq!(hall.chunks.len(), 500 / 16);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_packets_at_all_leave_finite_sound(
        packets in prop::collection::vec(
            (0u32..3, any::<u16>(), any::<u64>(), 0u32..64, prop::collection::vec(any::<u8>(), 0..120), 0u64..600_000),
            0..300,
        ),
    ) {
        let mut hall = Hall::on_air(Channels::Stereo, &[0, 1, 2]);
        hall.send(packets.into_iter().map(|(speaker, seq, rtp, shift, payload, at_us)| {
            packet(speaker, u64::from(seq), rtp >> shift, payload, at_us)
        }));
        hall.run_seconds(0.96);
        prop_assert_eq!(hall.chunks.len(), 3);
        prop_assert!(hall.programme(Rendition::Opus64).iter().all(|x| x.is_finite()));
        for report in hall.reports.iter().flatten() {
            prop_assert!((-90.0..=15.0).contains(&report.level_dbfs));
        }
    }
}
