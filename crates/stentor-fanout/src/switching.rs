//! From one feed to another, at a border that both share.
//!
//! The ladder stretches the interval or thins the rendition. Who joins from then on joins the other feed; who is there
//! follows when they are at a group's border that is one of the other feed's as well, and their buffer covers the time until
//! sound comes from there. What they have in their buffer is what they were sent and have not played since they joined; who
//! ran dry began to play again when sound came.

use std::time::Duration;

use stentor_types::{Mono, Slot};

use crate::fanout::Fanout;
use crate::feed::Feed;
use crate::flush::{SLOT_US, spread};
use crate::id::FeedId;
use crate::listener::Listener;

impl Fanout {
    /// Listeners of one feed go over to another of the same show and container, one by one, at borders. It holds until
    /// another switch; one to the feed itself ends it. Readers of older sound stay until they are live.
    pub fn switch(&mut self, from: FeedId, to: FeedId) {
        if let Some(feed) = self.feeds.find(from) {
            feed.switch_to = (from != to).then_some(to);
        }
    }

    /// Takes a live listener who is at a border over to the feed that theirs is to be switched to, if it is time.
    pub(crate) fn go_over(&mut self, index: u32) {
        let listener = self.listeners.at_mut(index);
        let from = self.feeds.at(listener.feed);
        let Some((id, to)) = from.switch_to.and_then(|id| Some((id, self.feeds.get(id)?))) else { return };
        let slot = from.slot(listener.group);
        let number = slot.0 / to.spec.slots;
        let is_border = slot.0.is_multiple_of(to.spec.slots) && (to.first()..=to.end).contains(&number);
        let is_longer = to.spec.slots > from.spec.slots;
        if from.is_closed || to.is_closed || !is_border || (is_longer && !is_covered(listener, to)) {
            return;
        }
        let (before, turn) = (listener.feed, listener.turn);
        listener.feed = id.index;
        listener.group = number;
        listener.turn = self.feeds.at_mut(id.index).order.insert(index);
        self.feeds.at_mut(before).order.remove(turn);
    }
}

/// Whether a listener still has sound when the group after what there is now comes at the latest.
fn is_covered(listener: &Listener, to: &Feed) -> bool {
    let Some(published_at) = to.published_at else { return false };
    let slots = to.spec.slots;
    let next_at = published_at + Duration::from_micros(slots * SLOT_US) + spread(slots);
    listener.dry_at(to.slot(to.end)) >= next_at
}

impl Listener {
    /// When they will have played everything before this slot, or have.
    pub(crate) fn dry_at(&self, slot: Slot) -> Mono {
        let at = self.plays_from.saturating_add_unsigned(slot.0 * SLOT_US);
        Mono(u64::try_from(at).unwrap_or(0))
    }

    /// They begin to play with this slot now.
    pub(crate) fn play(&mut self, now: Mono, slot: Slot) {
        self.plays_from = (now.0 as i64).saturating_sub_unsigned(slot.0 * SLOT_US);
    }
}
