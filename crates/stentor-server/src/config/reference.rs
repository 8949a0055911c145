//! The example file and the reference page, made from the sections.

use std::fmt::Write as _;

use super::section::{SectionSpec, Takes};

/// Characters in a line of the example: fits every editor.
const LINE_CHARS_MAX: usize = 100;

pub(super) fn example(sections: &[&SectionSpec]) -> String {
    let mut page = String::from(
        "# Stentor's configuration, with every option and its default. Start with it: stentor serve --config FILE\n\
         # Flags override this file. Times and sizes have their unit in their name.\n",
    );
    for section in sections {
        let _ = writeln!(page, "\n# {}\n[{}]", wrapped(section.doc), section.name);
        for option in section.options {
            let unset = if option.default.is_none() { " Not set by default." } else { "" };
            let takes = match option.takes {
                Takes::Reload => " Taken over on SIGHUP.",
                Takes::Restart => "",
            };
            let value = option.default.unwrap_or(option.example);
            let doc = format!("{}{unset}{takes}", option.doc.trim());
            let _ = writeln!(page, "# {}\n#{} = {value}", wrapped(&doc), option.name);
        }
    }
    page
}

pub(super) fn markdown(sections: &[&SectionSpec]) -> String {
    let mut page = String::from(
        "# Configuration\n\n\
         One TOML file, given with `--config`; [stentor.example.toml](stentor.example.toml) has every option. Flags\n\
         override the file, the file overrides defaults. Relative paths in the file start at its folder, those of\n\
         flags at the present one. What is wrong or unknown stops the start with a sentence and exit code 64.\n\n\
         On SIGHUP the server reads the file and its certificate again. Options of kind *reload* change at once, in the\n\
         middle of a show. A file that is wrong, or that changes an option of kind *restart*, is refused as a whole: the\n\
         log names each such option with its old and new value, and everything stays as it was.\n",
    );
    for section in sections {
        let _ = writeln!(page, "\n## `[{}]`\n\n{}\n", section.name, section.doc.trim());
        page.push_str("| option | default | flag | changes on | what it does |\n|---|---|---|---|---|\n");
        for option in section.options {
            let default = option.default.map_or("not set".to_owned(), |value| format!("`{value}`"));
            let flag = option.flag.map_or(String::new(), |flag| format!("`{flag}`"));
            let doc = option.doc.trim().replace('|', "\\|");
            let example = match option.default {
                Some(default) if default == option.example => String::new(),
                _ => format!(" Such as `{}`.", option.example),
            };
            let takes = match option.takes {
                Takes::Reload => "reload",
                Takes::Restart => "restart",
            };
            let _ = writeln!(page, "| `{}` | {default} | {flag} | {takes} | {doc}{example} |", option.name);
        }
    }
    page
}

/// Lines of a comment, without the first `# `.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is always one");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > LINE_CHARS_MAX {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n# ")
}
