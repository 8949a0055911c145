//! The operator's configuration file.

use std::path::Path;

use stentor_server::config::{Config, RawConfig};

/// A text is a configuration, or one sentence says why not.
pub fn configuration(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let checked = RawConfig::parse(Path::new("stentor.toml"), text).and_then(|raw| Config::load(None, raw));
    match checked {
        Ok(config) => {
            config.warnings();
            true
        }
        Err(error) => {
            assert!(!error.to_string().is_empty(), "an error says what is wrong");
            false
        }
    }
}
