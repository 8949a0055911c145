//! What is told to pages and tools: plain data, one struct a document (ARCHITECTURE.md, http.md).

mod desk;
mod stage;
mod status;

pub(crate) use self::desk::link_view;
pub use self::desk::{DoorUrls, LinkView, ShowView, TapeFacts};
pub use self::stage::{Commanded, HandAnswered, HandRaised, StageState};
pub use self::status::{MarkView, OwnPages, Status};
