//! Threads without which the server cannot keep its promises, and those whose work cannot wait.

use thread_priority::unix::{set_thread_priority_and_policy, thread_native_id};
use thread_priority::{
    RealtimeThreadSchedulePolicy, ThreadPriority, ThreadPriorityValue, ThreadSchedulePolicy,
};

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

/// The priority of threads whose work is due every 20 ms: sound does not wait for a crowd at the doors.
const NICE: i32 = -10;

/// The real-time priority of mixers, 1 to 99: over everything that shares the processors fairly, under what audio
/// servers and the kernel itself take.
const REALTIME: u8 = 5;

/// Gives the calling thread that priority, where the process is allowed to (CAP_SYS_NICE); on Linux the call
/// concerns one thread only.
pub(crate) fn hurry() {
    let _ = rustix::process::setpriority_process(None, NICE);
}

/// Lets the calling thread run whenever it has something to do, where the process is allowed to. A nice value counts
/// within one session or control group only (sched(7), "The autogroup feature"): beside others that are busy it keeps no
/// deadline. The work of a mixer is bounded and needs an eighth of a processor, so nobody starves by it; should it ever
/// spin, the kernel leaves others a twentieth (`sched_rt_runtime_us`).
///
/// Says whether it is.
pub(crate) fn run_first() -> bool {
    hurry();
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::RoundRobin);
    ThreadPriorityValue::try_from(REALTIME).is_ok_and(|priority| {
        let priority = ThreadPriority::Crossplatform(priority);
        set_thread_priority_and_policy(thread_native_id(), priority, policy).is_ok()
    })
}
