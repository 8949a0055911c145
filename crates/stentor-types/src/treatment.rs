//! What is done with the voice of a person on the stage.

use serde::{Deserialize, Serialize};

/// Where a person is heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In the programme while the show is on air, and by everybody on the stage.
    #[default]
    OnAir,
    /// By those who are backstage as well, and by nobody else. They hear everybody.
    Backstage,
}

/// What is done with a person's voice before anybody hears it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Treatment {
    /// Where the person is heard.
    pub place: Place,
    /// Whether the person is heard nowhere. They go on hearing.
    pub muted: bool,
    /// Whether noise behind the voice is taken out. Music suffers from it.
    pub noise_suppression: bool,
}

impl Default for Treatment {
    /// A voice that is heard, without the noise behind it.
    fn default() -> Self {
        Self { place: Place::default(), muted: false, noise_suppression: true }
    }
}
