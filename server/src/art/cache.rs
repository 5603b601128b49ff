//! Thumbnails on disk, within a budget of bytes: the least recently used go
//! first. The cache only ever saves work: what is half written, foreign or
//! damaged is not believed, and a disk that is full or read-only costs nothing
//! but that it is said once.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::colour::Colour;
use super::thumb::Thumb;

/// What is hashed before an entry: another way of making them makes other entries.
const CONTEXT: &str = "auralis thumbnail 1";
/// Bytes of the checksum that an entry begins with.
const SUM: usize = blake3::OUT_LEN;
/// Bytes before the picture: the checksum and the colour.
const HEAD: usize = SUM + 3;
/// Largest entry read; no thumbnail comes near.
const MAX_ENTRY: u64 = 8 << 20;
/// What a disk gives out at least.
const BLOCK: u64 = 4 << 10;

/// Thumbnails on disk.
#[derive(Debug)]
pub struct Cache {
    folder: PathBuf,
    budget: u64,
    /// What is there, once it was looked at.
    index: Mutex<Option<Index>>,
    /// Whether it was said that nothing can be written.
    is_said: AtomicBool,
}

impl Cache {
    /// The cache in `folder`, which need not be there, of `budget` bytes.
    pub fn new(folder: PathBuf, budget: u64) -> Self {
        Cache { folder, budget, index: Mutex::default(), is_said: AtomicBool::new(false) }
    }

    /// The entry `name`, if it is there and whole.
    pub fn get(&self, name: &str) -> Option<Thumb> {
        self.index().as_mut()?.touch(name)?;
        let thumb = self.read(name);
        if thumb.is_none() {
            self.index().as_mut()?.remove(name);
        }
        thumb
    }

    fn read(&self, name: &str) -> Option<Thumb> {
        let mut bytes = Vec::new();
        File::open(self.folder.join(name)).ok()?.take(MAX_ENTRY).read_to_end(&mut bytes).ok()?;
        let said = bytes.get(..SUM)?;
        if checksum(name, bytes.get(SUM..)?).as_bytes() != said {
            return None;
        }
        let colour = Colour(bytes.get(SUM..HEAD)?.try_into().ok()?);
        Some(Thumb { colour, jpeg: bytes::Bytes::from(bytes).slice(HEAD..) })
    }

    /// Keeps an entry, if there is room and a disk for it.
    pub fn put(&self, name: &str, thumb: &Thumb) {
        let mut entry = vec![0; SUM];
        entry.extend_from_slice(&thumb.colour.0);
        entry.extend_from_slice(&thumb.jpeg);
        let sum = checksum(name, &entry[SUM..]);
        entry[..SUM].copy_from_slice(sum.as_bytes());
        if on_disk(entry.len() as u64) > self.budget {
            return;
        }
        match self.write(name, &entry) {
            Ok(()) => self.is_said.store(false, Ordering::Relaxed),
            Err(error) => {
                if !self.is_said.swap(true, Ordering::Relaxed) {
                    let folder = self.folder.display();
                    tracing::warn!(%folder, %error, "thumbnails are not kept; is the folder writable and its disk not full?");
                }
                return;
            }
        }
        let mut index = self.index();
        if let Some(index) = index.as_mut() {
            index.insert(name.to_owned(), entry.len() as u64);
            self.evict(index);
        }
    }

    /// Whole or not at all: what is not finished bears another name.
    fn write(&self, name: &str, entry: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let unfinished = self.folder.join(format!(".{name}"));
        let written = fs::write(&unfinished, entry);
        let kept = written.and_then(|()| fs::rename(&unfinished, self.folder.join(name)));
        if kept.is_err() {
            // It takes room on a disk that may have none.
            let _ = fs::remove_file(&unfinished);
        }
        kept
    }

    fn evict(&self, index: &mut Index) {
        while index.total > self.budget {
            let Some(oldest) = index.oldest() else { return };
            // One that is gone already has made its room.
            let _ = fs::remove_file(self.folder.join(&oldest));
            index.remove(&oldest);
        }
    }

    /// What is there, looked at once.
    fn index(&self) -> MutexGuard<'_, Option<Index>> {
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        if index.is_none() {
            let mut looked = self.look();
            self.evict(&mut looked);
            *index = Some(looked);
        }
        index
    }

    /// All entries, the oldest first; what an end cut short goes.
    fn look(&self) -> Index {
        let mut there = Vec::new();
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let Ok(metadata) = entry.metadata() else { continue };
            match name.strip_prefix('.') {
                Some(unfinished) if is_entry(unfinished) => {
                    let _ = fs::remove_file(entry.path());
                }
                None if is_entry(&name) && metadata.is_file() => {
                    there.push((metadata.modified().ok(), name, metadata.len()));
                }
                _ => {}
            }
        }
        there.sort_unstable();
        let mut index = Index::default();
        for (_, name, n_bytes) in there {
            index.insert(name, n_bytes);
        }
        index
    }
}

/// An entry's checksum covers its name: moved onto another's, it is foreign there.
fn checksum(name: &str, body: &[u8]) -> blake3::Hash {
    blake3::Hasher::new_derive_key(CONTEXT).update(name.as_bytes()).update(body).finalize()
}

/// Whether a file may be ours by its name: a hash and a size.
fn is_entry(name: &str) -> bool {
    let parts = name.split_once('-');
    parts.is_some_and(|(hash, size)| {
        blake3::Hash::from_hex(hash).is_ok() && size.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn on_disk(n_bytes: u64) -> u64 {
    n_bytes.next_multiple_of(BLOCK)
}

/// What is on disk, in the order of use.
#[derive(Debug, Default)]
struct Index {
    /// Bytes and last turn of each.
    entries: HashMap<String, (u64, u64)>,
    turns: BTreeMap<u64, String>,
    turn: u64,
    total: u64,
}

impl Index {
    fn insert(&mut self, name: String, n_bytes: u64) {
        self.remove(&name);
        self.turn += 1;
        self.total += on_disk(n_bytes);
        self.turns.insert(self.turn, name.clone());
        self.entries.insert(name, (n_bytes, self.turn));
    }

    /// Notes that an entry is used; none: it is not there.
    fn touch(&mut self, name: &str) -> Option<()> {
        let (n_bytes, _) = *self.entries.get(name)?;
        self.insert(name.to_owned(), n_bytes);
        Some(())
    }

    fn remove(&mut self, name: &str) {
        if let Some((n_bytes, turn)) = self.entries.remove(name) {
            self.turns.remove(&turn);
            self.total -= on_disk(n_bytes);
        }
    }

    fn oldest(&self) -> Option<String> {
        self.turns.first_key_value().map(|(_, name)| name.clone())
    }
}
