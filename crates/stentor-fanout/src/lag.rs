//! Who is too far behind live.
//!
//! A listener may be up to [`LAG_MAX`] behind: a tunnel, a change of network. Beyond it they are moved to live, once, at the
//! border of a piece, because a begun one must be finished for the framing to stay whole. They have as long again to get
//! there; then they are let go. What counts is what the peer has acknowledged: a kernel with large buffers takes sound
//! that nobody hears.

use std::time::Duration;

use stentor_types::Mono;

use crate::fanout::Fanout;
use crate::flush::SLOT_US;
use crate::id::ListenerId;
use crate::limits::LAG_MAX;
use crate::listener::{NEVER, Part};
use crate::output::Why;

impl Fanout {
    /// A sample: so many bytes are in the kernel that this listener's peer has not acknowledged. One now and then is
    /// enough, for one listener in so many; who takes nothing at all is found without. Readers of older sound are only let go
    /// if they take nothing.
    pub fn unacknowledged(&mut self, now: Mono, id: ListenerId, bytes_in_kernel: usize) {
        let Some(index) = self.listeners.find(id) else { return };
        let bytes_per_s = self.feeds.at(self.listeners.at(index).feed).spec.bytes_per_s;
        let kernel_us = bytes_in_kernel as u64 * 1_000_000 / bytes_per_s;
        self.judge(now, index, Duration::from_micros(kernel_us));
    }

    /// Moves a live listener, or lets them go, if they are too far behind with so much sound in the kernel.
    pub(crate) fn judge(&mut self, now: Mono, index: u32, in_kernel: Duration) {
        let listener = self.listeners.at_mut(index);
        if listener.is_reader() {
            return;
        }
        let feed = self.feeds.at(listener.feed);
        let behind_us = feed.end.saturating_sub(listener.group) * feed.spec.slots * SLOT_US;
        if Duration::from_micros(behind_us) + in_kernel <= LAG_MAX {
            return;
        }
        if listener.moved_at != NEVER {
            if now >= listener.moved_at + LAG_MAX {
                self.end(index, Why::Lagging);
            }
            return;
        }
        listener.moved_at = now;
        listener.is_moving = listener.part == Part::Opening || listener.offset > 0;
        if !listener.is_moving {
            self.move_to_live(now, index);
        }
    }

    /// What a live listener is at is not kept any more. Says whether there is something for them all the same.
    pub(crate) fn overrun(&mut self, now: Mono, index: u32) -> bool {
        let listener = self.listeners.at_mut(index);
        if listener.moved_at != NEVER || listener.offset > 0 {
            self.end(index, Why::Lagging);
            return false;
        }
        listener.moved_at = now;
        self.move_to_live(now, index);
        let listener = self.listeners.at(index);
        listener.group < self.feeds.at(listener.feed).end
    }

    /// Moves somebody who is at a border to where live begins, unless they are beyond that.
    pub(crate) fn move_to_live(&mut self, now: Mono, index: u32) {
        let listener = self.listeners.at_mut(index);
        let feed = self.feeds.at(listener.feed);
        listener.is_moving = false;
        if listener.group < feed.live() {
            listener.group = feed.live();
            listener.play(now, feed.slot(listener.group));
        }
    }

    /// Lets all go who have not taken the end of a closed feed in time.
    pub(crate) fn let_go_of_closed(&mut self, now: Mono) {
        while let Some(&(at, feed)) = self.closing.front()
            && at <= now
        {
            self.closing.pop_front();
            let turns = self.feeds.at(feed).order.turns();
            for turn in 0..turns {
                // With the last one the feed goes, and then there is nobody at any turn.
                if let Some(index) = self.feeds.at(feed).order.at(turn) {
                    self.end(index, Why::Lagging);
                }
            }
        }
    }
}
