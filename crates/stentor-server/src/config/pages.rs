//! `[pages]`: links that the listener's pages show.

use super::section::{Wrong, section};
use super::url::WebUrl;

section! {
    /// Links that the listener's pages show. In some countries they have to.
    ["pages"] RawPages {
        /// Who is responsible for what is heard here.
        imprint_url: String = None, "\"https://example.org/imprint\"", None, Reload;
        /// What happens to the data of those who listen.
        privacy_url: String = None, "\"https://example.org/privacy\"", None, Reload;
    }
}

/// Links on the pages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pages {
    /// Who is responsible.
    pub imprint_url: Option<WebUrl>,
    /// What happens to data.
    pub privacy_url: Option<WebUrl>,
}

impl RawPages {
    pub(crate) fn check(self) -> Result<Pages, Wrong> {
        let url = |option: &str, text: Option<String>| {
            text.map(|text| text.parse().map_err(|why| Self::SPEC.wrong(option, &text, format!("{why}"))))
                .transpose()
        };
        Ok(Pages {
            imprint_url: url("imprint_url", self.imprint_url)?,
            privacy_url: url("privacy_url", self.privacy_url)?,
        })
    }
}
