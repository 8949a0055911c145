//! The only file of this crate that asks for randomness.

use rustix::rand::{GetRandomFlags, getrandom};

/// `N` random bytes from the operating system, fit for keys.
///
/// # Panics
/// The kernel has no randomness, which happens only where the call is forbidden altogether. Nothing
/// safe can go on without.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let mut filled = 0;
    while filled < N {
        match getrandom(&mut bytes[filled..], GetRandomFlags::empty()) {
            Ok(count) => filled += count,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => panic!("the operating system gives no random bytes: {error}"),
        }
    }
    bytes
}

/// 64 random bits, for ids.
pub(crate) fn number() -> u64 {
    u64::from_le_bytes(bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_filled_to_the_end_and_differ() {
        let (a, b) = (bytes::<1000>(), bytes::<1000>());
        assert_ne!(a, b);
        assert!(a[900..].iter().any(|&byte| byte != 0), "all zero has a chance of 2^-800");
    }
}
