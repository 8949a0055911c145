//! Bad networks, by name: what a speaker said is still what the programme says.

use crate::sound::{self, Hall, Voice, envelope, likeness, random};
use stentor_audio::{SourcePacket, SourceStats};
use stentor_types::{Channels, Rendition, SpeakerId};

const SPEAKER: SpeakerId = SpeakerId(0);

/// What happens to packets on their way.
type Weather = fn(Vec<SourcePacket>) -> Vec<SourcePacket>;

struct Network {
    name: &'static str,
    weather: Weather,
    likeness_min: f32,
    headroom_ms_max: u32,
}

/// From good to bad. Delays are on top of the fastest packet's.
const LADDER: [Network; 7] = [
    Network { name: "cable", weather: |packets| packets, likeness_min: 0.96, headroom_ms_max: 60 },
    Network { name: "wifi, 5 % lost", weather: |p| lose(p, 0.05), likeness_min: 0.95, headroom_ms_max: 60 },
    Network { name: "train, 10 % lost", weather: |p| lose(p, 0.10), likeness_min: 0.9, headroom_ms_max: 60 },
    Network {
        name: "train, 10 % lost, with copies",
        weather: |p| lose(with_copies(p), 0.10),
        likeness_min: 0.95,
        headroom_ms_max: 60,
    },
    Network {
        name: "mobile, 120 ms jitter",
        weather: |p| delay(p, 120),
        likeness_min: 0.9,
        headroom_ms_max: 170,
    },
    Network { name: "stadium, bursts of 200 ms", weather: bursts, likeness_min: 0.9, headroom_ms_max: 260 },
    Network { name: "two paths, all twice", weather: twice, likeness_min: 0.95, headroom_ms_max: 90 },
];

fn lose(packets: Vec<SourcePacket>, share: f64) -> Vec<SourcePacket> {
    let mut dice = 7;
    let mut is_lost = false;
    let mut arrives = |packet: &SourcePacket| {
        // A copy is on board of the packet that stands before it.
        is_lost = if packet.is_copy { is_lost } else { random(&mut dice) < share };
        !is_lost
    };
    packets.into_iter().filter(|packet| arrives(packet)).collect()
}

/// Each packet comes again inside the next.
fn with_copies(packets: Vec<SourcePacket>) -> Vec<SourcePacket> {
    let copies: Vec<_> = packets
        .windows(2)
        .map(|pair| SourcePacket { arrival: pair[1].arrival, is_copy: true, ..pair[0].clone() })
        .collect();
    let first = packets[0].clone();
    let later = packets.into_iter().skip(1).zip(copies).flat_map(|(packet, copy)| [packet, copy]);
    std::iter::once(first).chain(later).collect()
}

/// Each packet has a delay of its own, so they overtake one another.
fn delay(mut packets: Vec<SourcePacket>, ms_max: u64) -> Vec<SourcePacket> {
    let mut dice = 11;
    for packet in &mut packets {
        packet.arrival.0 += (random(&mut dice) * ms_max as f64 * 1000.0) as u64;
    }
    packets
}

/// Nothing for 200 ms, then all at once.
fn bursts(mut packets: Vec<SourcePacket>) -> Vec<SourcePacket> {
    for packet in &mut packets {
        packet.arrival.0 = packet.arrival.0.next_multiple_of(200_000);
    }
    packets
}

fn twice(packets: Vec<SourcePacket>) -> Vec<SourcePacket> {
    let mut again = delay(packets.clone(), 60);
    again.extend(packets);
    again
}

fn stats(hall: &Hall) -> SourceStats {
    hall.mixer.source_stats(SPEAKER).expect("the speaker is there")
}

/// The part after the first 4 s, in which the buffer learns.
fn settled(sound: &[f32]) -> Vec<f32> {
    envelope(&sound[4 * 48_000..])
}

#[test]
fn speech_survives_the_ladder() {
    let said = sound::speech(130.0, 0.5, 24 * 48_000);
    for network in &LADDER {
        let mut hall = Hall::on_air(Channels::Mono, &[0]);
        hall.send((network.weather)(sound::packets(0, &said, Voice::default())));
        hall.run_seconds(8.0);
        let learnt = stats(&hall);
        hall.run_seconds(16.0);
        let end = stats(&hall);
        let (likeness, _) = likeness(&settled(&hall.programme(Rendition::Opus64)), &settled(&said));
        assert!(likeness >= network.likeness_min, "{}: {likeness}", network.name);
        assert!(end.headroom_ms <= network.headroom_ms_max, "{}: {end:?}", network.name);
        assert_eq!(end.garbage + end.dropped, 0, "{}", network.name);
        let late = end.late - learnt.late;
        assert!(late <= 4, "{}: {late} packets late after the buffer has learnt", network.name);
    }
}

/// A copy comes a packet later than what it replaces: on a line without any jitter the buffer has to be deeper by that, once
/// something was lost, and no deeper than that.
#[test]
fn what_is_lost_on_a_steady_line_is_heard_from_its_copy() {
    let said = sound::speech(130.0, 0.5, 20 * 48_000);
    let mut hall = Hall::on_air(Channels::Mono, &[0]);
    let sent = with_copies(sound::packets(0, &said, Voice::default()));
    // Every tenth, and never two in a row.
    let lost = |packet: &SourcePacket| packet.seq % 10 == 3 && !packet.is_copy;
    let carried_by_lost = |packet: &SourcePacket| packet.seq % 10 == 2 && packet.is_copy;
    hall.send(sent.into_iter().filter(|packet| !lost(packet) && !carried_by_lost(packet)));
    hall.run_seconds(4.0);
    let learnt = stats(&hall);
    hall.run_seconds(16.0);
    let end = stats(&hall);
    assert_eq!(end.concealed_samples, learnt.concealed_samples, "{end:?}");
    assert!(end.copies - learnt.copies >= 75, "{end:?}");
    assert!(end.headroom_ms <= 60, "{end:?}");
}

#[test]
fn every_packet_duration_of_opus_is_taken() {
    let said = sound::speech(130.0, 0.5, 8 * 48_000);
    for frame_samples in [120, 240, 480, 960, 1_920, 2_880, 5_760] {
        let voice = Voice { frame_samples, ..Voice::default() };
        let mut hall = Hall::on_air(Channels::Mono, &[0]);
        hall.send(sound::packets(0, &said, voice));
        hall.run_seconds(8.0);
        let (likeness, _) = likeness(&settled(&hall.programme(Rendition::Opus64)), &settled(&said));
        assert!(likeness > 0.95, "{frame_samples} samples: {likeness}");
        let end = stats(&hall);
        assert!(end.headroom_ms <= 80, "{frame_samples} samples: {end:?}");
        assert_eq!((end.late, end.duplicate, end.garbage, end.dropped), (0, 0, 0, 0), "{frame_samples}");
    }
}

#[test]
fn an_outage_is_caught_up_with() {
    let said = sound::speech(130.0, 0.5, 12 * 48_000);
    let mut packets = sound::packets(0, &said, Voice::default());
    // Second 4 to 5.5 come in one burst, as over TCP after a lost segment.
    for packet in &mut packets {
        let us = packet.arrival.0 - sound::START.0;
        if (4_000_000..5_500_000).contains(&us) {
            packet.arrival.0 = sound::START.0 + 5_500_000;
        }
    }
    let mut hall = Hall::on_air(Channels::Mono, &[0]);
    hall.send(packets);
    hall.run_seconds(12.0);
    let end = stats(&hall);
    assert!(end.headroom_ms <= 100, "{end:?}");
    let heard = envelope(&hall.programme(Rendition::Opus64)[9 * 48_000..]);
    assert!(likeness(&heard, &envelope(&said[9 * 48_000..])).0 > 0.95);
}
