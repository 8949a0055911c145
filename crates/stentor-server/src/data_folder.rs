//! The data folder: everything that a server keeps.
//!
//! ```text
//! DATA/VERSION            the version of this layout
//! DATA/lock               held by the running server, names its process
//! DATA/operator.key       the operator's key (0600)
//! DATA/secret.key         under which links and tokens are made (0600)
//! DATA/shows/{show}/      show.json, the tape, who waits, and own tracks if the show has them
//! DATA/acme/              account and certificate, where they come by ACME (0600)
//! ```
//!
//! Whole files are replaced atomically: written aside, synced, renamed, and the folder synced. A name
//! that begins with a dot is not finished yet or already gone: such folders of shows are removed at the next start, and
//! such files are written over by the next that are written aside.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use stentor_types::ShowId;

use crate::entropy;

/// The version of the layout that this program writes, and the newest that it opens.
pub const VERSION: u32 = 1;

/// Characters that an operator's key has at least, when a person has written one: 20 of base64 are
/// 120 bits if they are random.
const OPERATOR_KEY_CHARS_MIN: usize = 20;

/// VERSION, keys and the lock are one short line.
const LINE_BYTES_MAX: u64 = 4096;

/// A show's document: 64 links with 4 consents each and 512 of one use with one, at some 300 B of indented JSON each
/// are 400 kB; what is larger than this is not ours.
const SHOW_DOC_BYTES_MAX: u64 = 1024 * 1024;

/// An open data folder. As long as this lives, no other server opens it.
#[derive(Debug)]
pub struct DataFolder {
    dir: PathBuf,
    operator_key: String,
    secret: Secret,
    reserve_bytes: AtomicU64,
    _lock: File,
}

/// The 32 bytes under which tokens are made; never printed.
struct Secret([u8; 32]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// Why a data folder cannot be used. The operator's to mend; not to be retried before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// Another server has it.
    #[error(
        "the data folder {} is used by {holder}; stop it, or choose another folder with --data",
        dir.display()
    )]
    InUse {
        /// The folder.
        dir: PathBuf,
        /// The process, as far as it is known.
        holder: String,
    },
    /// A later version of Stentor wrote it.
    #[error(
        "the data folder {} was written by a newer Stentor (version {found}, this one knows {VERSION}); \
         start the newer one, or choose another folder with --data",
        dir.display()
    )]
    Newer {
        /// The folder.
        dir: PathBuf,
        /// Its version.
        found: u64,
    },
    /// There are files, and no VERSION.
    #[error(
        "the folder {} has files in it but is no data folder of Stentor; choose an empty or new one with --data",
        dir.display()
    )]
    NotOurs {
        /// The folder.
        dir: PathBuf,
    },
    /// A file of ours says something that it cannot.
    #[error("{} is damaged: {why}", file.display())]
    Damaged {
        /// Which.
        file: PathBuf,
        /// What is wrong and what to do.
        why: &'static str,
    },
    /// The system refuses.
    #[error("cannot {what} {}: {error}; check its owner, its permissions and the disk", path.display())]
    System {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

/// What lies in the folder of the shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShowsFound {
    /// The shows, by name.
    pub shows: Vec<ShowId>,
    /// Entries that are no show of ours; left alone.
    pub odd: Vec<PathBuf>,
}

impl DataFolder {
    /// Opens the folder, and makes it first if there is none.
    ///
    /// # Errors
    /// Another server uses it, it is newer or not ours, or it cannot be read or written.
    pub fn open(dir: &Path) -> Result<Self, DataError> {
        let shows = dir.join("shows");
        system("create", dir, fs::create_dir_all(dir))?;
        check_version(dir)?;
        let lock = take_lock(dir)?;
        // Written at every start: a disk that refuses is to be known before the doors open.
        write_atomically(&dir.join("VERSION"), format!("{VERSION}\n").as_bytes(), 0o644)?;
        system("create", &shows, fs::create_dir_all(&shows))?;
        let operator_key = key_line(&dir.join("operator.key"))?;
        if operator_key.len() < OPERATOR_KEY_CHARS_MIN {
            let why =
                "the key is too short to be safe; delete the file, and a new one is made at the next start";
            return Err(DataError::Damaged { file: dir.join("operator.key"), why });
        }
        let file = dir.join("secret.key");
        let secret = URL_SAFE_NO_PAD.decode(key_line(&file)?).ok().and_then(|bytes| bytes.try_into().ok());
        let why =
            "it does not hold 32 bytes in base64url; delete it, which revokes every link, or restore it";
        let secret = Secret(secret.ok_or(DataError::Damaged { file, why })?);
        let folder =
            Self { dir: dir.into(), operator_key, secret, reserve_bytes: AtomicU64::new(0), _lock: lock };
        folder.sweep()?;
        Ok(folder)
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The operator's key.
    pub fn operator_key(&self) -> &str {
        &self.operator_key
    }

    /// The secret under which links and tokens are made.
    pub fn secret(&self) -> &[u8; 32] {
        &self.secret.0
    }

    /// The folder of a show: `show.json`, and the tape beside it.
    pub fn show_dir(&self, show: &ShowId) -> PathBuf {
        self.dir.join("shows").join(show.as_str())
    }

    /// The shows that are there.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn shows(&self) -> Result<ShowsFound, DataError> {
        let mut found = ShowsFound::default();
        for path in entries(&self.dir.join("shows"))? {
            let name = path.file_name().and_then(|name| name.to_str());
            match name.and_then(|name| name.parse().ok()) {
                Some(show) if path.join("show.json").is_file() => found.shows.push(show),
                _ => found.odd.push(path),
            }
        }
        found.shows.sort();
        found.odd.sort();
        Ok(found)
    }

    /// A show's document.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read_show(&self, show: &ShowId) -> Result<Vec<u8>, DataError> {
        let file = self.show_dir(show).join("show.json");
        system("read", &file, read_bounded(&file, SHOW_DOC_BYTES_MAX))
    }

    /// Makes the folder of a new show, with its document: after a crash or an error there is all of it or nothing.
    ///
    /// # Errors
    /// There is such a folder (`AlreadyExists`), or it cannot be written.
    pub fn create_show(&self, show: &ShowId, doc: &[u8]) -> Result<(), DataError> {
        let (dir, shows) = (self.show_dir(show), self.dir.join("shows"));
        if dir.exists() {
            return system("create", &dir, Err(io::ErrorKind::AlreadyExists.into()));
        }
        let aside = shows.join(format!(".new-{:016x}", entropy::number()));
        system("create", &aside, fs::create_dir(&aside))?;
        let made = write_atomically(&aside.join("show.json"), doc, 0o600)
            .and_then(|()| system("rename", &aside, fs::rename(&aside, &dir)));
        let made = made.and_then(|()| {
            let safe = system("sync", &shows, sync_dir(&shows));
            if safe.is_err() {
                let _ = fs::rename(&dir, &aside);
            }
            safe
        });
        if made.is_err() {
            let _ = fs::remove_dir_all(&aside);
        }
        made
    }

    /// Replaces a show's document. When this returns, a crash takes nothing back.
    ///
    /// # Errors
    /// It cannot be written; the old one is still there.
    pub fn write_show(&self, show: &ShowId, doc: &[u8]) -> Result<(), DataError> {
        write_atomically(&self.show_dir(show).join("show.json"), doc, 0o600)
    }

    /// Deletes a show with its tape. It is out of sight at once, so that a crash on the way leaves no
    /// half of it.
    ///
    /// # Errors
    /// There is no such show, or it cannot be deleted.
    pub fn delete_show(&self, show: &ShowId) -> Result<(), DataError> {
        let (dir, shows) = (self.show_dir(show), self.dir.join("shows"));
        let aside = shows.join(format!(".gone-{:016x}", entropy::number()));
        system("rename", &dir, fs::rename(&dir, &aside))?;
        system("sync", &shows, sync_dir(&shows))?;
        system("delete", &aside, fs::remove_dir_all(&aside))
    }

    /// Bytes that this process may still write to the disk of the folder.
    ///
    /// # Errors
    /// The system does not say.
    pub fn free_bytes(&self) -> io::Result<u64> {
        let disk = rustix::fs::statvfs(&self.dir)?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    /// Bytes of its disk that stay free: tapes are not written below.
    pub fn reserve_bytes(&self) -> u64 {
        self.reserve_bytes.load(Relaxed)
    }

    /// Changes how many bytes stay free; shows that are recorded notice within a second.
    pub fn set_reserve_bytes(&self, reserve_bytes: u64) {
        self.reserve_bytes.store(reserve_bytes, Relaxed);
    }

    /// Whether its disk has less room than what stays free.
    pub fn reserve_is_reached(&self) -> bool {
        // A file system that does not say how much is free is not full until a write says so.
        self.free_bytes().is_ok_and(|free| free < self.reserve_bytes())
    }

    /// Removes what a crash left behind.
    fn sweep(&self) -> Result<(), DataError> {
        for path in entries(&self.dir.join("shows"))? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with(".new-") || name.starts_with(".gone-") {
                system("delete", &path, fs::remove_dir_all(&path))?;
            }
        }
        Ok(())
    }
}

/// Whether a folder can be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FolderState {
    /// There is none; the first start makes it.
    Absent,
    /// It can.
    Free,
    /// A server has it: which process, as far as it is known.
    InUse(String),
}

/// Looks at a folder without making or changing anything in it.
///
/// # Errors
/// It cannot be used.
pub fn inspect(dir: &Path) -> Result<FolderState, DataError> {
    if !dir.exists() {
        return Ok(FolderState::Absent);
    }
    check_version(dir)?;
    let path = dir.join("lock");
    let file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(FolderState::Free),
        opened => system("open", &path, opened)?,
    };
    match file.try_lock() {
        Ok(()) => Ok(FolderState::Free),
        Err(TryLockError::WouldBlock) => Ok(FolderState::InUse(holder(file))),
        Err(TryLockError::Error(error)) => system("lock", &path, Err(error)),
    }
}

/// The operator's key of a folder, for the command line: it takes no lock and makes nothing.
///
/// # Errors
/// It cannot be read, which mostly means that no server has run there, or as another user.
pub fn operator_key(dir: &Path) -> Result<String, DataError> {
    let file = dir.join("operator.key");
    let line = system("read", &file, read_bounded(&file, LINE_BYTES_MAX))?;
    plain_line(&file, line)
}

/// Replaces a file as a whole, with these permissions if it is new.
///
/// # Errors
/// The disk refuses; the old file is still there.
pub fn write_atomically(file: &Path, bytes: &[u8], mode: u32) -> Result<(), DataError> {
    let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else {
        return system("write", file, Err(io::ErrorKind::InvalidInput.into()));
    };
    let aside = folder.join(format!(".{}.new", name.to_string_lossy()));
    let written = (|| {
        let mut new =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&aside)?;
        new.write_all(bytes)?;
        new.sync_all()?;
        fs::rename(&aside, file)?;
        sync_dir(folder)
    })();
    system("write", file, written)
}

/// Refuses a folder that is newer or not ours.
fn check_version(dir: &Path) -> Result<(), DataError> {
    let file = dir.join("VERSION");
    match read_bounded(&file, LINE_BYTES_MAX) {
        Ok(text) => {
            let text = String::from_utf8(text).unwrap_or_default();
            let why = "it does not hold a version; restore it from a copy of the folder";
            match text.trim().parse::<u64>() {
                Ok(found) if found > u64::from(VERSION) => Err(DataError::Newer { dir: dir.into(), found }),
                Ok(found) if found == u64::from(VERSION) => Ok(()),
                _ => Err(DataError::Damaged { file, why }),
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let is_start = |path: &PathBuf| {
                let name = path.file_name().unwrap_or_default();
                name == "lock" || name == "lost+found" || name == ".VERSION.new"
            };
            if entries(dir)?.iter().all(is_start) {
                Ok(())
            } else {
                Err(DataError::NotOurs { dir: dir.into() })
            }
        }
        Err(error) => system("read", &file, Err(error)),
    }
}

/// Takes the lock, which the system releases when the process ends, however it ends.
fn take_lock(dir: &Path) -> Result<File, DataError> {
    let path = dir.join("lock");
    let options = || fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
    let mut file = system("open", &path, options())?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(DataError::InUse { dir: dir.into(), holder: holder(file) });
        }
        Err(TryLockError::Error(error)) => return system("lock", &path, Err(error)),
    }
    let pid = format!("{}\n", std::process::id());
    let named = file.set_len(0).and_then(|()| file.write_all(pid.as_bytes()));
    system("write", &path, named)?;
    Ok(file)
}

/// Who holds a lock, as far as it says so.
fn holder(mut lock: File) -> String {
    let mut text = String::new();
    let known = lock.read_to_string(&mut text).is_ok() && !text.trim().is_empty();
    if known { format!("process {}", text.trim()) } else { "another process".to_owned() }
}

/// The one line of a key's file, which is made with 32 random bytes if there is none.
fn key_line(file: &Path) -> Result<String, DataError> {
    match read_bounded(file, LINE_BYTES_MAX) {
        Ok(line) => plain_line(file, line),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let key = URL_SAFE_NO_PAD.encode(entropy::bytes::<32>());
            write_atomically(file, format!("{key}\n").as_bytes(), 0o600)?;
            Ok(key)
        }
        Err(error) => system("read", file, Err(error)),
    }
}

/// A key has to fit into a header: printable ASCII without blanks.
fn plain_line(file: &Path, line: Vec<u8>) -> Result<String, DataError> {
    let line = String::from_utf8(line).unwrap_or_default().trim().to_owned();
    if line.is_empty() || !line.bytes().all(|b| b.is_ascii_graphic()) {
        let why = "it does not hold one word of printable ASCII";
        return Err(DataError::Damaged { file: file.into(), why });
    }
    Ok(line)
}

fn read_bounded(file: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(bytes_max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        return Err(io::Error::other("it is far larger than it can be"));
    }
    Ok(bytes)
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>, DataError> {
    let listed = fs::read_dir(dir).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    system("list", dir, listed)
}

/// Makes new names in a folder durable.
fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

fn system<T>(what: &'static str, path: &Path, result: io::Result<T>) -> Result<T, DataError> {
    result.map_err(|error| DataError::System { what, path: path.into(), error })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn temporary() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary folder")
    }

    fn show(id: &str) -> ShowId {
        id.parse().expect("a valid id")
    }

    #[test]
    fn keys_are_made_once_and_private() {
        let dir = temporary();
        let data = dir.path().join("new/data");
        let first = DataFolder::open(&data).expect("a new folder");
        let (operator, secret) = (first.operator_key().to_owned(), *first.secret());
        assert!(!format!("{:?}", first.secret).contains(|c: char| c.is_ascii_digit()));
        drop(first);
        let second = DataFolder::open(&data).expect("the same folder");
        assert_eq!((second.operator_key(), second.secret()), (operator.as_str(), &secret));
        assert_eq!(operator_key(&data).expect("it is there"), operator);
        for name in ["operator.key", "secret.key"] {
            let mode = fs::metadata(data.join(name)).expect("it was made").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn a_second_server_is_told_who_has_it() {
        let dir = temporary();
        assert_eq!(inspect(&dir.path().join("none")).expect("absence is no error"), FolderState::Absent);
        let first = DataFolder::open(dir.path()).expect("a new folder");
        let holder = format!("process {}", std::process::id());
        assert_eq!(inspect(dir.path()).expect("it is ours"), FolderState::InUse(holder));
        let error = DataFolder::open(dir.path()).expect_err("it is in use").to_string();
        assert!(error.contains(&format!("process {};", std::process::id())), "{error}");
        assert!(error.contains("--data"), "{error}");
        drop(first);
        assert_eq!(inspect(dir.path()).expect("it is ours"), FolderState::Free);
        DataFolder::open(dir.path()).expect("it is free again");
    }

    #[test]
    fn newer_foreign_and_damaged_folders_are_refused_and_left_alone() {
        let dir = temporary();
        fs::write(dir.path().join("letter.txt"), "dear").expect("a writable folder");
        assert!(matches!(DataFolder::open(dir.path()), Err(DataError::NotOurs { .. })));
        fs::write(dir.path().join("VERSION"), "2\n").expect("a writable folder");
        assert!(matches!(DataFolder::open(dir.path()), Err(DataError::Newer { found: 2, .. })));
        for odd in ["", "one", "0", "-1"] {
            fs::write(dir.path().join("VERSION"), odd).expect("a writable folder");
            assert!(matches!(DataFolder::open(dir.path()), Err(DataError::Damaged { .. })), "{odd:?}");
        }
        let mut left: Vec<_> = entries(dir.path()).expect("readable");
        left.sort();
        assert_eq!(left, [dir.path().join("VERSION"), dir.path().join("letter.txt")]);
    }

    #[test]
    fn damaged_keys_and_impossible_places_are_sentences() {
        let dir = temporary();
        drop(DataFolder::open(dir.path()).expect("a new folder"));
        for (name, content) in
            [("operator.key", "short"), ("operator.key", "two words, and more"), ("secret.key", "AAAA")]
        {
            let file = dir.path().join(name);
            let good = fs::read(&file).expect("it was made");
            fs::write(&file, content).expect("a writable folder");
            let error = DataFolder::open(dir.path()).expect_err("the key is damaged");
            assert!(matches!(&error, DataError::Damaged { file: named, .. } if *named == file), "{error}");
            fs::write(&file, good).expect("a writable folder");
        }
        let file = dir.path().join("operator.key/data");
        assert!(matches!(DataFolder::open(&file), Err(DataError::System { what: "create", .. })));
        assert!(matches!(DataFolder::open(Path::new("/proc/stentor")), Err(DataError::System { .. })));
    }

    #[test]
    fn shows_come_change_and_go_as_a_whole() {
        let dir = temporary();
        let data = DataFolder::open(dir.path()).expect("a new folder");
        let (a, b) = (show("a"), show("b"));
        data.create_show(&b, b"one").expect("a new show");
        data.create_show(&a, b"one").expect("a new show");
        let again = data.create_show(&a, b"other").expect_err("it exists");
        assert!(
            matches!(again, DataError::System { error, .. } if error.kind() == io::ErrorKind::AlreadyExists)
        );
        data.write_show(&a, b"two").expect("a writable folder");
        assert_eq!(data.read_show(&a).expect("it is there"), b"two");
        assert_eq!(data.shows().expect("readable").shows, [a.clone(), b.clone()]);

        fs::create_dir(data.show_dir(&a).join("tape")).expect("a writable folder");
        data.delete_show(&a).expect("it is there");
        assert!(data.delete_show(&a).is_err());
        assert!(data.read_show(&a).is_err());
        assert_eq!(data.shows().expect("readable"), ShowsFound { shows: vec![b], odd: vec![] });
    }

    #[test]
    fn what_a_crash_left_is_swept_and_what_is_not_ours_stays() {
        let dir = temporary();
        let data = DataFolder::open(dir.path()).expect("a new folder");
        let shows = dir.path().join("shows");
        for half in [".new-1", ".gone-2", "Holiday photos", "no-document"] {
            fs::create_dir(shows.join(half)).expect("a writable folder");
            fs::write(shows.join(half).join("file"), "x").expect("a writable folder");
        }
        drop(data);
        let data = DataFolder::open(dir.path()).expect("the same folder");
        let found = data.shows().expect("readable");
        assert_eq!(found.shows, []);
        assert_eq!(found.odd, [shows.join("Holiday photos"), shows.join("no-document")]);
        assert_eq!(entries(&shows).expect("readable").len(), 2);
        assert!(data.free_bytes().expect("every disk says") > 0);
    }
}
