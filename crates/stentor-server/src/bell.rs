//! Waking threads that wait for sockets.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, OnceLock};

use rustix::event::{EventfdFlags, eventfd};

/// Wakes one thread that waits for its sockets: it waits for this as well.
#[derive(Debug)]
pub struct Bell(OwnedFd);

impl Bell {
    /// A bell that is silent.
    ///
    /// # Errors
    /// No descriptor is left.
    pub fn new() -> io::Result<Self> {
        Ok(Self(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?))
    }

    /// Rings until it is heard. Returns at once; to ring twice is to ring once.
    pub fn ring(&self) {
        // It fails at 2⁶⁴ rings that nobody heard, and then it rings already.
        let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }

    /// Stops the ringing.
    pub(crate) fn hear(&self) {
        let _ = rustix::io::read(&self.0, &mut [0; 8]);
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The bells of all threads that send sound, rung by whoever has new sound.
#[derive(Debug, Default)]
pub struct Bells(OnceLock<Vec<Arc<Bell>>>);

impl Bells {
    /// Hangs them up, once in a process.
    pub(crate) fn hang(&self, bells: Vec<Arc<Bell>>) {
        let _ = self.0.set(bells);
    }

    /// Rings all. Returns at once: a mixer does this.
    pub fn ring(&self) {
        self.0.get().into_iter().flatten().for_each(|bell| bell.ring());
    }
}
