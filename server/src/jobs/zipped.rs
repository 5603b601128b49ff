//! A ZIP that lies on the disk without its files: heads as the library writes
//! them, and how many bytes of which file stand between them. So what is rendered
//! is kept once, and any range of the ZIP can be read.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::rc::Rc;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Files from this size on have heads that can tell it.
const LARGE: u64 = u32::MAX as u64;

/// One stretch of a ZIP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Run {
    /// What the format itself says.
    Head(Vec<u8>),
    /// So many bytes of the next file.
    Body(u64),
}

/// The runs of a ZIP of these files: where each lies, its name in the ZIP, and its
/// bytes. `keep_going` may stop it.
pub fn runs<'a>(
    files: impl Iterator<Item = (&'a Path, &'a str, u64)>,
    keep_going: &dyn Fn() -> bool,
) -> io::Result<Vec<Run>> {
    let skeleton = Skeleton::default();
    let in_body = Rc::clone(&skeleton.in_body);
    let mut zip = ZipWriter::new(skeleton);
    let mut piece = vec![0; 1 << 18];
    for (path, name, n_bytes) in files {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        zip.start_file(name, options.large_file(n_bytes >= LARGE).unix_permissions(0o644))?;
        let mut file = File::open(path)?;
        in_body.set(true);
        let mut n_read = 0;
        loop {
            if !keep_going() {
                return Err(io::Error::new(io::ErrorKind::Interrupted, "the job was stopped"));
            }
            match file.read(&mut piece)? {
                0 => break,
                n => zip.write_all(&piece[..n])?,
            }
            n_read = file.stream_position()?;
        }
        in_body.set(false);
        if n_read != n_bytes {
            return Err(io::Error::other(format!(
                "{} has {n_read} bytes, {n_bytes} were written",
                path.display()
            )));
        }
    }
    Ok(zip.finish()?.runs)
}

/// What the library writes to: it keeps heads, and of files only how long they are.
#[derive(Default)]
struct Skeleton {
    runs: Vec<Run>,
    at: u64,
    end: u64,
    /// Whether what comes is of a file.
    in_body: Rc<Cell<bool>>,
}

impl Skeleton {
    /// Where in the heads the place `at` is: the run, and the byte in it.
    fn head_at(&mut self) -> io::Result<&mut [u8]> {
        let mut start = 0;
        for run in &mut self.runs {
            let n = run.len();
            if (start..start + n).contains(&self.at) {
                if let Run::Head(head) = run {
                    return Ok(&mut head[(self.at - start) as usize..]);
                }
                break;
            }
            start += n;
        }
        Err(io::Error::other("a ZIP is written over where no head is"))
    }
}

impl Run {
    /// How many bytes it has.
    pub fn len(&self) -> u64 {
        match self {
            Run::Head(head) => head.len() as u64,
            Run::Body(n_bytes) => *n_bytes,
        }
    }
}

impl Write for Skeleton {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut n = bytes.len();
        if self.at < self.end {
            let head = self.head_at()?;
            n = n.min(head.len());
            head[..n].copy_from_slice(&bytes[..n]);
        } else {
            match (self.in_body.get(), self.runs.last_mut()) {
                (true, Some(Run::Body(n_bytes))) => *n_bytes += n as u64,
                (true, _) => self.runs.push(Run::Body(n as u64)),
                (false, Some(Run::Head(head))) => head.extend_from_slice(bytes),
                (false, _) => self.runs.push(Run::Head(bytes.to_vec())),
            }
            self.end += n as u64;
        }
        self.at += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Skeleton {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.end.checked_add_signed(by),
        };
        self.at = at.filter(|at| *at <= self.end).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// The runs as they are kept on the disk: a line that tells their lengths, and the
/// heads one after another.
pub fn write(runs: &[Run], out: &mut dyn Write) -> io::Result<()> {
    let told: Vec<(bool, u64)> = runs.iter().map(|run| (matches!(run, Run::Head(_)), run.len())).collect();
    serde_json::to_writer(&mut *out, &told)?;
    out.write_all(b"\n")?;
    for run in runs {
        if let Run::Head(head) = run {
            out.write_all(head)?;
        }
    }
    Ok(())
}

/// The inverse of [`write`].
pub fn read(bytes: &[u8]) -> io::Result<Vec<Run>> {
    let broken = || io::Error::new(io::ErrorKind::InvalidData, "what is kept of the ZIP is not whole");
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(broken)?;
    let told: Vec<(bool, u64)> = serde_json::from_slice(&bytes[..end])?;
    let mut heads = &bytes[end + 1..];
    let mut runs = Vec::with_capacity(told.len());
    for (is_head, n_bytes) in told {
        if !is_head {
            runs.push(Run::Body(n_bytes));
            continue;
        }
        let (head, rest) = heads.split_at_checked(n_bytes as usize).ok_or_else(broken)?;
        runs.push(Run::Head(head.to_vec()));
        heads = rest;
    }
    if heads.is_empty() { Ok(runs) } else { Err(broken()) }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// The whole ZIP, with zeros or the files in it.
    fn whole(runs: &[Run], files: &[&[u8]]) -> Vec<u8> {
        let mut files = files.iter();
        let bytes = |run: &Run| match run {
            Run::Head(head) => head.clone(),
            Run::Body(n) => {
                let file = files.next().unwrap();
                assert_eq!(file.len() as u64, *n);
                file.to_vec()
            }
        };
        runs.iter().flat_map(bytes).collect()
    }

    #[test]
    fn the_library_reads_what_its_skeleton_and_the_files_make() {
        let folder = std::env::temp_dir().join(format!("auralis-zipped-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let contents: [&[u8]; 3] = [b"one", &[7; 600_000], "Ærø".as_bytes()];
        let names = ["Äther/01 One.flac", "two.flac", "日本.flac"];
        let paths: Vec<_> = (0..3).map(|n| folder.join(n.to_string())).collect();
        paths.iter().zip(contents).for_each(|(path, bytes)| std::fs::write(path, bytes).unwrap());
        let files = || {
            paths
                .iter()
                .zip(names)
                .zip(contents)
                .map(|((path, name), bytes)| (&**path, name, bytes.len() as u64))
        };
        let made = runs(files(), &|| true).unwrap();
        let mut kept = Vec::new();
        write(&made, &mut kept).unwrap();
        assert_eq!(read(&kept).unwrap(), made);
        assert!(read(&kept[..kept.len() - 1]).is_err());
        assert!(kept.len() < 2_000, "files are not kept twice");
        let mut zip = zip::ZipArchive::new(Cursor::new(whole(&made, &contents))).unwrap();
        for (name, bytes) in names.into_iter().zip(contents) {
            let mut file = zip.by_name(name).unwrap();
            let mut read = Vec::new();
            file.read_to_end(&mut read).unwrap();
            assert_eq!(read, bytes, "{name}");
        }
        assert!(runs(files(), &|| false).is_err(), "it can be stopped");
        let wrong = runs(files().map(|(path, name, n)| (path, name, n + 1)), &|| true);
        assert!(wrong.unwrap_err().to_string().contains("were written"));
        std::fs::remove_dir_all(&folder).unwrap();
    }

    /// Bytes at any place of a ZIP of which only heads are there; the rest is zero.
    struct Sparse {
        runs: Vec<Run>,
        at: u64,
    }

    impl Read for Sparse {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let mut start = 0;
            for run in &self.runs {
                let within = self.at - start;
                if within < run.len() {
                    let n = out.len().min((run.len() - within) as usize);
                    match run {
                        Run::Head(head) => out[..n].copy_from_slice(&head[within as usize..][..n]),
                        Run::Body(_) => out[..n].fill(0),
                    }
                    self.at += n as u64;
                    return Ok(n);
                }
                start += run.len();
            }
            Ok(0)
        }
    }

    impl Seek for Sparse {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            let len: u64 = self.runs.iter().map(Run::len).sum();
            self.at = match to {
                SeekFrom::Start(at) => at,
                SeekFrom::Current(by) => self.at.checked_add_signed(by).unwrap(),
                SeekFrom::End(by) => len.checked_add_signed(by).unwrap(),
            };
            Ok(self.at)
        }
    }

    /// ZIP64: a file, and places of files, beyond 32 bits.
    #[test]
    fn what_32_bits_do_not_hold_is_told_by_64() {
        let folder = std::env::temp_dir().join(format!("auralis-zip64-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (large, small) = (folder.join("large"), folder.join("small"));
        const LEN: u64 = (1 << 32) + 7;
        File::create(&large).unwrap().set_len(LEN).unwrap();
        std::fs::write(&small, b"behind").unwrap();
        let made =
            runs([(&*large, "large.wav", LEN), (&*small, "small.wav", 6)].into_iter(), &|| true).unwrap();
        let mut zip = zip::ZipArchive::new(Sparse { runs: made, at: 0 }).unwrap();
        assert_eq!(zip.by_index(0).unwrap().size(), LEN);
        let small = zip.by_index(1).unwrap();
        assert_eq!((&*small.name().unwrap(), small.size()), ("small.wav", 6));
        assert!(small.header_start() > LEN);
        drop(small);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
