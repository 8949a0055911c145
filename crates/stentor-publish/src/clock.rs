//! The one file that reads the clock.

use std::time::Duration;

use stentor_types::Mono;
use stentor_webrtc::Timebase;
use tokio::time::Instant;

/// Monotonic time since this clock was started. Copies agree, so publishers that share one can begin
/// at one instant.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
}

impl Clock {
    /// A clock whose zero is now.
    #[expect(clippy::disallowed_methods, reason = "this is the shell's clock")]
    pub fn start() -> Self {
        Self { origin: Instant::now() }
    }

    /// The time.
    #[expect(clippy::disallowed_methods, reason = "this is the shell's clock")]
    pub fn now(self) -> Mono {
        Mono(0) + Instant::now().saturating_duration_since(self.origin)
    }

    /// Waits until `at`; at once if it is past.
    pub(crate) async fn sleep_until(self, at: Mono) {
        // A time that no timer reaches means: for ever.
        match self.origin.checked_add(Duration::from_micros(at.0)) {
            Some(at) => tokio::time::sleep_until(at).await,
            None => std::future::pending().await,
        }
    }

    /// The same clock for WebRTC sessions.
    pub fn timebase(self) -> Timebase {
        Timebase::new(self.origin.into_std())
    }
}
