//! Who is backstage is heard by those who are backstage as well, and by nobody else.

use crate::sound::{self, FRAME, Hall, Voice, pitch_dbfs};
use proptest::prelude::*;
use stentor_audio::{MixerCommand, Programme, SourcePacket};
use stentor_types::{Channels, MarkBody, Place, Rendition, SlateReason, SpeakerId, Treatment};

/// Far from the slate's partials and from one another.
const ON_AIR_HZ: [f32; 3] = [1_650.0, 1_900.0, 2_150.0];
const BACKSTAGE_HZ: [f32; 3] = [2_500.0, 2_800.0, 3_100.0];

/// The loudest 60 ms of a pitch.
fn loudest_dbfs(heard: &[f32], hz: f32) -> f32 {
    let windows = heard.windows(3 * FRAME).step_by(FRAME);
    windows.map(|window| pitch_dbfs(window, hz)).fold(f32::MIN, f32::max)
}

fn add(hall: &mut Hall, speaker: u32, place: Place) {
    hall.add(speaker, true);
    hall.place(speaker, place);
}

fn from(mut packets: Vec<SourcePacket>, tick: u64) -> Vec<SourcePacket> {
    packets.iter_mut().for_each(|packet| packet.arrival.0 += tick * 20_000);
    packets
}

#[test]
fn backstage_hears_everybody_and_is_heard_backstage_only() {
    let mut hall = Hall::on_air(Channels::Mono, &[]);
    for (speaker, place) in
        [(0, Place::OnAir), (1, Place::OnAir), (2, Place::Backstage), (3, Place::Backstage)]
    {
        add(&mut hall, speaker, place);
    }
    hall.send(sound::packets(0, &sound::tone(ON_AIR_HZ[0], 0.2, 3 * 48_000), Voice::default()));
    hall.send(sound::packets(2, &sound::tone(BACKSTAGE_HZ[0], 0.2, 3 * 48_000), Voice::default()));
    hall.run_seconds(3.0);
    let outside = [hall.programme(Rendition::Opus64), hall.heard_by(0), hall.heard_by(1)];
    for heard in &outside {
        let level = loudest_dbfs(heard, BACKSTAGE_HZ[0]);
        assert!(level < -60.0, "backstage is heard at {level} dBFS");
    }
    for (heard, on_air, backstage) in
        [(hall.heard_by(1), true, false), (hall.heard_by(2), true, false), (hall.heard_by(3), true, true)]
    {
        let second = &heard[2 * 48_000..][..24_000];
        assert_eq!(pitch_dbfs(second, ON_AIR_HZ[0]) > -30.0, on_air);
        assert_eq!(pitch_dbfs(second, BACKSTAGE_HZ[0]) > -30.0, backstage);
    }
    // Who talks is lit up wherever they are; listeners learn of those on air.
    let last = hall.reports.last().expect("a report every 200 ms");
    let talking: Vec<_> =
        last.iter().filter(|report| report.talking).map(|report| report.speaker.0).collect();
    assert_eq!(talking, [0, 2]);
    let names = |mark: &MarkBody| match mark {
        MarkBody::Speaking { names } => names.iter().map(|name| name.to_string()).collect(),
        _ => Vec::new(),
    };
    let spoke: Vec<String> = hall.marks.iter().flat_map(|mark| names(&mark.body)).collect();
    assert_eq!(spoke, ["Speaker 0"]);
    // Silent people share an encode in each place.
    let shared = |speaker| hall.feedback[&SpeakerId(speaker)].last().map(|(_, with, _)| *with);
    assert_eq!([shared(0), shared(1), shared(2), shared(3)], [Some(1); 4]);
}

#[test]
fn a_stage_with_everybody_backstage_is_slate() {
    let mut hall = Hall::on_air(Channels::Mono, &[]);
    add(&mut hall, 0, Place::Backstage);
    hall.send(sound::packets(0, &sound::tone(BACKSTAGE_HZ[0], 0.2, 8 * 48_000), Voice::default()));
    hall.run_seconds(2.0);
    hall.place(0, Place::OnAir);
    let on_air = hall.mixer.next_media_time();
    hall.run_seconds(2.0);
    hall.place(0, Place::Backstage);
    let gone = hall.mixer.next_media_time();
    hall.run_seconds(4.0);
    let nobody = MarkBody::Slate { reason: SlateReason::NobodyConnected };
    let slates: Vec<_> = hall
        .marks
        .iter()
        .filter(|mark| !matches!(mark.body, MarkBody::Speaking { .. }))
        .map(|mark| (mark.at, mark.body.clone()))
        .collect();
    let start = sound::FIRST.slot.start();
    // The newest packet on air came with the frame before, and 2 s later nobody is heard of.
    let absent = gone.plus_samples(2 * 48_000);
    assert_eq!(slates, [(start, nobody.clone()), (on_air, MarkBody::SlateOver), (absent, nobody)]);
}

/// Who goes backstage sounds from there on, to all others, as if they had left: nothing of the frame in which
/// they go gets out, and it ends without a click.
#[test]
fn going_backstage_is_heard_like_leaving() {
    let evening = |going: MixerCommand| {
        let mut hall = Hall::on_air(Channels::Mono, &[0, 1]);
        hall.send(sound::packets(0, &sound::speech(120.0, 0.1, 3 * 48_000), Voice::default()));
        hall.send(sound::packets(1, &sound::tone(200.0, 0.5, 3 * 48_000), Voice::default()));
        hall.run_seconds(1.5);
        hall.order(going);
        hall.run_seconds(1.5);
        hall
    };
    let backstage = Treatment { place: Place::Backstage, ..Treatment::default() };
    let gone = evening(MixerCommand::RemoveSource(SpeakerId(1)));
    let went = evening(MixerCommand::Treat { speaker: SpeakerId(1), treatment: backstage });
    assert_eq!(gone.chunks, went.chunks);
    assert_eq!(gone.heard_by(0), went.heard_by(0));
    let heard = went.programme(Rendition::Opus64);
    let step = |from: usize, to: usize| {
        heard[from..to].windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max)
    };
    // The voice that stays is the measure; a cut at the hum's peak would be far above it.
    let (before, after) = (step(24_000, 67_200), step(67_200, 134_400));
    assert!(after < before * 1.1, "a step of {after} against {before}");
}

/// Two evenings with the same people on air: one with somebody backstage who talks, throws packets about,
/// comes and goes and is muted, one without. Nobody outside can tell them apart, not by a single bit.
fn evening(doings: &[(u8, u64)], chatter: bool) -> Hall {
    let mut hall = Hall::closed(Channels::Mono);
    add(&mut hall, 0, Place::OnAir);
    add(&mut hall, 1, Place::OnAir);
    hall.send(sound::packets(0, &sound::speech(120.0, 0.4, 4 * 48_000), Voice::default()));
    hall.send(sound::packets(
        1,
        &sound::speech(190.0, 0.1, 4 * 48_000),
        Voice { dtx: true, ..Voice::default() },
    ));
    let said = sound::packets(7, &sound::speech(150.0, 0.9, 48_000), Voice::default());
    for &(doing, ticks) in doings {
        let backstage = Treatment { place: Place::Backstage, muted: doing % 2 == 0, noise_suppression: true };
        let treat = MixerCommand::Treat { speaker: SpeakerId(7), treatment: backstage };
        match doing {
            0 => hall.order(MixerCommand::Programme(Programme::Stage)),
            1 => hall.order(MixerCommand::Programme(Programme::Slate(SlateReason::Ended))),
            2 | 3 => hall.place(1, if doing == 2 { Place::OnAir } else { Place::Backstage }),
            4 if chatter => add(&mut hall, 7, Place::Backstage),
            5 if chatter => hall.order(MixerCommand::RemoveSource(SpeakerId(7))),
            6 | 7 if chatter => hall.order(treat),
            8 if chatter => hall.send(from(said.clone(), hall.ticks)),
            9 if chatter => {
                let wild = from(said.clone(), hall.ticks).into_iter().enumerate().map(|(i, mut packet)| {
                    packet.rtp_time = packet.rtp_time.wrapping_mul(i as u64 * 7919) >> (i % 40);
                    packet.payload = vec![i as u8; i * 31 % 2_000].into();
                    packet
                });
                hall.send(wild);
            }
            _ => {}
        }
        (0..ticks).for_each(|_| hall.tick());
    }
    hall
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn nobody_outside_can_tell_whether_backstage_talks(
        doings in prop::collection::vec((0u8..10, 1u64..30), 4..16),
    ) {
        let (silent, talking) = (evening(&doings, false), evening(&doings, true));
        prop_assert_eq!(&silent.chunks, &talking.chunks);
        prop_assert_eq!(&silent.marks, &talking.marks);
        // Person 0 is on air throughout. With whom they share a frame is none of their business.
        let heard = |hall: &Hall| hall.feedback[&SpeakerId(0)].iter().map(|(at, _, frame)| (*at, frame.clone())).collect::<Vec<_>>();
        prop_assert_eq!(heard(&silent), heard(&talking));
    }

    /// Everybody hums one pitch while on air and another one backstage. Those of backstage are nowhere in the
    /// programme, nor in what the one who stays on air hears.
    #[test]
    fn what_is_said_backstage_stays_there(
        steps in prop::collection::vec((prop::array::uniform2(any::<bool>()), any::<bool>(), 30usize..50), 3..6),
    ) {
        let mut hall = Hall::on_air(Channels::Mono, &[]);
        add(&mut hall, 2, Place::OnAir);
        let mut said = [Vec::new(), Vec::new()];
        for (on_air, _, ticks) in &steps {
            for speaker in 0..2 {
                let hz = if on_air[speaker] { ON_AIR_HZ[speaker] } else { BACKSTAGE_HZ[speaker] };
                // The last 0.3 s are silent: nothing is on its way when somebody goes on air.
                said[speaker].extend(sound::tone(hz, 0.2, (ticks - 15) * FRAME));
                said[speaker].resize(said[speaker].len() + 15 * FRAME, 0.0);
            }
        }
        hall.send(sound::packets(2, &sound::tone(ON_AIR_HZ[2], 0.2, said[0].len()), Voice::default()));
        for speaker in 0..2u32 {
            add(&mut hall, speaker, Place::Backstage);
            hall.send(sound::packets(speaker, &said[speaker as usize], Voice::default()));
        }
        for (on_air, is_stage, ticks) in &steps {
            for (speaker, &on_air) in (0..).zip(on_air) {
                hall.place(speaker, if on_air { Place::OnAir } else { Place::Backstage });
            }
            let slate = Programme::Slate(SlateReason::Ended);
            hall.order(MixerCommand::Programme(if *is_stage { Programme::Stage } else { slate }));
            (0..*ticks).for_each(|_| hall.tick());
        }
        let (programme, heard) = (hall.programme(Rendition::Opus64), hall.heard_by(2));
        for speaker in 0..2 {
            // A frame of it would be at −22 dBFS here.
            let hz = BACKSTAGE_HZ[speaker];
            prop_assert!(loudest_dbfs(&programme, hz) < -35.0);
            prop_assert!(loudest_dbfs(&heard, hz) < -35.0);
            let was_on_air = steps.iter().any(|(on_air, ..)| on_air[speaker]);
            prop_assert_eq!(loudest_dbfs(&heard, ON_AIR_HZ[speaker]) > -25.0, was_on_air);
        }
    }
}
