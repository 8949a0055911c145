//! Links between the documents lead somewhere.

use super::{TextFile, Tree};

pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let documents = tree.files.iter().filter(|file| file.has_extension(&["md"]));
    documents.flat_map(|file| broken(tree, file)).collect()
}

fn broken(tree: &Tree, file: &TextFile) -> Vec<String> {
    let mut in_code = false;
    let mut broken = Vec::new();
    for (number, line) in file.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for target in targets(line) {
            let folder = tree.root.join(&file.path);
            let Some(folder) = folder.parent() else { continue };
            if !folder.join(target).exists() {
                broken.push(format!("{}:{number}: {target} does not exist", file.path));
            }
        }
    }
    broken
}

/// The paths in `](path#fragment)` of a line, without those that lead out of the repository.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let inside = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let paths = inside.map(|target| target.split('#').next().unwrap_or_default());
    paths.filter(|path| !path.is_empty() && !path.contains("://") && !path.starts_with("mailto:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_the_repository_are_targets() {
        let line = "see [a](docs/a.md#part), [b](https://example.org/), [c](#here) and [d](../d.md)";
        assert_eq!(targets(line).collect::<Vec<_>>(), ["docs/a.md", "../d.md"]);
    }
}
