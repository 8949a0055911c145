//! Packets of sound from somebody who was let onto the stage.

use std::time::Duration;

use stentor_audio::{Mixer, MixerCommand, MixerConfig, MixerOutput, Programme, SourcePacket};
use stentor_types::{Channels, Codec, Epoch, Mono, Position, Slot, SpeakerId, Treatment};

/// Frames of 20 ms that are mixed at most: three chunks.
const TICKS_MAX: usize = 48;

/// Whatever is in a packet, its mixer makes whole chunks at its own pace. The bytes are packets: length,
/// what the sequence number rises by and whether it is a copy, what the time rises by in units of 120 samples, and the
/// payload. Taken is what was decoded.
pub fn opus(bytes: &[u8]) -> bool {
    let speaker = SpeakerId(1);
    let first = Position { epoch: Epoch(1), slot: Slot(0) };
    let (channels, start) = (Channels::Mono, Mono(0));
    let config = MixerConfig { channels, first, start, delay: Duration::ZERO, own_tracks: true };
    let mut mixer = Mixer::new(config).expect("there is memory");
    let name = "Ada".parse().expect("a name");
    mixer
        .handle(MixerCommand::AddSource { speaker, name, hears: true, treatment: Treatment::default() })
        .expect("there is room");
    mixer.handle(MixerCommand::Programme(Programme::Stage)).expect("a programme");
    let (mut rest, mut seq, mut rtp_time) = (bytes, 0u64, 0u64);
    let (mut packets, mut chunks) = (0, 0);
    for _ in 0..TICKS_MAX {
        if let [len, seq_step, time_step, behind @ ..] = rest {
            let (payload, behind) = behind.split_at(behind.len().min(usize::from(*len)));
            seq += u64::from(seq_step & 0x7F);
            let is_copy = seq_step & 0x80 != 0;
            rtp_time += u64::from(*time_step) * 120;
            packets += u64::from(!payload.is_empty());
            let payload = payload.to_vec().into();
            let arrival = mixer.next_tick();
            mixer.packet(SourcePacket { speaker, seq, rtp_time, payload, arrival, is_copy });
            rest = behind;
        }
        mixer.tick();
        while let Some(output) = mixer.poll_output() {
            let MixerOutput::Chunk(chunk) = output else { continue };
            assert_eq!(chunk.position.slot, Slot(chunks));
            chunks += 1;
            for rendition in chunk.frames.set().iter() {
                let frames = chunk.frames.get(rendition).expect("it is in the set");
                assert_eq!(frames.count(), if rendition.codec() == Codec::Opus { 16 } else { 15 });
            }
        }
    }
    assert_eq!(chunks, TICKS_MAX as u64 / 16);
    let stats = mixer.source_stats(speaker).expect("the speaker is there");
    packets > 0 && stats.garbage == 0
}
