//! ffmpeg and ffprobe as judges. Where they are missing, tests fail and say so.

use std::path::PathBuf;
use std::process::Command;

/// Decodes a file to 48 kHz mono samples. Any complaint of the decoder is a failure.
pub(crate) fn decode(name: &str, bytes: &[u8]) -> Vec<i16> {
    let path = write(name, bytes);
    let out = run(Command::new("ffmpeg")
        .args(["-v", "warning", "-nostdin", "-i"])
        .arg(path)
        .args(["-f", "s16le", "-ac", "1", "-ar", "48000", "-"]));
    out.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// One value that ffprobe prints of the first stream or the format, such as `stream=start_pts`.
pub(crate) fn probe(name: &str, bytes: &[u8], entry: &str) -> String {
    let path = write(&format!("probe-{name}"), bytes);
    let args = ["-v", "warning", "-show_entries", entry, "-of", "default=noprint_wrappers=1:nokey=1"];
    let out = run(Command::new("ffprobe").args(args).arg(path));
    String::from_utf8(out).expect("ffprobe prints text").trim().to_owned()
}

fn write(name: &str, bytes: &[u8]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).expect("the folder for scratch files is writable");
    path
}

fn run(command: &mut Command) -> Vec<u8> {
    let program = command.get_program().to_owned();
    let out = command.output().unwrap_or_else(|error| {
        panic!(
            "{program:?} does not start ({error}): these tests need ffmpeg on PATH, apt-get install ffmpeg"
        )
    });
    let complaints = String::from_utf8_lossy(&out.stderr);
    // ADTS has no index, so its length is a guess; nothing is wrong with that.
    let complaints: String =
        complaints.lines().filter(|line| !line.contains("Estimating duration from bitrate")).collect();
    assert!(out.status.success() && complaints.is_empty(), "{program:?} complains: {complaints}");
    out.stdout
}
