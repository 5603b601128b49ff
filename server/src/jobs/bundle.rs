//! What is fetched of a job: its one file, or a ZIP of its files, of which any
//! range can be read.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::folder::Folder;
use super::zipped::{self, Run};

/// Bytes read at a time.
const PIECE: u64 = 256 << 10;
/// What a ZIP's heads are kept in.
const HEADS: &str = "zip";

/// The file of the track at this place, in its job's folder.
pub fn file_name(place: u32, extension: &str) -> String {
    format!("{place:05}.{extension}")
}

/// Where the heads of the ZIP in this folder are kept.
pub fn heads(folder: &Path) -> PathBuf {
    folder.join(HEADS)
}

/// Something that can be fetched. While it is there, its folder stays.
#[derive(Debug)]
pub struct Bundle {
    /// Held, not looked at: it goes with the last who holds it.
    _folder: Arc<Folder>,
    /// Each with where it begins.
    runs: Vec<(u64, Piece)>,
    len: u64,
}

#[derive(Debug)]
enum Piece {
    Head(Vec<u8>),
    File(PathBuf, u64),
}

impl Bundle {
    /// The one file of this name.
    pub fn one(folder: Arc<Folder>, name: &str, len: u64) -> io::Result<Self> {
        let path = folder.path().join(name);
        if fs::metadata(&path)?.len() != len {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the file is not what was written"));
        }
        Ok(Bundle { _folder: folder, runs: vec![(0, Piece::File(path, len))], len })
    }

    /// The ZIP of the files of these names.
    pub fn zip(folder: Arc<Folder>, names: impl IntoIterator<Item = String>) -> io::Result<Self> {
        let (mut runs, mut len) = (Vec::new(), 0);
        let mut names = names.into_iter();
        for run in zipped::read(&fs::read(heads(folder.path()))?)? {
            let n_bytes = run.len();
            let piece = match run {
                Run::Head(head) => Piece::Head(head),
                Run::Body(n_bytes) => {
                    let name = names.next().ok_or(io::ErrorKind::InvalidData)?;
                    Piece::File(folder.path().join(name), n_bytes)
                }
            };
            runs.push((len, piece));
            len += n_bytes;
        }
        Ok(Bundle { _folder: folder, runs, len })
    }

    /// How many bytes it has.
    pub fn n_bytes(&self) -> u64 {
        self.len
    }

    /// Reads this range of it.
    pub fn read(self: Arc<Self>, range: Range<u64>) -> Reading {
        Reading { bundle: self, range, open: None }
    }
}

/// A range of a bundle that is being read.
pub struct Reading {
    bundle: Arc<Bundle>,
    range: Range<u64>,
    /// The file that was read last, by its run.
    open: Option<(usize, File)>,
}

impl Reading {
    /// The next bytes; none: that was all. It blocks.
    pub fn piece(&mut self) -> io::Result<Option<Vec<u8>>> {
        if self.range.is_empty() {
            return Ok(None);
        }
        let at = self.range.start;
        let idx = self.bundle.runs.partition_point(|(start, _)| *start <= at) - 1;
        let (start, piece) = &self.bundle.runs[idx];
        let left = PIECE.min(self.range.end - at);
        let bytes = match piece {
            Piece::Head(head) => {
                let within = (at - start) as usize;
                head[within..head.len().min(within + left as usize)].to_vec()
            }
            Piece::File(path, len) => {
                let n_bytes = left.min(start + len - at) as usize;
                let file = match self.open.take() {
                    Some((open, file)) if open == idx => file,
                    _ => {
                        let mut file = File::open(path)?;
                        file.seek(SeekFrom::Start(at - start))?;
                        file
                    }
                };
                let (_, file) = self.open.insert((idx, file));
                let mut bytes = vec![0; n_bytes];
                // A file that became shorter ends the answer, not with garbage.
                file.read_exact(&mut bytes)?;
                bytes
            }
        };
        self.range.start += bytes.len() as u64;
        Ok(Some(bytes))
    }
}
