//! What a request is: the shard's own, or for the ordinary stack.

/// Whether a request begins like one that the shard answers.
pub(super) fn begins_like_ours(_bytes: &[u8]) -> bool {
    false
}
