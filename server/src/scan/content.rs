//! What a file's sound is, whatever its tags say and wherever it lies: BLAKE3 of
//! three pieces of the audio data and of its length. A track that was moved,
//! renamed or tagged anew is told by it from one whose sound is another.

use std::io::{self, Read, Seek, SeekFrom};

/// Bytes of each piece: of the beginning, the middle and the end.
const PIECE: u64 = 64 << 10;
/// Bytes hashed at a time where all are.
const STEP: u64 = 1 << 20;
/// Blocks, chunks or boxes looked at before giving up on a file's structure.
const MAX_PARTS: usize = 10_000;
/// Bytes of an Ogg stream looked through for its first audio page.
const MAX_HEADERS: u64 = 64 << 20;

/// An id of sound.
pub type ContentId = [u8; 16];

/// The id of what `file`, of `size` bytes, sounds like. Where the structure is
/// unknown or broken it is the whole file's, tags and all.
pub fn content_id(file: &mut (impl Read + Seek), size: u64) -> io::Result<ContentId> {
    let span = span(file, size)?;
    let mut hash = blake3::Hasher::new();
    let length = span.end - span.start;
    hash.update(&length.to_le_bytes());
    for at in offsets(length) {
        let piece = read_at(file, span.start + at, PIECE.min(length - at))?;
        if span.is_ogg {
            payloads(&piece, |payload| {
                hash.update(payload);
            });
        } else {
            hash.update(&piece);
        }
    }
    Ok(id(&hash))
}

/// The id of all that is in a file, tags and headers too: what its sound is hangs on
/// both, as the same samples at another rate. None: `keep_going` said no.
pub fn whole_id(
    file: &mut (impl Read + Seek),
    size: u64,
    keep_going: &mut dyn FnMut() -> bool,
) -> io::Result<Option<ContentId>> {
    let mut hash = blake3::Hasher::new();
    for at in (0..size).step_by(STEP as usize) {
        if !keep_going() {
            return Ok(None);
        }
        hash.update(&read_at(file, at, STEP.min(size - at))?);
    }
    Ok(Some(id(&hash)))
}

fn id(hash: &blake3::Hasher) -> ContentId {
    let mut id = [0; 16];
    hash.finalize_xof().fill(&mut id);
    id
}

/// Where the pieces begin; a short file is one piece after the other.
fn offsets(length: u64) -> Vec<u64> {
    if length <= 3 * PIECE {
        return (0..length).step_by(PIECE as usize).collect();
    }
    vec![0, (length - PIECE) / 2, length - PIECE]
}

/// Where the audio data lies.
struct Span {
    start: u64,
    end: u64,
    /// Whether it is pages, whose headers a tagger numbers anew.
    is_ogg: bool,
}

fn span(file: &mut (impl Read + Seek), size: u64) -> io::Result<Span> {
    let start = behind_id3v2(file, size)?;
    let end = before_trailers(file, start, size)?;
    let head = read_at(file, start, 12.min(end - start))?;
    let found = match &head[..] {
        [b'f', b'L', b'a', b'C', ..] => behind_flac_blocks(file, start + 4, end)?.map(|start| (start, end)),
        [b'O', b'g', b'g', b'S', ..] => {
            let first = first_audio_page(file, start, end)?;
            return Ok(Span { start: first.unwrap_or(start), end, is_ogg: true });
        }
        [b'R', b'I' | b'F', b'F' | b'6', b'F' | b'4', .., b'W', b'A', b'V', b'E'] => {
            part(file, start + 12, end, |head| Part::riff(head, u32::from_le_bytes, b"data"))?
        }
        [b'F', b'O', b'R', b'M', .., b'A', b'I', b'F', b'F' | b'C'] => {
            part(file, start + 12, end, |head| Part::riff(head, u32::from_be_bytes, b"SSND"))?
        }
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => part(file, start, end, Part::of_box)?,
        _ => None,
    };
    // A tag that claims to be all of the file leaves no sound to tell it by.
    let whole = if start < end { (start, end) } else { (0, size) };
    let (start, end) = found.unwrap_or(whole);
    Ok(Span { start, end, is_ogg: false })
}

fn read_at(file: &mut (impl Read + Seek), at: u64, n: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = vec![0; n as usize];
    let mut n_read = 0;
    while n_read < bytes.len() {
        match file.read(&mut bytes[n_read..]) {
            // It became shorter meanwhile: the next scan sees that.
            Ok(0) => break,
            Ok(n) => n_read += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(n_read);
    Ok(bytes)
}

fn behind_id3v2(file: &mut (impl Read + Seek), size: u64) -> io::Result<u64> {
    let mut at = 0;
    for _ in 0..MAX_PARTS {
        let head = read_at(file, at, 10.min(size - at))?;
        let [b'I', b'D', b'3', _, _, flags, a, b, c, d] = head[..] else { break };
        let length = [a, b, c, d].iter().fold(0, |length, byte| (length << 7) | u64::from(byte & 0x7f));
        let footer = if flags & 0x10 != 0 { 10 } else { 0 };
        at = (at + 10 + length + footer).min(size);
    }
    Ok(at)
}

/// The end without ID3v1 and APE tags, of which a file may have both.
fn before_trailers(file: &mut (impl Read + Seek), start: u64, size: u64) -> io::Result<u64> {
    let mut end = size;
    for _ in 0..4 {
        let n_left = end - start;
        let tail = read_at(file, end - 128.min(n_left), 128.min(n_left))?;
        let length = match tail.len().checked_sub(32).map(|at| &tail[at..]) {
            _ if tail.len() == 128 && tail.starts_with(b"TAG") => 128,
            Some(footer) if footer.starts_with(b"APETAGEX") => {
                let number = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|i| footer[at + i]));
                u64::from(number(12)) + if number(20) & (1 << 31) != 0 { 32 } else { 0 }
            }
            _ => break,
        };
        if length == 0 || length > n_left {
            break;
        }
        end -= length;
    }
    Ok(end)
}

fn behind_flac_blocks(file: &mut (impl Read + Seek), mut at: u64, end: u64) -> io::Result<Option<u64>> {
    for _ in 0..MAX_PARTS {
        if at + 4 > end {
            break;
        }
        let head = read_at(file, at, 4)?;
        let [kind, a, b, c] = head[..] else { break };
        at += 4 + u64::from(u32::from_be_bytes([0, a, b, c]));
        if kind & 0x80 != 0 {
            return Ok((at < end).then_some(at));
        }
    }
    Ok(None)
}

/// One chunk or box of a file that is made of such.
struct Part {
    /// Bytes of its head, and behind that of its content.
    head: u64,
    content: u64,
    is_audio: bool,
}

impl Part {
    fn riff(head: &[u8; 16], number: fn([u8; 4]) -> u32, name: &[u8; 4]) -> Part {
        let length = u64::from(number([head[4], head[5], head[6], head[7]]));
        // Chunks begin at even bytes.
        Part { head: 8, content: length + length % 2, is_audio: head.starts_with(name) }
    }

    fn of_box(head: &[u8; 16]) -> Part {
        let [a, b, c, d, ..] = *head;
        let is_audio = head[4..8] == *b"mdat";
        let (head, length) = match u32::from_be_bytes([a, b, c, d]) {
            // To the end of the file.
            0 => (8, u64::MAX),
            1 => (16, (8..16).fold(0, |length, i| (length << 8) | u64::from(head[i]))),
            length => (8, u64::from(length)),
        };
        Part { head, content: length.saturating_sub(head), is_audio }
    }
}

/// Where the content of the largest audio part from `at` on lies.
fn part(
    file: &mut (impl Read + Seek),
    mut at: u64,
    end: u64,
    look: impl Fn(&[u8; 16]) -> Part,
) -> io::Result<Option<(u64, u64)>> {
    let mut largest: Option<(u64, u64)> = None;
    for _ in 0..MAX_PARTS {
        if at + 8 > end {
            break;
        }
        let mut head = [0; 16];
        let read = read_at(file, at, 16.min(end - at))?;
        head[..read.len()].copy_from_slice(&read);
        let part = look(&head);
        let start = (at + part.head).min(end);
        // A recorder that was cut off left a length of 0 or of everything.
        let content = start.saturating_add(part.content).min(end);
        if part.is_audio && largest.is_none_or(|(from, to)| content - start > to - from) {
            largest = Some((start, content));
        }
        at = content;
    }
    Ok(largest.filter(|(start, end)| start < end))
}

/// The first page behind the headers: one that counts frames.
fn first_audio_page(file: &mut (impl Read + Seek), start: u64, end: u64) -> io::Result<Option<u64>> {
    let mut at = start;
    while at + 27 <= end && at - start < MAX_HEADERS {
        let head = read_at(file, at, (27 + 255).min(end - at))?;
        let Some(page) = Page::read(&head) else { break };
        if page.granule != 0 && page.granule != u64::MAX {
            return Ok(Some(at));
        }
        at += (page.head + page.payload) as u64;
    }
    Ok(None)
}

/// The head of an Ogg page (RFC 3533, clause 6).
struct Page {
    granule: u64,
    head: usize,
    payload: usize,
}

impl Page {
    fn read(bytes: &[u8]) -> Option<Page> {
        let n_segments = usize::from(*bytes.get(26)?);
        let laces = bytes.get(27..27 + n_segments)?;
        let granule = bytes[6..14].iter().rev().fold(0, |granule, byte| (granule << 8) | u64::from(*byte));
        let payload = laces.iter().map(|&lace| usize::from(lace)).sum();
        bytes.starts_with(b"OggS").then_some(Page { granule, head: 27 + n_segments, payload })
    }
}

/// The payloads of the pages that begin in `piece`.
fn payloads(piece: &[u8], mut take: impl FnMut(&[u8])) {
    let mut at = 0;
    while let Some(rest) = piece.get(at..) {
        let Some(next) = rest.windows(4).position(|four| four == b"OggS") else { break };
        at += next;
        match Page::read(&piece[at..]) {
            Some(page) => {
                let from = at + page.head;
                let to = (from + page.payload).min(piece.len());
                take(&piece[from..to]);
                at = to;
            }
            None => at += 4,
        }
    }
}
