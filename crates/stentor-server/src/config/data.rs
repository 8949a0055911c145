//! `[data]`: what is kept, and where.

use std::path::{Path, PathBuf};

use super::section::{Wrong, section};

/// Where the data folder is unless somebody says otherwise: under the present folder.
const DIR: &str = "stentor-data";

/// An hour of all renditions is 95 MB, and other programs need room as well.
const RESERVE_MIB: u64 = 512;

/// 16 TiB: more than that is a slip of the unit.
const RESERVE_MIB_MAX: u64 = 16 * 1024 * 1024;

section! {
    /// What is kept, and where.
    ["data"] RawData {
        /// The folder for everything that is kept: keys, shows, recordings.
        dir: PathBuf = Some("\"stentor-data\""), "\"/var/lib/stentor\"", Some("--data"), Restart;
        /// Room in MiB that stays free on its disk. Below it, shows go on but are no longer recorded.
        reserve_mib: u64 = Some("512"), "512", None, Reload;
    }
}

/// The data folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    /// Where it is.
    pub dir: PathBuf,
    /// Bytes of its disk that stay free.
    pub reserve_bytes: u64,
}

impl RawData {
    pub(crate) fn check(self) -> Result<Data, Wrong> {
        let dir = self.dir.unwrap_or_else(|| DIR.into());
        if dir.as_os_str().is_empty() {
            return Err(Self::SPEC.wrong("dir", "", "write the path of a folder"));
        }
        let reserve_mib = self.reserve_mib.unwrap_or(RESERVE_MIB);
        if reserve_mib > RESERVE_MIB_MAX {
            let advice = format!("it is counted in MiB; at most {RESERVE_MIB_MAX}");
            return Err(Self::SPEC.wrong("reserve_mib", reserve_mib, advice));
        }
        Ok(Data { dir, reserve_bytes: reserve_mib * 1024 * 1024 })
    }

    /// Makes a relative path one of `folder`.
    pub(crate) fn rebase(&mut self, folder: &Path) {
        self.dir = self.dir.take().map(|dir| folder.join(dir));
    }
}
