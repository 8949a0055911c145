//! What callers of the front door say first.

use stentor_server::front::announcement::{Announcement, BYTES_MAX};
use stentor_server::front::head::{self, HEAD_BYTES_MAX, Head};

/// The head of a request means the same wherever it was cut on its way, and no more of it is asked for than it may have. Taken
/// is a whole one.
pub fn head(bytes: &[u8]) -> bool {
    let whole = head::read(bytes, 0);
    for cut in 0..bytes.len().min(64) {
        let begun = head::read(&bytes[..cut], 0);
        match (&begun, &whole) {
            (Head::Partial, _) => assert_eq!(head::read(bytes, cut), whole, "seen up to {cut}"),
            (Head::Malformed, _) => assert_eq!(whole, Head::Malformed, "cut at {cut}"),
            (Head::Whole(begun), Head::Whole(asked)) => assert_eq!(begun, asked, "cut at {cut}"),
            (Head::Whole(_), _) => panic!("whole at {cut}, and later it is not"),
        }
    }
    match whole {
        Head::Whole(asked) => {
            assert!(asked.bytes <= bytes.len());
            true
        }
        Head::Partial => {
            assert!(bytes.len() <= 2 * HEAD_BYTES_MAX);
            false
        }
        Head::Malformed => false,
    }
}

/// An announcement asks for no byte behind it, and for no more than it may have. Taken is a whole one.
pub fn announcement(bytes: &[u8]) -> bool {
    let mut had = 0;
    loop {
        match Announcement::look(&bytes[..had]) {
            Announcement::Wants(more) => {
                assert!(more > 0 && had + more <= BYTES_MAX, "{more} after {had}");
                had += more;
                if had > bytes.len() {
                    return false;
                }
            }
            Announcement::Of(_) => return true,
            Announcement::Malformed => return false,
        }
    }
}
