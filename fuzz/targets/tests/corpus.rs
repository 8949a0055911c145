//! Every input that ever mattered, on stable Rust.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use stentor_fuzz_targets::TARGETS;

macro_rules! replayed {
    ($($name:ident)+) => {
        const REPLAYED: &[&str] = &[$(stringify!($name)),+];
        $(
            #[test]
            fn $name() {
                replay(stringify!($name));
            }
        )+
    };
}

replayed! {
    adts announcement configuration copies counts deframer fmp4 head journal names offer ogg opus overlay packet payload playlist range record
    recovery reload response sdpfrag show_doc ticket token
}

fn replay(name: &str) {
    let (_, target) = TARGETS.into_iter().find(|(other, _)| *other == name).expect("a target");
    let (mut taken, mut refused) = (0, 0);
    for path in entries(&fuzz().join("corpus").join(name)) {
        // Shown if the target panics: the last one is the input that does it.
        println!("{}", path.display());
        if target(&fs::read(&path).expect("a file of the corpus")) {
            taken += 1;
        } else {
            refused += 1;
        }
    }
    assert!(taken > 0 && refused > 0, "{taken} inputs taken, {refused} refused: the corpus has gone stale");
}

#[test]
fn every_target_is_fuzzed_and_replayed() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let replayed: BTreeSet<String> = REPLAYED.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(replayed, targets);
    assert_eq!(stems("fuzz_targets"), targets);
    assert_eq!(stems("corpus"), targets);
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).expect("fuzz/Cargo.toml");
    for name in targets {
        let file = format!("path = \"fuzz_targets/{name}.rs\"");
        assert!(manifest.contains(&file), "{name} has no [[bin]] in fuzz/Cargo.toml");
    }
}

fn stems(folder: &str) -> BTreeSet<String> {
    let stem = |path: PathBuf| path.file_stem().expect("a name").to_string_lossy().into_owned();
    entries(&fuzz().join(folder)).into_iter().map(stem).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort_unstable();
    paths
}

fn fuzz() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("fuzz/targets lies in fuzz/")
}
