//! What ends a publication.

use std::io;

/// The publication is over, or could not begin. Each text says what happened, why and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The file cannot be read. The caller's; check the name and the permissions.
    #[error("cannot read {name}: {source}; check the name and that it may be read")]
    Unreadable {
        /// The file.
        name: String,
        /// What the system says.
        source: io::Error,
    },
    /// The file is no sound that can be decoded. The caller's; convert it.
    #[error(
        "{name} holds no sound that can be played ({why}); WAV, FLAC, MP3, AAC in M4A, Ogg Vorbis and \
         Ogg Opus can: convert it with ffmpeg -i {name} sound.opus"
    )]
    NotSound {
        /// The file.
        name: String,
        /// What the decoder says.
        why: String,
    },
    /// The file is beyond [`crate::FILE_BYTES_MAX`] or [`crate::DURATION_MAX`]. The caller's; cut it.
    #[error("{name} is too long ({what}); cut it into pieces of at most 24 hours")]
    TooLong {
        /// The file.
        name: String,
        /// Which limit.
        what: String,
    },
    /// The URL is not that of a WHIP endpoint. The caller's.
    #[error("{url} is not an http or https address; it looks like https://stage.example/show/whip")]
    BadUrl {
        /// The URL.
        url: String,
    },
    /// The extra certificate cannot be used. The caller's.
    #[error("cannot use the certificate {name}: {why}; it must be a file of PEM certificates")]
    BadCertificate {
        /// The file.
        name: String,
        /// Why.
        why: String,
    },
    /// The server refused for good: a wrong key, an unknown show, a show that is over. Trying again
    /// does not help.
    #[error("the server refused ({status}): {text}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The code of the problem document, if there was one.
        reason: Option<String>,
        /// Its title and detail, or the status in words.
        text: String,
    },
    /// The server answered in a way that is no WHIP. The server's; is the URL right?
    #[error("the server's answer is not WHIP ({why}); is the address that of a WHIP endpoint?")]
    NotWhip {
        /// What is wrong with it.
        why: String,
    },
}
