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
//! - [`command`]: what people can ask for; who may is in `rights`.
//! - [`hands`]: listeners who ask to speak.
//! - [`doc`]: the document on disk.
//! - [`stage`]: the core itself: who comes in, what is done, events.

pub mod command;
pub mod doc;
pub mod hands;
pub mod life;
pub mod link;
mod rights;
mod session;
pub mod spec;
pub mod stage;
pub mod token;

pub use command::{HandAnswer, Messages, Reach, StageCommand};
pub use doc::{DocError, ShowDoc};
pub use hands::{HandId, HandState, HandToken, RaisedHand};
pub use life::{Life, Phase};
pub use link::{CONSENT_NOTICE_OWN_TRACKS, CONSENT_NOTICE_VERSION, Consent, Link, NewLink};
pub use session::Path;
pub use spec::{Language, LanguageError, Role, ShowSpec, SpecError};
pub use stage::{Admitted, By, CloseReason, DeviceToken, Joined, Person, Programme, Stage, StageEvent};
pub use token::{Purpose, TokenKey};
