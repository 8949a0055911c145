//! People: links, roles, tokens, the phase of a show, on air, end and undo.
//!
//! A [`Stage`] is one show as its people see it. It is a core: time, randomness and the secret are
//! arguments, and what it decides is drained as [`StageEvent`]s. What must outlive the process is
//! one document, [`ShowDoc`].
//!
//! - [`spec`]: what is fixed when a show is announced.
//! - [`life`]: the five phases and the arrows between them.
//! - [`token`]: keys and device tokens, self-contained and authenticated.
//! - [`link`]: who may come in, and the consents they gave.
//! - [`doc`]: the document on disk.
//! - [`stage`]: the core itself: commands, sessions, events.

pub mod doc;
pub mod life;
pub mod link;
mod session;
pub mod spec;
pub mod stage;
pub mod token;

pub use doc::{DocError, ShowDoc};
pub use life::{Life, Phase, StageCommand};
pub use link::{CONSENT_NOTICE_VERSION, Consent, Link};
pub use session::Path;
pub use spec::{Language, LanguageError, Role, ShowSpec, SpecError};
pub use stage::{Admitted, By, CloseReason, DeviceToken, Joined, Person, Programme, Stage, StageEvent};
pub use token::{Purpose, TokenKey};
