//! Sound files made by ffmpeg, and ears to judge what became of them.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs a program that `cargo xtask test` installs; it must succeed.
fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output();
    let output =
        output.unwrap_or_else(|error| panic!("{program}: {error}; install it (apt-get install {program})"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A file in the tests' own folder, its name unlike that of any other test.
pub(crate) fn place(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Has ffmpeg make a sound of these sine waves, each of a pitch and a length, one behind the other.
pub(crate) fn tones(name: &str, tones: &[(f64, f64)], options: &[&str]) -> PathBuf {
    let path = place(name);
    let graphs: Vec<_> = tones.iter().map(|(hz, s)| format!("sine=frequency={hz}:duration={s}")).collect();
    let concat: String = (0..tones.len()).map(|i| format!("[{i}:a]")).collect();
    let concat = format!("{concat}concat=n={}:v=0:a=1,volume=12dB", tones.len());
    let mut arguments = vec!["-y", "-loglevel", "error"];
    for graph in &graphs {
        arguments.extend(["-f", "lavfi", "-i", graph]);
    }
    let target = path.to_str().expect("a plain path");
    arguments.extend(["-filter_complex", &concat]);
    arguments.extend(options);
    arguments.push(target);
    run("ffmpeg", &arguments);
    path
}

/// The share of a sound's power that lies at `hz`, from 0 to 1 (Goertzel).
pub(crate) fn share_at(samples: &[f32], hz: f64) -> f64 {
    let step = 2.0 * std::f64::consts::PI * hz / 48_000.0;
    let (mut re, mut im, mut power) = (0.0, 0.0, 1e-9);
    for (n, &sample) in samples.iter().enumerate() {
        let (sin, cos) = (step * n as f64).sin_cos();
        re += f64::from(sample) * cos;
        im += f64::from(sample) * sin;
        power += f64::from(sample) * f64::from(sample);
    }
    2.0 * (re * re + im * im) / (power * samples.len() as f64)
}

/// Power against full scale.
pub(crate) fn power(samples: &[f32]) -> f64 {
    samples.iter().map(|s| f64::from(s * s)).sum::<f64>() / samples.len() as f64
}
