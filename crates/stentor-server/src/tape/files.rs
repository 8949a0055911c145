//! The system calls behind the tape's cores.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use rustix::io::Errno;
use stentor_tape::{DiskError, Index, Location, Op, Recovered, Recovery, RecoveryError, Segment};
use stentor_types::TapeHead;

/// The segment files of a tape's folder with their lengths; other files are left alone.
pub fn segments(folder: &Path) -> io::Result<Vec<(Segment, u64)>> {
    let mut found = Vec::new();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        if let Some(segment) = entry.file_name().to_str().and_then(Segment::from_file_name) {
            found.push((segment, entry.metadata()?.len()));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Whether the machine or this process is out of something for a moment, and nothing is wrong with the file.
pub fn will_pass(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    matches!(errno, Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::INTR | Errno::AGAIN))
}

/// Reads a tape from its files, without changing any. `None` where there are none.
///
/// # Errors
/// The folder cannot be listed, or for the moment a file cannot be opened. One that cannot be opened for good is
/// damage, and the rest is the tape.
pub fn recover(folder: &Path) -> io::Result<Option<Result<Recovered, RecoveryError>>> {
    let files = segments(folder)?;
    if files.is_empty() {
        return Ok(None);
    }
    Ok(Some(finish(Recovery::new(files), open_in(folder))?))
}

/// Reads what lies in a folder beside the tape with this head and belongs to it, without changing any file.
pub fn recover_of(folder: &Path, head: &Arc<TapeHead>) -> io::Result<Index> {
    let recovery = Recovery::of(Arc::clone(head), segments(folder)?);
    let recovered = finish(recovery, open_in(folder))?.map_err(io::Error::other)?;
    Ok(recovered.index)
}

fn open_in(folder: &Path) -> impl Fn(Segment) -> io::Result<File> {
    move |segment| File::open(folder.join(segment.file_name()))
}

fn finish(
    mut recovery: Recovery,
    open_file: impl Fn(Segment) -> io::Result<File>,
) -> io::Result<Result<Recovered, RecoveryError>> {
    let mut open: Option<(Segment, File)> = None;
    while let Some(read) = recovery.poll_read() {
        if open.as_ref().is_none_or(|(segment, _)| *segment != read.segment) {
            open = match open_file(read.segment) {
                Err(error) if will_pass(&error) => return Err(error),
                opened => opened.ok().map(|file| (read.segment, file)),
            };
        }
        let bytes = open.as_ref().and_then(|(_, file)| read_up_to(file, read.offset, read.len_bytes).ok());
        match bytes {
            Some(bytes) => recovery.took(bytes),
            None => recovery.read_failed(),
        }
    }
    Ok(recovery.finish())
}

fn read_up_to(file: &File, offset: u64, len_bytes: u64) -> io::Result<Bytes> {
    let mut bytes = vec![0; usize::try_from(len_bytes).map_err(io::Error::other)?];
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read_at(&mut bytes[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes.into())
}

/// Reads one record.
pub fn read(folder: &Path, at: Location) -> io::Result<Bytes> {
    let file = File::open(folder.join(at.segment.file_name()))?;
    let mut bytes = vec![0; at.len_bytes as usize];
    file.read_exact_at(&mut bytes, u64::from(at.offset))?;
    Ok(bytes.into())
}

/// Performs a writer's operations in one folder.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// The segment being written, and at most a few from before that are still to be synced.
    open: BTreeMap<Segment, File>,
}

impl Folder {
    /// The folder of a tape, made if it is missing.
    pub fn open(path: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&path)?;
        Ok(Self { path, open: BTreeMap::new() })
    }

    /// Does what the writer asks for.
    ///
    /// # Errors
    /// What the system says; [`disk_error`] is that in the writer's words.
    pub fn perform(&mut self, op: &Op) -> io::Result<()> {
        match op {
            Op::Create { segment } => {
                let path = self.path.join(segment.file_name());
                let file = OpenOptions::new().write(true).create_new(true).open(path)?;
                // A writer never goes back to a segment once it has begun the next.
                self.open.clear();
                self.open.insert(*segment, file);
                Ok(())
            }
            Op::Append { segment, offset, bytes } => self.file(*segment)?.write_all_at(bytes, *offset),
            Op::Sync { segment } => self.file(*segment)?.sync_data(),
            Op::SyncFolder => File::open(&self.path)?.sync_all(),
            Op::Truncate { segment, len_bytes } => {
                let file = self.file(*segment)?;
                file.set_len(*len_bytes)?;
                file.sync_all()
            }
            // An operation that this shell does not know cannot have succeeded.
            _ => Err(io::Error::from(io::ErrorKind::Unsupported)),
        }
    }

    fn file(&mut self, segment: Segment) -> io::Result<&File> {
        if !self.open.contains_key(&segment) {
            let file = OpenOptions::new().write(true).open(self.path.join(segment.file_name()))?;
            self.open.insert(segment, file);
        }
        Ok(&self.open[&segment])
    }
}

/// What a failed operation means to a writer.
pub fn disk_error(error: &io::Error) -> DiskError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            DiskError::Full
        }
        _ => DiskError::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_without_descriptors_is_no_damage() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        for segment in [1, 2] {
            fs::write(dir.path().join(Segment(segment).file_name()), "sound").expect("a writable folder");
        }
        let recover = |errno: Errno| {
            let files = segments(dir.path()).expect("it can be listed");
            finish(Recovery::new(files), |segment| match segment {
                Segment(2) => Err(errno.into()),
                _ => open_in(dir.path())(segment),
            })
        };
        for errno in [Errno::MFILE, Errno::NFILE] {
            let error = recover(errno).expect_err("nobody knows what is in the second file");
            assert_eq!(Errno::from_io_error(&error), Some(errno));
        }
        for errno in [Errno::IO, Errno::ACCESS, Errno::NOENT] {
            assert!(matches!(recover(errno), Ok(Err(RecoveryError::Empty { bytes: 10, .. }))), "{errno}");
        }
    }
}
