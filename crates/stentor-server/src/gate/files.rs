//! What of a gate lies in a show's folder:
//!
//! | file | what |
//! |---|---|
//! | `gate.key` | under which tickets are signed, the seed of the draw, and until when tickets are good (0600) |
//! | `gate.journal` | what happened at the gate, as [`stentor_gate::recover`] reads it (0600) |

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use stentor_gate::{Gate, Recovered, Seed, TicketKey, TicketKeys};
use stentor_types::{Now, ShowId, Wall};

use crate::data_folder::write_atomically;
use crate::entropy;

const KEY_FILE: &str = "gate.key";
const JOURNAL_FILE: &str = "gate.journal";

/// Of the key's file; what is longer is another.
const KEY_BYTES_MAX: u64 = 4096;

/// Of a journal: one is written anew from twice what it would be on, which for 4 million tickets in both lanes is
/// 40 MB, and some seconds of changes come on top.
const JOURNAL_BYTES_MAX: u64 = 256 << 20;

/// How long the tickets of a show are good. They are for one gate alone, and its key goes with the show: this only bounds
/// what never ends.
const TICKETS_GOOD_FOR: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// The number of a gate's first key.
const FIRST_KEY: u8 = 1;

/// What must not be known.
#[derive(Clone)]
pub(super) struct Secrets {
    ticket_key: [u8; 32],
    seed: [u8; 32],
    expires_at: Wall,
}

/// The same as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    version: u32,
    ticket_key: String,
    seed: String,
    tickets_expire_at: Wall,
}

impl Secrets {
    pub(super) fn random(now: Wall) -> Self {
        let expires_at = now.plus(TICKETS_GOOD_FOR);
        Self { ticket_key: entropy::bytes(), seed: entropy::bytes(), expires_at }
    }

    pub(super) fn keys(&self, show: &ShowId) -> TicketKeys {
        TicketKeys::new(show, self.expires_at, TicketKey::new(FIRST_KEY, &self.ticket_key))
    }

    pub(super) fn seed(&self) -> Seed {
        Seed::new(self.seed)
    }

    fn to_json(&self) -> Vec<u8> {
        let [ticket_key, seed] = [&self.ticket_key, &self.seed].map(|secret| URL_SAFE_NO_PAD.encode(secret));
        let file = KeyFile { version: 1, ticket_key, seed, tickets_expire_at: self.expires_at };
        serde_json::to_vec_pretty(&file).expect("plain data with text keys")
    }

    fn from_json(json: &[u8]) -> Option<Self> {
        let file: KeyFile = serde_json::from_slice(json).ok()?;
        let secret = |text: &str| URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok();
        let is_ours = file.version == 1;
        is_ours.then_some(())?;
        Some(Self {
            ticket_key: secret(&file.ticket_key)?,
            seed: secret(&file.seed)?,
            expires_at: file.tickets_expire_at,
        })
    }
}

/// How far a gate is on the disk.
pub(super) struct Record {
    secrets: Secrets,
    is_key_kept: bool,
    /// The journal is to be written anew: it is not there yet, or something could not be appended.
    is_whole_due: bool,
    bytes: u64,
    /// The draw was among what was last taken, and is kept.
    draw_taken: bool,
    draw_kept: bool,
}

/// What is to be written.
pub(super) enum Due {
    /// Behind what is there.
    Append(Vec<u8>),
    /// In place of what is there, the key before it if that is not there yet.
    Whole { key: Option<Vec<u8>>, journal: Vec<u8> },
}

impl Record {
    /// Of a gate of which nothing is on the disk.
    pub(super) fn new(secrets: Secrets) -> Self {
        let is_key_kept = false;
        Self { secrets, is_key_kept, is_whole_due: true, bytes: 0, draw_taken: false, draw_kept: false }
    }

    /// Whether its beginning is on the disk.
    pub(super) fn is_kept(&self) -> bool {
        self.is_key_kept
    }

    /// Whether everybody may see the draw.
    pub(super) fn shows_draw(&self) -> bool {
        self.draw_kept
    }

    /// What is to be written now; nothing if nothing has happened.
    pub(super) fn take(&mut self, gate: &mut Gate) -> Option<Due> {
        self.draw_taken = gate.draw().is_some();
        if self.is_whole_due || gate.is_long(self.bytes) {
            let key = (!self.is_key_kept).then(|| self.secrets.to_json());
            return Some(Due::Whole { key, journal: gate.rewrite() });
        }
        let journal = gate.take_journal();
        (!journal.is_empty()).then_some(Due::Append(journal))
    }

    /// The last that there is to be written. What is torn ends in the middle of something, and nothing may stand behind it.
    pub(super) fn last(&mut self, mut gate: Gate, is_torn: bool) -> Due {
        self.is_whole_due |= is_torn;
        match self.take(&mut gate) {
            Some(Due::Whole { key, mut journal }) => {
                journal.append(&mut gate.stop());
                Due::Whole { key, journal }
            }
            Some(Due::Append(mut journal)) => {
                journal.append(&mut gate.stop());
                Due::Append(journal)
            }
            None => Due::Append(gate.stop()),
        }
    }

    /// What was taken is on the disk, or not: how long the journal is then.
    pub(super) fn wrote(&mut self, gate: &mut Gate, written: Option<u64>) {
        self.is_whole_due = written.is_none();
        let Some(bytes) = written else { return };
        self.bytes = bytes;
        self.is_key_kept = true;
        self.draw_kept = self.draw_taken;
        gate.journal_is_written();
    }
}

/// Writes what is due into a show's folder; says how long the journal is then.
///
/// # Errors
/// The disk refuses. What is there may end in the middle of what was to be appended.
pub(super) fn write(folder: &Path, due: &Due) -> Result<u64, String> {
    let path = folder.join(JOURNAL_FILE);
    match due {
        Due::Whole { key, journal } => {
            if let Some(key) = key {
                write_atomically(&folder.join(KEY_FILE), key, 0o600).map_err(|error| error.to_string())?;
            }
            write_atomically(&path, journal, 0o600).map_err(|error| error.to_string())?;
            Ok(journal.len() as u64)
        }
        Due::Append(journal) => {
            append(&path, journal).map_err(|error| format!("{}: {error}", path.display()))
        }
    }
}

fn append(path: &Path, journal: &[u8]) -> io::Result<u64> {
    let mut file = OpenOptions::new().append(true).open(path)?;
    file.write_all(journal)?;
    file.sync_data()?;
    Ok(file.metadata()?.len())
}

/// The gate that a show's folder holds, if it holds one.
///
/// # Errors
/// It holds one that cannot be used: why.
pub(super) fn find(
    now: Now,
    show: &ShowId,
    folder: &Path,
    seats: u32,
) -> Result<Option<(Gate, Record)>, String> {
    let key = read(&folder.join(KEY_FILE), KEY_BYTES_MAX)?;
    let journal = read(&folder.join(JOURNAL_FILE), JOURNAL_BYTES_MAX)?;
    // Without its journal a key would sign the same tickets once more, for others.
    let (key, journal) = match (key, journal) {
        (None, None) => return Ok(None),
        (None, Some(_)) => return Err(format!("{KEY_FILE} is missing")),
        (Some(_), None) => return Err(format!("{JOURNAL_FILE} is missing")),
        (Some(key), Some(journal)) => (key, journal),
    };
    let secrets = Secrets::from_json(&key).ok_or_else(|| format!("{KEY_FILE} is damaged or newer"))?;
    let (keys, seed) = (secrets.keys(show), secrets.seed());
    let recovered = Gate::recover(now.mono, keys, &[], seed, seats, &journal);
    let Recovered { gate, .. } = recovered.map_err(|error| format!("{JOURNAL_FILE}: {error}"))?;
    let mut record = Record::new(secrets);
    record.is_key_kept = true;
    record.draw_kept = gate.draw().is_some();
    Ok(Some((gate, record)))
}

/// Keeps what cannot be used under other names; says which.
///
/// # Errors
/// The disk refuses.
pub(super) fn set_aside(folder: &Path, now: Wall) -> io::Result<String> {
    let mut aside = Vec::new();
    for name in [KEY_FILE, JOURNAL_FILE] {
        let kept = format!("{name}.kept-{}", now.0);
        match fs::rename(folder.join(name), folder.join(&kept)) {
            Ok(()) => aside.push(kept),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(format!("it is kept as {}", aside.join(" and ")))
}

fn read(file: &Path, bytes_max: u64) -> Result<Option<Vec<u8>>, String> {
    let wrong = |error: io::Error| format!("{} cannot be read: {error}", file.display());
    let opened = match File::open(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(wrong)?,
    };
    let mut bytes = Vec::new();
    opened.take(bytes_max + 1).read_to_end(&mut bytes).map_err(wrong)?;
    if bytes.len() as u64 > bytes_max {
        return Err(format!("{} is larger than it can be", file.display()));
    }
    Ok(Some(bytes))
}
