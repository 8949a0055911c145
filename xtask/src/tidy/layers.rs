//! Arrows between crates only go down, none sideways: the code map of ARCHITECTURE.md against what
//! cargo says. Tests' dependencies count as well, since a test that reaches sideways is at the wrong
//! place.

use std::collections::BTreeMap;

use super::{Tree, text_of};

/// Crates that judge the others from outside, and so may use none of them.
const JUDGES: [&str; 2] = ["stentor-crowd", "xtask"];

pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let Some(map) = tree.text("ARCHITECTURE.md") else {
        return vec!["ARCHITECTURE.md is missing; the layers are in its code map".to_owned()];
    };
    let layers = layers(map);
    let mut broken = Vec::new();
    let members = tree.members();
    let names: Vec<&str> = members.iter().map(|package| text_of(&package["name"])).collect();
    for package in &members {
        let name = text_of(&package["name"]);
        let Some(layer) = layers.get(name) else {
            broken.push(format!("{name} has no line in the code map of ARCHITECTURE.md"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let below = text_of(&dependency["name"]);
            if !names.contains(&below) {
                continue;
            }
            if JUDGES.contains(&name) {
                broken
                    .push(format!("{name} depends on {below}, but the judge must not use the writer's pen"));
            } else if layers.get(below).is_none_or(|below| below >= layer) {
                broken.push(format!("{name} depends on {below}, which is not in a layer below"));
            }
        }
    }
    broken
}

/// The rows `` | `name` | what it owns | core 1 | ``: the last number of the last column is the
/// layer, and a tool stands above all.
fn layers(architecture: &str) -> BTreeMap<&str, u32> {
    architecture.lines().filter_map(row).collect()
}

fn row(line: &str) -> Option<(&str, u32)> {
    let name = line.strip_prefix("| `")?.split_once('`')?.0;
    let last = line.trim_end().strip_suffix('|')?.rsplit_once('|')?.1.trim();
    let layer = if last == "tool" { u32::MAX } else { last.rsplit(' ').next()?.parse().ok()? };
    Some((name, layer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_map_is_read() {
        let map = "| crate | what | layer |\n|---|---|---|\n| `low` | data | 0 |\n| `core` | x | core 1 |\n\
                   | `tool` | chores | tool |\n| `web/` | pages | |\n| `status` | an answer | 200 ok |\n";
        let layers = layers(map);
        assert_eq!(layers.get("low"), Some(&0));
        assert_eq!(layers.get("core"), Some(&1));
        assert_eq!(layers.get("tool"), Some(&u32::MAX));
        assert_eq!(layers.len(), 3);
    }
}
