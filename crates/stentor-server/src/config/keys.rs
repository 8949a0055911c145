//! Keys that mean nothing, and what may have been meant.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::ConfigError;
use super::section::SectionSpec;

/// How like a key has to be to be suggested (Jaro-Winkler, 0 to 1): a slip of a letter or two.
const ALIKE_MIN: f64 = 0.75;

/// Refuses the first key that no section knows. Looked for before values are read, so that a slip
/// of the pen gets a suggestion.
pub(super) fn check(file: &Path, text: &str, sections: &[&SectionSpec]) -> Result<(), ConfigError> {
    let document = DeTable::parse(text).map_err(|error| syntax(file, text, &error))?;
    let section_names: Vec<_> = sections.iter().map(|section| section.name).collect();
    for (key, value) in in_file_order(document.get_ref()) {
        let name: &str = key.get_ref();
        let unknown = |at: &Spanned<_>, what: String, advice: String| ConfigError::UnknownKey {
            file: file.into(),
            line: line(text, at.span().start),
            what,
            advice,
        };
        let Some(section) = sections.iter().find(|section| section.name == name) else {
            let advice = suggest(name, &section_names, "sections");
            return Err(match value.get_ref() {
                DeValue::Table(_) => unknown(key, format!("section [{name}]"), advice),
                _ => unknown(key, format!("key `{name}` outside of a section"), of_section(name, sections)),
            });
        };
        let Some(options) = value.get_ref().as_table() else { continue };
        let known: Vec<_> = section.options.iter().map(|option| option.name).collect();
        for (key, _) in in_file_order(options) {
            let option: &str = key.get_ref();
            if !known.contains(&option) {
                let advice = suggest(option, &known, "keys here");
                return Err(unknown(key, format!("key `{option}` in [{name}]"), advice));
            }
        }
    }
    Ok(())
}

/// What the TOML reader found wrong, with its line.
pub(super) fn syntax(file: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
    let line = error.span().map_or(1, |span| line(text, span.start));
    let message = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
    ConfigError::Syntax { file: file.into(), line, message }
}

type Entry<'a, 'i> = (&'a Spanned<std::borrow::Cow<'i, str>>, &'a Spanned<DeValue<'i>>);

/// The first mistake that a person is told of is the first in the file.
fn in_file_order<'a, 'i>(table: &'a DeTable<'i>) -> Vec<Entry<'a, 'i>> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

fn suggest(name: &str, known: &[&str], what: &str) -> String {
    let likeness = |candidate: &&&str| strsim::jaro_winkler(name, candidate);
    let best = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    match best.filter(|best| likeness(best) >= ALIKE_MIN) {
        Some(best) => format!("did you mean `{best}`?"),
        None => format!("{what} are {}", known.join(", ")),
    }
}

/// Where a key without a section belongs.
fn of_section(name: &str, sections: &[&SectionSpec]) -> String {
    let has = |section: &&&SectionSpec| section.options.iter().any(|option| option.name == name);
    let homes: Vec<_> = sections.iter().filter(has).map(|section| format!("[{}]", section.name)).collect();
    match homes.as_slice() {
        [] => "every key stands under its section, such as [front]".to_owned(),
        homes => format!("write it under {}", homes.join(" or ")),
    }
}

fn line(text: &str, at: usize) -> usize {
    text.as_bytes()[..at.min(text.len())].iter().filter(|&&byte| byte == b'\n').count() + 1
}
