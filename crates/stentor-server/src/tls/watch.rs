//! The certificate's files, looked at again and again.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::SystemTime;

use super::pair::{Pair, TlsError, load};
use crate::config::TlsFiles;

/// What tells one version of a file from another: programs that renew a certificate write it anew, replace it,
/// or point a link elsewhere; a person lets the server read it.
type Stamp = Option<(SystemTime, u64, u64, [i64; 2])>;

/// Two files, and how they were when they were last read.
#[derive(Debug)]
pub struct FileWatch {
    files: TlsFiles,
    seen: [Stamp; 2],
    /// They could not be read, which may pass without a change of theirs.
    is_unread: bool,
}

impl FileWatch {
    /// Reads the files and remembers how they are.
    ///
    /// # Errors
    /// They cannot be used.
    pub fn start(files: TlsFiles) -> Result<(Self, Pair), TlsError> {
        // Stamps first: what changes while it is read is read again.
        let seen = stamps(&files);
        let pair = load(&files.cert, &files.key)?;
        Ok((Self { files, seen, is_unread: false }, pair))
    }

    /// The files.
    pub fn files(&self) -> &TlsFiles {
        &self.files
    }

    /// What is in the files, if they are others than when they were last read. Files that cannot be used are told
    /// once, until one of them changes again; those that cannot be read are tried until they can.
    pub fn look(&mut self) -> Option<Result<Pair, TlsError>> {
        let now = stamps(&self.files);
        let is_new = now != self.seen;
        if !is_new && !self.is_unread {
            return None;
        }
        self.seen = now;
        let read = load(&self.files.cert, &self.files.key);
        self.is_unread = matches!(read, Err(TlsError::Unreadable { .. }));
        (is_new || !self.is_unread).then_some(read)
    }
}

fn stamps(files: &TlsFiles) -> [Stamp; 2] {
    let stamp = |file: &Path| {
        let meta = fs::metadata(file).ok()?;
        Some((meta.modified().ok()?, meta.len(), meta.ino(), [meta.ctime(), meta.ctime_nsec()]))
    };
    [stamp(&files.cert), stamp(&files.key)]
}

#[cfg(test)]
mod tests {
    use stentor_types::Wall;

    use super::*;
    use crate::cert;

    #[test]
    fn files_are_read_when_they_change_and_told_once_when_they_are_broken() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let make = |folder: &str| cert::make(&[], &dir.path().join(folder), Wall(1_790_000_000_000));
        let (first, second) = (make("1").expect("a certificate"), make("2").expect("a certificate"));
        let files = TlsFiles { cert: dir.path().join("cert.pem"), key: dir.path().join("key.pem") };
        let put = |from: &Path, to: &Path| {
            let aside = dir.path().join("aside");
            fs::copy(from, &aside).and_then(|_| fs::rename(&aside, to)).expect("a writable folder");
        };
        put(&first.cert, &files.cert);
        put(&first.key, &files.key);
        let (mut watch, _) = FileWatch::start(files.clone()).expect("they fit");
        assert!(watch.look().is_none(), "nothing has changed");
        put(&second.cert, &files.cert);
        assert!(matches!(watch.look(), Some(Err(TlsError::KeyDoesNotFit { .. }))), "the half of a renewal");
        assert!(watch.look().is_none(), "it was told");
        put(&second.key, &files.key);
        let leaf = watch.look().expect("the other half").expect("they fit").key.cert[0].clone();
        assert_eq!(leaf, load(&second.cert, &second.key).expect("they fit").key.cert[0]);
        fs::remove_file(&files.key).expect("it is there");
        assert!(matches!(watch.look(), Some(Err(TlsError::Unreadable { .. }))));
        assert!(watch.look().is_none(), "it was told");
        put(&second.key, &files.key);
        assert!(matches!(watch.look(), Some(Ok(_))), "it is there again");
    }
}
