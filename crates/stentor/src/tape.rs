//! `stentor tape`: recordings without a server.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use stentor_formats::{FileLayout, Piece};
use stentor_server::tape::tracks_thread::TRACKS_FOLDER;
use stentor_server::tape::{Tracks, files};
use stentor_tape::{Overlay, Recovered, Report};
use stentor_types::{Chunk, Frames, MediaTime, Rendition, Slot};

use crate::cli::TapeCommand;
use crate::say::say;

pub(crate) fn tape(command: TapeCommand) -> anyhow::Result<()> {
    match command {
        TapeCommand::Verify { folder, json } => verify(&folder, json),
        TapeCommand::Export { folder, file, whole, tracks } => {
            export(&folder, &file, whole)?;
            tracks.map_or(Ok(()), |to| export_tracks(&folder, &to, whole))
        }
        TapeCommand::Ls { data } => list(&data),
    }
}

fn verify(folder: &Path, json: bool) -> anyhow::Result<()> {
    let (_, recovered) = recover(folder)?;
    let report = Report::new(&recovered);
    if json {
        say(format_args!("{}", serde_json::to_string_pretty(&report)?));
    } else {
        say(format_args!("{report}"));
    }
    if report.is_sound() {
        return Ok(());
    }
    bail!("the tape in {} is damaged; what is good can be exported", folder.display())
}

fn list(data: &Path) -> anyhow::Result<()> {
    let shows = data.join("shows");
    let entries = fs::read_dir(&shows)
        .with_context(|| format!("cannot read {}; is {} a data folder?", shows.display(), data.display()))?;
    let mut folders: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    folders.sort();
    for folder in folders {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match recover(&folder) {
            Ok((_, recovered)) => {
                let report = Report::new(&recovered);
                let state = if report.is_sound() { "sound" } else { "damaged" };
                let (duration_s, mib) = (report.duration_s, report.bytes as f64 / 1048576.0);
                say(format_args!("{name:24} {duration_s:9.1} s {mib:8.1} MiB  {state}"));
            }
            Err(error) => say(format_args!("{name:24} {error:#}")),
        }
    }
    Ok(())
}

/// The folder of a show or its tape's: both are what people have at hand.
fn recover(folder: &Path) -> anyhow::Result<(PathBuf, Recovered)> {
    let inner = folder.join("tape");
    let folder = if inner.is_dir() { inner } else { folder.to_path_buf() };
    let found = files::recover(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let Some(found) = found else {
        bail!(
            "there is no tape in {}; give the folder of a show, such as stentor-data/shows/NAME",
            folder.display()
        );
    };
    Ok((folder, found?))
}

fn export(folder: &Path, file: &Path, whole: bool) -> anyhow::Result<()> {
    let rendition = match file.extension().and_then(|extension| extension.to_str()) {
        Some("m4a") => Rendition::Aac64,
        Some("opus") => Rendition::Opus64,
        _ => bail!("{}: the name of the file ends in .m4a or .opus", file.display()),
    };
    let (tape, recovered) = recover(folder)?;
    let (range, overlay) = range(folder, &recovered, whole)?;
    let index = &recovered.index;
    let read = |slot: Slot| -> Option<std::sync::Arc<Chunk>> {
        let at = index.location(slot)?;
        index.chunk(at, &files::read(&tape, at).ok()?).ok()
    };
    let title = overlay.and_then(|overlay| overlay.title);
    let layout = FileLayout::new(index.head(), rendition, title.as_ref(), range, |slot| {
        Some(read(slot)?.frames.get(rendition)?.lens_bytes().to_vec())
    })?;
    write(file, &layout, |slot| Ok(read(slot).and_then(|chunk| chunk.frames.get(rendition).cloned())))
}

/// Each speaker's own track, named by their number on the stage.
fn export_tracks(folder: &Path, to: &Path, whole: bool) -> anyhow::Result<()> {
    let own = folder.join(TRACKS_FOLDER);
    if !own.is_dir() {
        bail!(
            "there are no own tracks in {}; they are recorded if the show was created with them",
            folder.display()
        );
    }
    let (_, recovered) = recover(folder)?;
    let (range, _) = range(folder, &recovered, whole)?;
    let tracks = Tracks::read(&own, recovered.index.head())
        .with_context(|| format!("cannot read {}", own.display()))?;
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    for facts in tracks.facts(&range) {
        let number = facts.speaker.0;
        let layout = tracks.lay_out(facts.speaker, None, range.clone());
        let layout = layout.map_err(|why| anyhow!("cannot read track {number} ({why}); try again"))?;
        let file = to.join(format!("{number}.opus"));
        write(&file, &layout, |slot| tracks.frames(facts.speaker, slot))?;
    }
    Ok(())
}

/// Writes the file with this layout.
fn write(
    file: &Path,
    layout: &FileLayout,
    frames_of: impl Fn(Slot) -> io::Result<Option<Frames>>,
) -> anyhow::Result<()> {
    let out = File::create_new(file).with_context(|| match file.exists() {
        true => format!("{} is there already; name another file, or remove it first", file.display()),
        false => format!("cannot write {}", file.display()),
    })?;
    let mut out = BufWriter::new(out);
    for piece in layout.pieces(0..layout.len()) {
        match piece {
            Piece::Literal(bytes) => out.write_all(&bytes)?,
            Piece::Chunk { slot, within } => {
                let frames =
                    frames_of(slot)?.with_context(|| format!("slot {} changed while it was read", slot.0))?;
                out.write_all(&layout.chunk_bytes(slot, &frames)?[within])?;
            }
        }
    }
    out.flush()?;
    let seconds = MediaTime(layout.duration_samples()).as_secs_f64();
    say(format_args!("{}: {seconds:.1} s, {} bytes", file.display(), layout.len()));
    Ok(())
}

/// From on air to the end, as the overlay or else the marks say; all of the tape if it was never on air.
fn range(
    folder: &Path,
    recovered: &Recovered,
    whole: bool,
) -> anyhow::Result<(Range<MediaTime>, Option<Overlay>)> {
    let index = &recovered.index;
    let tape = index.first().start()..index.end().start();
    let overlay = match fs::read(folder.join("overlay.json")) {
        Ok(json) => Some(Overlay::parse(&json)?),
        Err(_) => Overlay::from_marks(index.marks()),
    };
    let Some(overlay) = overlay.filter(|_| !whole) else { return Ok((tape, None)) };
    let end = overlay.end_samples.unwrap_or(tape.end).min(tape.end);
    Ok((overlay.start_samples..end, Some(overlay)))
}
