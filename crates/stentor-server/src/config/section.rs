//! A section of the configuration, written down once.

/// A section, for the reference and for messages.
#[derive(Clone, Copy, Debug)]
pub struct SectionSpec {
    /// Its name in the file.
    pub name: &'static str,
    /// What it is about.
    pub doc: &'static str,
    /// Its options.
    pub options: &'static [OptionSpec],
}

/// What it takes for a new value of an option to come into force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// SIGHUP, in the middle of a show.
    Reload,
    /// A restart of the server.
    Restart,
}

/// An option whose value differs between two configurations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The option, with its section.
    pub option: String,
    /// The value in force, as it would be written in the file.
    pub old: String,
    /// The value that is wanted.
    pub new: String,
    /// What it takes.
    pub takes: Takes,
}

/// An option, for the reference and for messages.
#[derive(Clone, Copy, Debug)]
pub struct OptionSpec {
    /// Its name in the file.
    pub name: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// Its default, as it would be written in the file; `None` if it is not set.
    pub default: Option<&'static str>,
    /// A value as it would be written in the file.
    pub example: &'static str,
    /// The flag of `stentor serve` that overrides it.
    pub flag: Option<&'static str>,
    /// What a new value takes.
    pub takes: Takes,
}

/// A value that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{option} = {value:?} cannot be used: {advice}")]
pub struct Wrong {
    /// The option, with its section and its flag.
    pub option: String,
    /// What was set.
    pub value: String,
    /// Why not, and what to write instead.
    pub advice: String,
}

impl SectionSpec {
    /// A value of this section that cannot be used.
    pub(crate) fn wrong(&self, option: &str, value: impl ToString, advice: impl Into<String>) -> Wrong {
        let spec = self.options.iter().find(|spec| spec.name == option);
        let flag = spec.and_then(|spec| spec.flag).map(|flag| format!(" ({flag})")).unwrap_or_default();
        let option = format!("{}.{option}{flag}", self.name);
        Wrong { option, value: value.to_string(), advice: advice.into() }
    }

    /// The options whose values differ, given the old and the new value of each in the order of the options.
    pub(crate) fn changes(&self, values: &[(Option<String>, Option<String>)]) -> Vec<Change> {
        let changed = self.options.iter().zip(values).filter_map(|(option, (old, new))| {
            let shown = |value: &Option<String>| {
                value.clone().unwrap_or_else(|| option.default.unwrap_or("not set").to_owned())
            };
            let (old, new) = (shown(old), shown(new));
            let name = format!("{}.{}", self.name, option.name);
            (old != new).then_some(Change { option: name, old, new, takes: option.takes })
        });
        changed.collect()
    }
}

/// A value as it would be written in the file.
pub(crate) fn written(value: &Option<impl serde::Serialize>) -> Option<String> {
    let value = value.as_ref()?;
    Some(toml::Value::try_from(value).map_or_else(|error| error.to_string(), |value| value.to_string()))
}

/// The raw form of a section and its [`SectionSpec`]. A line of an option reads
/// `name: type = "default" or unset, "example", "flag" or none, what a new value takes;`.
macro_rules! section {
    (
        $(#[doc = $section_doc:literal])+
        [$section:literal] $raw:ident {
            $($(#[doc = $doc:literal])+ $name:ident: $type:ty = $default:expr, $example:literal, $flag:expr, $takes:ident;)+
        }
    ) => {
        $(#[doc = $section_doc])+
        #[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $raw {
            $($(#[doc = $doc])+ pub $name: Option<$type>,)+
        }

        impl $raw {
            /// The section's name, meaning and options.
            pub const SPEC: $crate::config::section::SectionSpec = $crate::config::section::SectionSpec {
                name: $section,
                doc: concat!($($section_doc),+),
                options: &[$($crate::config::section::OptionSpec {
                    name: stringify!($name),
                    doc: concat!($($doc),+),
                    default: $default,
                    example: $example,
                    flag: $flag,
                    takes: $crate::config::section::Takes::$takes,
                }),+],
            };

            /// What is set here, and for the rest what is set in `below`.
            pub(crate) fn over(self, below: Self) -> Self {
                Self { $($name: self.$name.or(below.$name)),+ }
            }

            /// The options whose values are others in `new`.
            pub(crate) fn changes(&self, new: &Self) -> Vec<$crate::config::section::Change> {
                use $crate::config::section::written;
                Self::SPEC.changes(&[$((written(&self.$name), written(&new.$name))),+])
            }
        }
    };
}

pub(crate) use section;
