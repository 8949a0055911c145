//! Threads without which the server cannot keep its promises.

/// Held by a thread that writes tapes, moves speakers' packets or tells the node. Should such a thread
/// panic, the process aborts: a restart continues from what is on the disk, while a server that goes on
/// without it would lose sound and say nothing. The panic's own message is in the log.
pub(crate) struct Essential;

impl Drop for Essential {
    fn drop(&mut self) {
        if std::thread::panicking() {
            std::process::abort();
        }
    }
}
