//! Threads without which the server cannot keep its promises, and those whose work cannot wait.

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

/// The priority of threads whose work is due every 20 ms: sound does not wait for a crowd at the doors, nor for
/// whatever else runs on the machine.
const NICE: i32 = -10;

/// Gives the calling thread that priority, where the process is allowed to (CAP_SYS_NICE); on Linux the call
/// concerns one thread only.
pub(crate) fn hurry() {
    let _ = rustix::process::setpriority_process(None, NICE);
}
