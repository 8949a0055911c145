//! The document of a show on disk: everything that must outlive the process.

use serde::{Deserialize, Serialize};

use crate::command::Messages;
use crate::life::Life;
use crate::link::{Consent, Link};
use crate::spec::ShowSpec;

/// The version of the document that this program writes, and the newest that it reads. Version 1 is read
/// as well: it had no places, no messages and no delay, and means what they are when nobody has said a word.
pub const DOC_VERSION: u32 = 2;

/// A show as it is kept on disk. Unknown fields are refused rather than lost at the next writing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShowDoc {
    pub(crate) version: u32,
    /// The show as it was announced.
    pub spec: ShowSpec,
    /// Its phase.
    pub life: Life,
    /// Its links, in the order in which they were made.
    pub links: Vec<Link>,
    /// The consents that are kept, oldest first.
    pub consents: Vec<Consent>,
    /// The lines that are shown.
    #[serde(default)]
    pub messages: Messages,
    /// Whether listeners may raise their hands while the show lets them.
    #[serde(default)]
    pub hands_open: bool,
}

/// Why a document cannot be taken. Not to be retried: a person has to look at the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DocError {
    /// A later version of Stentor wrote it.
    #[error(
        "the show was written by a newer Stentor (format {found}, this one reads up to {DOC_VERSION}); \
         start the newer one"
    )]
    Newer {
        /// The version it has.
        found: u64,
    },
    /// It is no document of ours, or a damaged one.
    #[error("the show's document is damaged: {0}")]
    Damaged(#[from] serde_json::Error),
    /// It is well-formed and says something that cannot be.
    #[error("the show's document contradicts itself: {0}")]
    Contradictory(&'static str),
}

impl ShowDoc {
    /// Reads a document, an older one as if this program had written it. The version is looked at first,
    /// so that a newer document is called newer and not damaged.
    pub fn from_json(bytes: &[u8]) -> Result<Self, DocError> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u64,
        }
        let Versioned { version: found } = serde_json::from_slice(bytes)?;
        if found > u64::from(DOC_VERSION) {
            return Err(DocError::Newer { found });
        }
        if found == 0 {
            return Err(DocError::Contradictory("there never was such a version"));
        }
        let doc: Self = serde_json::from_slice(bytes)?;
        Ok(Self { version: DOC_VERSION, ..doc })
    }

    /// Writes the document, for people to read as well.
    pub fn to_json(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("plain data with text keys");
        bytes.push(b'\n');
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_document_is_called_newer_and_others_damaged() {
        let newer = br#"{ "version": 3, "what": "we do not know" }"#;
        assert!(matches!(ShowDoc::from_json(newer), Err(DocError::Newer { found: 3 })));
        let older = br#"{ "version": 0 }"#;
        assert!(matches!(ShowDoc::from_json(older), Err(DocError::Contradictory(_))));
        for damaged in [&b""[..], b"{", b"[]", b"{}", br#"{ "version": 1 }"#, br#"{ "version": "1" }"#] {
            assert!(matches!(ShowDoc::from_json(damaged), Err(DocError::Damaged(_))), "{damaged:?}");
        }
    }
}
