//! What is linked in may be given on under MIT or Apache-2.0, but for what is named here.

use super::{Tree, text_of};
use crate::spdx;

/// Licences that ask for no more than a notice.
const PERMISSIVE: [&str; 14] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Crates whose names begin so may have this licence too. MPL-2.0 is copyleft file by file: it asks
/// only that changes to symphonia's own files stay open, and we change none.
const NAMED: [(&str, &str); 1] = [("symphonia", "MPL-2.0")];

pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let broken = tree.packages().filter_map(|package| {
        let name = text_of(&package["name"]);
        let licence = package["license"].as_str()?;
        let named =
            |id: &str| NAMED.iter().any(|(prefix, allowed)| name.starts_with(prefix) && *allowed == id);
        let fits = spdx::satisfied(licence, &|id| PERMISSIVE.contains(&id) || named(id));
        (!fits).then(|| format!("{name} is under {licence}, which is not on the list of permissive licences"))
    });
    let silent = tree.packages().filter(|package| package["license"].is_null());
    broken.chain(silent.map(|package| format!("{} names no licence", text_of(&package["name"])))).collect()
}
