//! The feeds of a shard: the newest groups of the tapes that somebody listens to, and the openings with which listeners
//! join.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use stentor_fanout::{Coding, Fanout, FeedId, FeedSpec, Full, Joining, Limits, ListenerId, Pace, Piece};
use stentor_formats::{Container, Framer, Interval};
use stentor_types::{Frames, MediaTime, Mono, Now, Rendition, Slot, Wall};

use super::answer;
use super::caller::Brought;
use super::table::Key;
use crate::front::choice::{Choice, burst_groups};
use crate::metrics::FanoutGauges;
use crate::tape::{Framed, Live, LiveTape};

/// A hole that is longer than this ends a feed, since all of it would be filled at once: 60 s, as much as is kept. Whoever
/// listens comes again and begins behind it.
const HOLE_SLOTS_MAX: u64 = 188;

/// A feed of the fan-out, and what it is fed from.
struct Feed {
    id: FeedId,
    tape: Arc<LiveTape>,
    framer: Framer,
    key: (Container, Rendition, Interval),
    /// The first slot of the group that is published next.
    next: Slot,
    /// Nobody joins any more.
    is_closed: bool,
    /// For listeners of either coding, as long as nothing new was published.
    openings: [Option<Opening>; 2],
    /// Bytes sent since that was last said.
    sent: u64,
}

/// What a listener gets first, the same for all who join in one interval.
#[derive(Clone)]
struct Opening {
    bytes: Bytes,
    first: Slot,
    on_air_at: Option<MediaTime>,
}

/// Who sits in a seat of the fan-out. The fan-out gives a seat to somebody else before it has told of all who are gone from it,
/// so a seat is theirs only by their whole name.
struct Seat {
    id: ListenerId,
    connection: Key,
    feed: FeedId,
    /// Where they are counted, which may outlive the feed.
    counted: Counted,
}

/// The counts that a listener is part of.
struct Counted {
    tape: Arc<LiveTape>,
    container: Container,
    rendition: Rendition,
}

impl Counted {
    fn add(&self, gauges: &FanoutGauges, by: i64) {
        // Wraps around below zero and back: each is taken away once.
        let by = by as u64;
        self.tape.listeners.fetch_add(by, Relaxed);
        gauges.listeners(self.container, self.rendition).fetch_add(by, Relaxed);
    }
}

/// The listeners of a shard and what they listen to.
pub(super) struct Feeds {
    pub(super) fanout: Fanout,
    gauges: Arc<FanoutGauges>,
    /// By their seats in the fan-out.
    feeds: Vec<Option<Feed>>,
    pub(super) seats: Seats,
    /// Connections of those whose seat somebody else has already, until the fan-out tells that they are gone: as many as joined
    /// between two slices.
    unseated: Vec<(ListenerId, Key)>,
}

/// Listeners by their seats in the fan-out.
pub(super) struct Seats(Vec<Option<Seat>>);

impl Seats {
    /// The connection of somebody who listens.
    pub(super) fn connection(&self, id: ListenerId) -> Option<Key> {
        self.find(id).map(|seat| seat.connection)
    }

    fn find(&self, id: ListenerId) -> Option<&Seat> {
        self.0.get(id.index())?.as_ref().filter(|seat| seat.id == id)
    }

    /// Seats somebody; who sat there is gone, and comes back if they were not told of yet.
    fn put(&mut self, seat: Seat) -> Option<Seat> {
        let index = seat.id.index();
        if self.0.len() <= index {
            self.0.resize_with(index + 1, || None);
        }
        self.0[index].replace(seat)
    }

    fn take(&mut self, id: ListenerId) -> Option<Seat> {
        self.0.get_mut(id.index())?.take_if(|seat| seat.id == id)
    }
}

impl Feeds {
    pub(super) fn new(gauges: Arc<FanoutGauges>) -> Self {
        Self {
            fanout: Fanout::new(Limits::default()),
            gauges,
            feeds: Vec::new(),
            seats: Seats(Vec::new()),
            unseated: Vec::new(),
        }
    }

    /// Somebody joins.
    ///
    /// # Errors
    /// There is no room.
    pub(super) fn join(
        &mut self,
        now: Now,
        choice: &Choice,
        coding: Coding,
        connection: Key,
    ) -> Result<ListenerId, Full> {
        let place = match self.place_of(choice) {
            Some(place) => place,
            None => self.open(choice)?,
        };
        let feed = self.feeds[place].as_mut().expect("it is open");
        let joining = if choice.rewound {
            let (first, opening) =
                (choice.first, feed.opening_at(now.wall, choice, coding, choice.first..choice.first));
            Joining { opening, first, next: first, coding, pace: Pace::Rewound }
        } else {
            let Opening { bytes: opening, first, .. } = feed.opening(now.wall, choice, coding);
            Joining { opening, first, next: feed.next, coding, pace: Pace::Live }
        };
        let id = self.fanout.join(now.mono, feed.id, joining)?;
        let (container, rendition, _) = feed.key;
        let counted = Counted { tape: Arc::clone(&feed.tape), container, rendition };
        counted.add(&self.gauges, 1);
        if let Some(before) = self.seats.put(Seat { id, connection, feed: feed.id, counted }) {
            before.counted.add(&self.gauges, -1);
            self.unseated.push((before.id, before.connection));
        }
        Ok(id)
    }

    /// Somebody is gone; says which connection it was.
    pub(super) fn gone(&mut self, id: ListenerId) -> Option<Key> {
        if let Some(place) = self.unseated.iter().position(|(unseated, _)| *unseated == id) {
            return Some(self.unseated.swap_remove(place).1);
        }
        let seat = self.seats.take(id)?;
        seat.counted.add(&self.gauges, -1);
        let feed = self.feeds.get_mut(seat.feed.index()).and_then(Option::as_mut);
        if let Some(feed) = feed.filter(|feed| feed.id == seat.feed) {
            feed.say_sent();
        }
        Some(seat.connection)
    }

    /// So many bytes of sound went out to a listener.
    pub(super) fn count(&mut self, id: ListenerId, bytes: usize) {
        let Some(of) = self.seats.find(id).map(|seat| seat.feed) else { return };
        if let Some(feed) = self.feeds[of.index()].as_mut().filter(|feed| feed.id == of) {
            feed.sent += bytes as u64;
        }
    }

    /// Publishes what is new on the tapes.
    pub(super) fn take_new(&mut self, now: Mono) {
        for place in &mut self.feeds {
            let Some(feed) = place else { continue };
            feed.say_sent();
            if self.fanout.listeners_of(feed.id) == 0 {
                // Whoever comes next opens it anew.
                self.fanout.close(now, feed.id);
                *place = None;
            } else if !feed.is_closed {
                feed.take_new(now, &mut self.fanout);
            }
        }
    }

    /// Everybody gets the end of their stream after what is there.
    pub(super) fn end_all(&mut self, now: Mono) {
        for feed in self.feeds.iter_mut().flatten() {
            feed.is_closed = true;
            self.fanout.close(now, feed.id);
        }
    }

    /// A group that a reader wants and the fan-out does not keep: published if it is in memory, or else to be read.
    pub(super) fn fetch(&mut self, now: Mono, id: FeedId, group: Slot) -> Option<OnDisk> {
        let feed = self.feeds.get(id.index())?.as_ref().filter(|feed| feed.id == id)?;
        let live = feed.tape.live();
        if live.window.oldest().is_some_and(|chunk| chunk.position.slot <= group) {
            let framed = feed.group(&live, group);
            self.fetched(now, id, group, framed);
            return None;
        }
        let (tape, framer, key) = (Arc::clone(&feed.tape), feed.framer.clone(), feed.key);
        Some(OnDisk { feed: id, group, tape, framer, key })
    }

    /// A group was read, or could not be.
    pub(super) fn fetched(&mut self, now: Mono, feed: FeedId, group: Slot, framed: Option<Framed>) {
        self.fanout.fetched(now, feed, group, framed.map(|framed| piece(group, framed)));
    }

    fn place_of(&self, choice: &Choice) -> Option<usize> {
        self.feeds.iter().position(|feed| {
            feed.as_ref().is_some_and(|feed| {
                !feed.is_closed && feed.key == choice.key && Arc::ptr_eq(&feed.tape, &choice.tape)
            })
        })
    }

    fn open(&mut self, choice: &Choice) -> Result<usize, Full> {
        let interval = choice.key.2;
        let next = interval.group(choice.tape.live().end()).start;
        let spec = FeedSpec {
            slots: interval.slots(),
            bytes_per_s: choice.bytes_per_s(),
            next,
            burst_groups: burst_groups(interval),
            is_over: false,
        };
        let id = self.fanout.open(spec)?;
        if self.feeds.len() <= id.index() {
            self.feeds.resize_with(id.index() + 1, || None);
        }
        self.feeds[id.index()] = Some(Feed {
            id,
            tape: Arc::clone(&choice.tape),
            framer: choice.framer.clone(),
            key: choice.key,
            next,
            is_closed: false,
            openings: [None, None],
            sent: 0,
        });
        Ok(id.index())
    }
}

impl Feed {
    /// Publishes the groups that have become whole; behind the last of a tape that is over, the end.
    fn take_new(&mut self, now: Mono, fanout: &mut Fanout) {
        let live = self.tape.live();
        let (interval, end) = (self.key.2, live.end());
        let is_torn = end.0.saturating_sub(self.next.0) > HOLE_SLOTS_MAX;
        while !is_torn && (interval.group_end(self.next) <= end || (live.closed && self.next < end)) {
            let Some(framed) = self.group(&live, self.next) else { break };
            fanout.publish(now, self.id, piece(self.next, framed));
            self.next = interval.group_end(self.next);
            self.openings = [None, None];
        }
        if live.closed || is_torn {
            self.is_closed = true;
            fanout.close(now, self.id);
        }
    }

    /// A group as it is framed for all; what is missing in it is filled.
    fn group(&self, live: &Live, first: Slot) -> Option<Framed> {
        let (_, rendition, interval) = self.key;
        let end = interval.group_end(first).min(live.end());
        let chunks: Vec<_> = (first.0..end.0).map(|slot| live.window.chunk(Slot(slot))).collect();
        let sounds: Vec<_> =
            chunks.iter().map(|chunk| chunk.and_then(|chunk| chunk.frames.get(rendition))).collect();
        let whole = sounds.len() as u64 == interval.slots() && sounds.iter().all(Option::is_some);
        let frames = filled(&self.tape, rendition, &sounds)?;
        Some(self.tape.framed(&self.framer, self.key, first, &frames, whole))
    }

    /// What whoever joins now gets first: the newest groups behind the heads, in one piece, because a player that gets
    /// its burst at once can choose its place in it at once.
    fn opening(&mut self, now: Wall, choice: &Choice, coding: Coding) -> Opening {
        let place = coding as usize;
        if let Some(known) = self.openings[place].as_ref().filter(|known| known.on_air_at == choice.on_air_at)
        {
            return known.clone();
        }
        let (interval, live) = (self.key.2, self.tape.live());
        let oldest = live.window.oldest().map_or(self.next, |chunk| chunk.position.slot);
        let first = self.next.minus(burst_groups(interval) * interval.slots()).max(oldest).min(self.next);
        let first = interval.group(first).start;
        let bytes = self.opening_at(now, choice, coding, first..self.next);
        let opening = Opening { bytes, first, on_air_at: choice.on_air_at };
        self.openings[place] = Some(opening.clone());
        opening
    }

    /// The response's head, the container's head, and the groups of these slots.
    fn opening_at(&self, now: Wall, choice: &Choice, coding: Coding, slots: Range<Slot>) -> Bytes {
        let (interval, live) = (self.key.2, self.tape.live());
        let mut body = self.framer.intro().to_vec();
        let mut group = slots.start;
        while group < slots.end {
            if let Some(framed) = self.group(&live, group) {
                body.extend_from_slice(&framed.chunk[framed.sound]);
            }
            group = interval.group_end(group);
        }
        let mut headers = choice.headers(slots.start);
        let is_chunked = coding == Coding::Chunked;
        if is_chunked {
            headers.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        }
        let mut bytes = answer::head(StatusCode::OK, headers, now, is_chunked);
        match coding {
            // A chunk without bytes would be the end.
            Coding::Chunked if !body.is_empty() => bytes.extend_from_slice(&Framed::new(&body).chunk),
            _ => bytes.extend_from_slice(&body),
        }
        bytes.freeze()
    }

    /// Adds what was sent to the show's count: once in a while, because all shards add to the same number.
    fn say_sent(&mut self) {
        self.tape.sent_bytes.fetch_add(std::mem::take(&mut self.sent), Relaxed);
    }
}

/// A group that has to be read first.
pub(super) struct OnDisk {
    feed: FeedId,
    group: Slot,
    tape: Arc<LiveTape>,
    framer: Framer,
    key: (Container, Rendition, Interval),
}

impl OnDisk {
    /// What is brought when it cannot be read.
    pub(super) fn missing(&self) -> Brought {
        Brought::Group { feed: self.feed, group: self.group, framed: None }
    }

    /// Reads it. What the disk does not have is filled.
    pub(super) async fn read(self) -> Brought {
        let Self { feed, group, tape, framer, key } = self;
        let (_, rendition, interval) = key;
        let end = interval.group_end(group).min(tape.live().end());
        let mut chunks = Vec::with_capacity(interval.slots() as usize);
        for slot in group.0..end.0 {
            chunks.push(tape.chunk(Slot(slot)).await);
        }
        let sounds: Vec<_> =
            chunks.iter().map(|chunk| chunk.as_ref().and_then(|chunk| chunk.frames.get(rendition))).collect();
        let frames = filled(&tape, rendition, &sounds);
        let framed = frames.map(|frames| Framed::new(&framer.frame(interval, group, &frames)));
        Brought::Group { feed, group, framed }
    }
}

fn piece(group: Slot, framed: Framed) -> Piece {
    Piece { group, bytes: framed.chunk, bare: framed.sound }
}

/// The sound of some slots, with the tape's filler for what is missing; `None` if there are none.
fn filled<'a>(
    tape: &'a LiveTape,
    rendition: Rendition,
    sounds: &[Option<&'a Frames>],
) -> Option<Vec<&'a Frames>> {
    let filler = tape.head().filler.get(rendition)?;
    (!sounds.is_empty()).then(|| sounds.iter().map(|sound| sound.unwrap_or(filler)).collect())
}
