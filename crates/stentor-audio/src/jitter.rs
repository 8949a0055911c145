//! The jitter buffer: which packet is due, and what to do when it is not there.
//!
//! It knows packets and times, no codec. Three quantities steer it, all in samples:
//! - *headroom*: how long a packet without any delay on its way would have waited when its turn comes;
//! - *target*: the headroom that covers the jitter measured of late ([`TransitWindow`]);
//! - *surplus*: headroom minus target. The source shortens sound that has too much of it and lengthens
//!   sound that has too little; a packet that is missing while there is too little is waited for.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use stentor_types::SpeakerId;
use stentor_types::time::{Mono, SAMPLE_RATE_HZ};

use crate::transit::TransitWindow;

/// One RTP packet of a speaker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourcePacket {
    /// Who sent it.
    pub speaker: SpeakerId,
    /// RTP sequence number, extended so that it does not wrap.
    pub seq: u64,
    /// RTP time of the first sample at 48 kHz, extended so that it does not wrap.
    pub rtp_time: u64,
    /// One Opus packet (RFC 6716 §3). May be empty or garbage.
    pub payload: Bytes,
    /// When it came in.
    pub arrival: Mono,
    /// Whether it is missing so far and came as a copy inside a later packet.
    pub is_copy: bool,
}

/// What a source has been through since it was added. Everything but the two delays only rises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceStats {
    /// Packets taken in, without copies.
    pub packets: u64,
    /// Copies taken in place of packets that were lost.
    pub copies: u64,
    /// Packets without payload, skipped: browsers probe with them.
    pub empty: u64,
    /// Packets that no Opus decoder takes.
    pub garbage: u64,
    /// Packets that were already there.
    pub duplicate: u64,
    /// Packets that came after their turn.
    pub late: u64,
    /// Packets thrown away because the buffer was full or far behind.
    pub dropped: u64,
    /// How often the stream began anew: first packets and wild jumps of its clock.
    pub resyncs: u64,
    /// Samples concealed or recovered in place of lost or late packets.
    pub concealed_samples: u64,
    /// Samples whose packets were lost or late, however well they were replaced. What a speaker does not send because
    /// they are silent is not among them.
    pub missing_samples: u64,
    /// Samples cut out to catch up.
    pub shortened_samples: u64,
    /// Samples put in to fall back.
    pub lengthened_samples: u64,
    /// How much delay the buffer aims at now.
    pub target_ms: u32,
    /// How much delay it has now.
    pub headroom_ms: u32,
}

const fn ms(ms: i64) -> i64 {
    ms * SAMPLE_RATE_HZ as i64 / 1000
}

/// The least target: one frame, because packets are fetched in steps of 20 ms.
const TARGET_MIN: i64 = ms(20);
/// The target while less than 2 s of the stream are known.
const TARGET_START: i64 = ms(40);
/// The greatest target: who is further behind cannot take part in a conversation.
const TARGET_MAX: i64 = ms(400);
/// What the target adds to the measured jitter: with 10 ms, four packets in a minute came after their turn on a quiet line.
const TARGET_MARGIN: i64 = ms(15);
/// A lack of headroom that is left alone.
pub(crate) const LACK_TOLERATED: i64 = ms(10);
/// A surplus beyond this is skipped instead of played faster.
const SURPLUS_MAX: i64 = ms(600);
/// After so much concealment in a row there is silence, and the next packet starts a new talk spurt.
pub(crate) const CONCEAL_MAX: i64 = ms(100);
/// A transit that differs by more is another clock, not jitter.
const JUMP: i64 = ms(2000);
/// Packets kept: a second of the shortest, 2.5 ms.
const PACKETS_MAX: usize = 400;
/// Bytes kept: a second at Opus' highest rate of 510 kbit/s is 64 kB; twice that.
const BYTES_MAX: usize = 128 * 1024;
/// Packets taken between two ticks: one second's worth, as after a stall of the network. The rest
/// is somebody wasting our time.
const PACKETS_PER_TICK_MAX: u32 = 400;
/// Bytes of one payload: RTP over UDP or TCP carries less, and 60 ms of Opus at most 3 × 1,275.
const PAYLOAD_BYTES_MAX: usize = 4096;
/// RTP times beyond this are not extended 32-bit times but an attempt on our arithmetic.
const RTP_TIME_MAX: u64 = 1 << 60;
/// Played RTP times remembered to tell duplicates from late packets.
const PLAYED_KEPT: usize = 64;
/// One gap counts as 5 s at most: what is older is past mending.
const MISSING_MAX: i64 = ms(5000);
/// After a packet that only a copy could replace, copies are waited for so long: 16 s, as long as jitter is remembered.
const COPIES_WAITED_FOR: i64 = ms(16_000);
/// Sampling steps of libopus for concealment: 2.5 ms.
const CONCEAL_STEP: i64 = 120;

#[derive(Debug)]
struct Waiting {
    seq: u64,
    is_copy: bool,
    payload: Bytes,
    duration: i64,
    frame: i64,
}

/// What the source has to produce next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nobody talks: silence until the next tick.
    Silence,
    /// Decode this packet and leave out its first `skip` samples, which were concealed already.
    Decode { payload: Bytes, duration: usize, skip: usize },
    /// The packet before this one is lost; this one may carry a copy (RFC 6716 §2.1.7).
    Recover { following: Bytes, samples: usize },
    /// Make up this many samples.
    Conceal { samples: usize },
}

#[derive(Debug)]
struct Playing {
    /// RTP time of the next sample to produce.
    head: i64,
    /// Samples made up since the last packet.
    concealed: i64,
}

/// The packets of one speaker, in order, and the decision what to play.
#[derive(Debug, Default)]
pub(crate) struct JitterBuffer {
    waiting: BTreeMap<i64, Waiting>,
    bytes: usize,
    transit: TransitWindow,
    playing: Option<Playing>,
    /// RTP time after the last sample decoded; what is older is late.
    decoded_until: i64,
    last_seq: Option<u64>,
    last_duration: i64,
    played: VecDeque<i64>,
    /// Samples since the last one that came out of a packet.
    made_up: i64,
    /// Until then a copy, which comes with the next packet, is waited for as if it were the packet itself.
    copies_until: Option<i64>,
    /// Transit of the one packet that jumped; a second one like it proves a new clock.
    jumped: Option<i64>,
    since_tick: u32,
    /// Surplus when the first packet of this tick had its turn.
    surplus: Option<i64>,
    stats: SourceStats,
}

impl JitterBuffer {
    /// Takes a packet in. `arrival` counts samples on the mixer's clock. Returns whether it is a
    /// sign of life: well-formed and not one too many.
    pub(crate) fn insert(&mut self, seq: u64, rtp_time: u64, payload: Bytes, arrival: i64) -> bool {
        self.stats.packets += 1;
        if payload.is_empty() {
            self.since_tick += 1;
            self.stats.empty += 1;
            return false;
        }
        let Some((rtp_time, packet)) = self.examine(seq, rtp_time, payload) else { return false };
        let transit = arrival - rtp_time;
        if self.is_jump(transit, arrival) {
            return true;
        }
        if self.is_known(rtp_time) {
            self.stats.duplicate += 1;
            return true;
        }
        self.transit.record(arrival, transit);
        if self.is_past(rtp_time, packet.duration) {
            self.stats.late += 1;
            return true;
        }
        self.keep(rtp_time, packet);
        true
    }

    /// Takes in a copy that a later packet carried. It fills a gap or is forgotten: when it came says nothing about its
    /// way, and a stream begins with packets of its own.
    pub(crate) fn insert_copy(&mut self, seq: u64, rtp_time: u64, payload: Bytes, arrival: i64) {
        let Some((rtp_time, packet)) = self.examine(seq, rtp_time, payload) else { return };
        let transit = arrival - rtp_time;
        let is_of_this_clock = self.transit.base(arrival).is_some_and(|base| (transit - base).abs() <= JUMP);
        if !is_of_this_clock || self.is_known(rtp_time) {
            return;
        }
        self.copies_until = Some(arrival + COPIES_WAITED_FOR);
        if !self.is_past(rtp_time, packet.duration) {
            self.stats.copies += 1;
            self.keep(rtp_time, Waiting { is_copy: true, ..packet });
        }
    }

    /// The packet and its RTP time, if there is room for it and an Opus decoder would take it.
    fn examine(&mut self, seq: u64, rtp_time: u64, payload: Bytes) -> Option<(i64, Waiting)> {
        self.since_tick += 1;
        if self.since_tick > PACKETS_PER_TICK_MAX {
            self.stats.dropped += 1;
            return None;
        }
        let durations = durations(&payload);
        let Some((duration, frame)) =
            durations.filter(|_| payload.len() <= PAYLOAD_BYTES_MAX && rtp_time <= RTP_TIME_MAX)
        else {
            self.stats.garbage += 1;
            return None;
        };
        Some((rtp_time as i64, Waiting { seq, is_copy: false, payload, duration, frame }))
    }

    fn is_known(&self, rtp_time: i64) -> bool {
        self.waiting.contains_key(&rtp_time) || self.played.contains(&rtp_time)
    }

    /// Whether its turn is over.
    fn is_past(&self, rtp_time: i64, duration: i64) -> bool {
        rtp_time < self.decoded_until || self.is_concealed(rtp_time + duration)
    }

    fn keep(&mut self, rtp_time: i64, packet: Waiting) {
        self.bytes += packet.payload.len();
        self.waiting.insert(rtp_time, packet);
        while self.waiting.len() > PACKETS_MAX || self.bytes > BYTES_MAX {
            self.drop_first();
        }
    }

    /// Begins a tick: `now` is its time on the mixer's clock in samples.
    pub(crate) fn begin_tick(&mut self, now: i64) {
        self.since_tick = 0;
        self.surplus = None;
        self.skip_backlog(now);
    }

    /// What to produce next, when `want` samples are still missing from this tick's frame.
    pub(crate) fn next(&mut self, now: i64, want: usize) -> Step {
        if self.playing.is_none() && !self.start(now) {
            self.made_up = self.made_up.saturating_add(want as i64);
            return Step::Silence;
        }
        self.drop_overlapping();
        let (headroom, target) = (self.headroom(now), self.target(now));
        let playing = self.playing.as_mut().expect("started above");
        let head = playing.head;
        let Some(first) = self.waiting.first_entry() else {
            return self.starve(now, want as i64);
        };
        let rtp_time = *first.key();
        if rtp_time <= head {
            let packet = first.remove();
            self.bytes -= packet.payload.len();
            self.observe(headroom.unwrap_or(target), target);
            return self.decode(rtp_time, packet);
        }
        let lost = self.last_seq.is_none_or(|last| first.get().seq != last.wrapping_add(1));
        let short = headroom.is_some_and(|headroom| headroom + LACK_TOLERATED < target);
        if lost && short || playing.concealed >= CONCEAL_MAX {
            return self.starve(now, want as i64);
        }
        let gap = rtp_time - head;
        let copy = if lost { first.get().frame } else { 0 };
        if lost && gap <= copy {
            let following = first.get().payload.clone();
            self.advance(gap);
            return Step::Recover { following, samples: gap as usize };
        }
        let samples = (gap - copy).min(want as i64);
        self.advance(samples);
        Step::Conceal { samples: samples as usize }
    }

    /// Headroom minus target when the first packet of this tick was fetched, if one was.
    pub(crate) fn surplus(&self) -> Option<i64> {
        self.surplus
    }

    /// Samples made up since the last packet.
    pub(crate) fn concealed(&self) -> i64 {
        self.playing.as_ref().map_or(0, |playing| playing.concealed)
    }

    /// Whether the newest sound came out of a packet.
    pub(crate) fn is_fed(&self) -> bool {
        self.made_up == 0 && self.last_seq.is_some()
    }

    pub(crate) fn stats(&self) -> &SourceStats {
        &self.stats
    }

    pub(crate) fn stats_mut(&mut self) -> &mut SourceStats {
        &mut self.stats
    }

    /// From silence: begins with the first packet that waits, once it has waited for the target.
    fn start(&mut self, now: i64) -> bool {
        let (Some(base), Some((&rtp_time, _))) = (self.transit.base(now), self.waiting.first_key_value())
        else {
            return false;
        };
        if now - base - rtp_time < self.target(now) {
            return false;
        }
        self.playing = Some(Playing { head: rtp_time, concealed: 0 });
        true
    }

    /// Nothing is there to play. While headroom is short the sound is waited for, which makes
    /// headroom; otherwise time goes on without it.
    fn starve(&mut self, now: i64, want: i64) -> Step {
        let short = self.headroom(now).is_some_and(|headroom| headroom + LACK_TOLERATED < self.target(now));
        let playing = self.playing.as_mut().expect("only called while playing");
        if playing.concealed >= CONCEAL_MAX {
            self.playing = None;
            return Step::Silence;
        }
        playing.concealed += want;
        self.made_up = self.made_up.saturating_add(want);
        if !short {
            playing.head += want;
        }
        self.stats.concealed_samples += want as u64;
        Step::Conceal { samples: want as usize }
    }

    fn observe(&mut self, headroom: i64, target: i64) {
        if self.surplus.is_some() {
            return;
        }
        self.surplus = Some(headroom - target);
        let millis = |samples: i64| u32::try_from(samples / ms(1)).unwrap_or(0);
        self.stats.headroom_ms = millis(headroom);
        self.stats.target_ms = millis(target);
    }

    fn advance(&mut self, samples: i64) {
        let playing = self.playing.as_mut().expect("only called while playing");
        playing.head += samples;
        playing.concealed += samples;
        self.made_up = self.made_up.saturating_add(samples);
        self.stats.concealed_samples += samples as u64;
    }

    fn decode(&mut self, rtp_time: i64, packet: Waiting) -> Step {
        let lost = if packet.is_copy { packet.duration } else { 0 };
        self.stats.missing_samples += (lost + self.missing_before(rtp_time, packet.seq)) as u64;
        self.made_up = 0;
        let playing = self.playing.as_mut().expect("only called while playing");
        let skip = (playing.head - rtp_time).min(packet.duration);
        let end = rtp_time + packet.duration;
        *playing = Playing { head: playing.head.max(end), concealed: 0 };
        self.decoded_until = end;
        self.last_seq = Some(packet.seq);
        self.last_duration = packet.duration;
        if self.played.len() == PLAYED_KEPT {
            self.played.pop_front();
        }
        self.played.push_back(rtp_time);
        Step::Decode { payload: packet.payload, duration: packet.duration as usize, skip: skip as usize }
    }

    /// Samples that should have come between the last packet and this one, or have come too late.
    fn missing_before(&self, rtp_time: i64, seq: u64) -> i64 {
        let Some(lost) = self.last_seq.and_then(|last| seq.checked_sub(last.saturating_add(1))) else {
            return 0;
        };
        let gap = rtp_time.saturating_sub(self.decoded_until).max(0);
        let missing = match (lost, gap) {
            (0, 0) => self.made_up,
            // The next packet in number and not in time: the speaker was silent (RFC 7587 §3.1.3).
            (0, _) => 0,
            (lost, gap) => {
                gap.min(self.last_duration.saturating_mul(i64::try_from(lost).unwrap_or(i64::MAX)))
            }
        };
        missing.min(MISSING_MAX)
    }

    /// Whether the sound up to this RTP time has been replaced by concealment for good.
    fn is_concealed(&self, until: i64) -> bool {
        self.playing.as_ref().is_some_and(|playing| until <= playing.head)
    }

    fn headroom(&self, now: i64) -> Option<i64> {
        Some(now - self.transit.base(now)? - self.playing.as_ref()?.head)
    }

    fn target(&self, now: i64) -> i64 {
        let floor = if self.transit.is_young(now) { TARGET_START } else { TARGET_MIN };
        // Of packets shorter than a frame several are fetched in one tick, the last of them early.
        let early = (TARGET_MIN - self.last_duration).clamp(0, TARGET_MIN);
        let copy = if self.copies_until.is_some_and(|until| now < until) { self.last_duration } else { 0 };
        ((self.transit.jitter(now) + TARGET_MARGIN).max(floor) + copy).min(TARGET_MAX) + early
    }

    /// A transit far off the others is dropped, and if the next one agrees with it, the stream
    /// begins anew. One stray packet changes nothing.
    fn is_jump(&mut self, transit: i64, arrival: i64) -> bool {
        let Some(base) = self.transit.base(arrival) else {
            self.stats.resyncs += 1;
            self.restart();
            return false;
        };
        if (transit - base).abs() <= JUMP {
            self.jumped = None;
            return false;
        }
        let agreed = self.jumped.is_some_and(|jumped| (transit - jumped).abs() <= JUMP);
        self.jumped = Some(transit);
        if !agreed {
            self.stats.dropped += 1;
            return true;
        }
        self.stats.resyncs += 1;
        self.restart();
        false
    }

    fn restart(&mut self) {
        self.stats.dropped += self.waiting.len() as u64;
        self.waiting.clear();
        self.bytes = 0;
        self.transit = TransitWindow::default();
        self.playing = None;
        self.decoded_until = i64::MIN;
        self.last_seq = None;
        self.made_up = 0;
        self.played.clear();
        self.copies_until = None;
        self.jumped = None;
    }

    /// After an outage a burst of old sound may come in: what is hopelessly behind is skipped.
    fn skip_backlog(&mut self, now: i64) {
        let Some(base) = self.transit.base(now) else { return };
        let oldest = now - base - self.target(now) - SURPLUS_MAX;
        while self.waiting.first_key_value().is_some_and(|(&rtp_time, _)| rtp_time < oldest) {
            self.drop_first();
        }
        if self.playing.as_ref().is_some_and(|playing| playing.head < oldest) {
            self.playing = None;
        }
    }

    /// Leaves out packets that say what was said already, undecoded: each decode has to bring the
    /// sound on, or a stream of overlapping packets would buy hundreds of decodes a tick.
    fn drop_overlapping(&mut self) {
        let head = self.playing.as_ref().map_or(i64::MIN, |playing| playing.head);
        while let Some(first) = self.waiting.first_entry() {
            let rtp_time = *first.key();
            if rtp_time >= self.decoded_until && rtp_time + first.get().duration > head {
                return;
            }
            let packet = first.remove();
            self.bytes -= packet.payload.len();
            self.stats.late += u64::from(!packet.is_copy);
        }
    }

    fn drop_first(&mut self) {
        if let Some((_, packet)) = self.waiting.pop_first() {
            self.bytes -= packet.payload.len();
            self.stats.dropped += 1;
        }
    }
}

/// Samples of a whole packet and of one frame in it, or `None` if libopus will not take it.
fn durations(payload: &[u8]) -> Option<(i64, i64)> {
    let duration = opus::packet::get_nb_samples(payload, SAMPLE_RATE_HZ).ok()? as i64;
    let frame = opus::packet::get_samples_per_frame(payload, SAMPLE_RATE_HZ).ok()? as i64;
    // 120 ms is the longest packet (RFC 6716 §3.2.5, R5).
    ((CONCEAL_STEP..=ms(120)).contains(&duration)).then_some((duration, frame))
}
