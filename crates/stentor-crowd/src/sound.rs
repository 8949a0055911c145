//! What the readers of containers have in common: the media time of what arrived, and never the sound itself.

/// A piece of sound that has arrived whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sound {
    /// Where it ends on the stream's media clock, in samples. `None` in a container without a clock.
    pub end: Option<u64>,
    /// How long it is.
    pub samples: u64,
    /// Samples in a second.
    pub rate_hz: u32,
    /// It is the first of a stream, whose clock need not go on from the last one's.
    pub begins: bool,
}

/// The bytes are not what their container's specification says. The server's fault; what follows in the stream
/// cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(
    /// What is wrong, for a person.
    pub &'static str,
);

/// Bytes that may arrive in pieces, in a fixed place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gather<const N: usize> {
    bytes: [u8; N],
    len: u16,
}

impl<const N: usize> Gather<N> {
    pub(crate) const EMPTY: Self = Self { bytes: [0; N], len: 0 };

    /// Moves bytes from the front of `input` until there are `wanted`; whether there are.
    pub(crate) fn fill(&mut self, input: &mut &[u8], wanted: usize) -> bool {
        let len = usize::from(self.len);
        let take = wanted.min(N).saturating_sub(len).min(input.len());
        let (taken, rest) = input.split_at(take);
        self.bytes[len..len + take].copy_from_slice(taken);
        self.len += take as u16;
        *input = rest;
        len + take >= wanted.min(N)
    }

    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// The big-endian number of 32 bits at `at`, which must have been gathered.
    pub(crate) fn be32(&self, at: usize) -> Option<u32> {
        let bytes = self.bytes().get(at..at + 4)?;
        Some(u32::from_be_bytes(bytes.try_into().ok()?))
    }

    /// The same of 64 bits.
    pub(crate) fn be64(&self, at: usize) -> Option<u64> {
        let bytes = self.bytes().get(at..at + 8)?;
        Some(u64::from_be_bytes(bytes.try_into().ok()?))
    }
}

/// Drops bytes from the front of `input` until `left` of them are gone; whether they are.
pub(crate) fn skip(input: &mut &[u8], left: &mut u64) -> bool {
    let take = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
    *input = &input[take..];
    *left -= take as u64;
    *left == 0
}
