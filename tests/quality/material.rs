//! What is measured on: the corpus's music and the demo album.

use std::path::{Path, PathBuf};

use auralis_core::decode;
use auralis_core::fingerprint::{self, Fingerprint};
use auralis_core::flow::{Source, Stereo};
use auralis_server::demo;
use auralis_tests::signals::{Memory, Planes, read_all};

use crate::levels::Levels;

/// Files shorter than this have too few gating blocks to be held to a promise.
const SHORTEST_S: f64 = 10.0;

/// A sound file.
pub struct File {
    /// What it is called in the table.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

/// A track in memory.
pub struct Track {
    /// What it is called in the table.
    pub name: String,
    /// Frames per second.
    pub rate: u32,
    /// Its stereo sound, which enhancement hears.
    pub planes: Planes,
    /// What the plan is made from.
    pub fingerprint: Fingerprint,
    /// What it is like.
    pub levels: Levels,
}

/// Where all that this program makes lies.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| auralis_tests::root().join("target"), Into::into)
}

/// All music there is: the demo album, and the corpus, if there is one.
pub fn files(corpus: Option<&Path>) -> Result<Vec<File>, String> {
    let mut files = album()?;
    match corpus {
        Some(corpus) if !corpus.is_dir() => return Err(format!("{} is no folder", corpus.display())),
        Some(corpus) => sounds(corpus, &mut files)?,
        None => {
            if let Some(corpus) = auralis_tests::corpus() {
                sounds(&corpus.join("music"), &mut files)?;
            }
        }
    }
    Ok(files)
}

/// The demo album, composed anew: it may be what was changed.
fn album() -> Result<Vec<File>, String> {
    let folder = target().join("quality/demo");
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(failed)?;
    }
    std::fs::create_dir_all(&folder).map_err(failed)?;
    eprintln!("composing the demo album …");
    demo::ensure(&folder, &|_| true).map_err(|error| error.to_string())?;
    let mut files = Vec::new();
    sounds(&folder, &mut files)?;
    Ok(files)
}

/// All files in `folder` and below that may be sound, sorted.
fn sounds(folder: &Path, files: &mut Vec<File>) -> Result<(), String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
        if path.is_dir() {
            sounds(&path, files)?;
        } else if extension.is_some_and(|extension| extension != "txt" && extension != "md") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push(File { name, path });
        }
    }
    Ok(())
}

/// Decodes and measures a file; the error says why it is left out.
pub fn open(file: &File) -> Result<Track, String> {
    let opened = std::fs::File::open(&file.path).map_err(|error| error.to_string())?;
    let n_bytes = opened.metadata().ok().map(|metadata| metadata.len());
    let extension = file.path.extension().map(|extension| extension.to_string_lossy().into_owned());
    let text = |error: auralis_core::error::Error| error.to_string();
    let mut decoder = decode::open(Box::new(opened), n_bytes, extension.as_deref()).map_err(text)?;
    let rate = decoder.spec().rate;
    let own = Memory::new(rate, read_all(&mut decoder, 8_192).map_err(text)?);
    if own.expected_frames().unwrap_or(0) as f64 / f64::from(rate) < SHORTEST_S {
        return Err(format!("shorter than {SHORTEST_S} s"));
    }
    let fingerprint = fingerprint::measure(&mut own.clone(), &mut |_| true).map_err(text)?;
    if fingerprint.lufs().is_none() {
        return Err("silent".to_owned());
    }
    let planes = read_all(&mut Stereo::new(own), 8_192).map_err(text)?;
    let levels = Levels::with(rate, &planes, &fingerprint)?;
    Ok(Track { name: file.name.clone(), rate, planes, fingerprint, levels })
}
