//! Words that must not stay in the repository.

use super::{TextFile, Tree};

/// Notes to oneself and traces of debugging. Written in two halves so that this file is clean itself.
const LEFTOVERS: [&str; 7] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("db", "g!"),
    concat!("tod", "o!"),
    concat!("unimpl", "emented!"),
    concat!("console", ".debug"),
];

/// Where machines keep the files of their people.
const HOMES: [&str; 4] =
    [concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Use", "rs/"), concat!("C:", "\\")];

pub(crate) fn leftovers(tree: &Tree) -> Vec<String> {
    let sources = ["rs", "ts", "mjs", "py", "toml", "sh", "html", "css", "md"];
    let files = tree.files.iter().filter(|file| file.has_extension(&sources));
    files
        .flat_map(|file| places(file, &|line| LEFTOVERS.into_iter().find(|word| has_word(line, word))))
        .collect()
}

pub(crate) fn machine_paths(tree: &Tree) -> Vec<String> {
    let here = format!("{}/", tree.root.display());
    let find = |line: &str| {
        let home = HOMES.into_iter().find(|home| line.contains(home));
        home.or_else(|| line.contains(&here).then_some("the path of this clone"))
    };
    // The licence that is reproduced in NOTICE and lock files are other people's texts.
    let files = tree.files.iter().filter(|file| !file.path.ends_with("-lock.json") && file.path != "NOTICE");
    files.flat_map(|file| places(file, &find)).collect()
}

fn places(file: &TextFile, find: &dyn Fn(&str) -> Option<&'static str>) -> Vec<String> {
    let found = file.lines().filter_map(|(number, line)| Some((number, find(line)?)));
    found.map(|(number, word)| format!("{}:{number}: {word}", file.path)).collect()
}

/// Whether `word` occurs in `line` not as a part of a longer word.
fn has_word(line: &str, word: &str) -> bool {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(word)
        .any(|(at, _)| !part(line[..at].chars().next_back()) && !part(line[at + word.len()..].chars().next()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_words_are_found() {
        assert!(has_word("// one, two", "one"));
        assert!(has_word("two one", "one"));
        assert!(!has_word("someone", "one"));
        assert!(!has_word("ones", "one"));
        assert!(!has_word("one_more", "one"));
    }
}
