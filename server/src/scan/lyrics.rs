//! Lyrics: of the tag, or of a file beside the music that is called like it.

use std::io::Read;
use std::path::Path;

use super::text;

/// Largest file of lyrics that is read, in bytes.
const MAX_FILE: u64 = 256 << 10;

/// The lyrics in `song.lrc` or `song.txt` beside `song.flac`. Links are not
/// followed: they may lead out of the library.
pub fn beside(path: &Path) -> Option<String> {
    ["lrc", "txt"].iter().find_map(|extension| {
        let path = path.with_extension(extension);
        let is_fit =
            path.symlink_metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() <= MAX_FILE);
        if !is_fit {
            return None;
        }
        let mut bytes = Vec::new();
        std::fs::File::open(&path).ok()?.take(MAX_FILE).read_to_end(&mut bytes).ok()?;
        text::lines(&text::decoded(&bytes))
    })
}

/// A line of lyrics.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// When it begins, in seconds; none: it is not timed.
    pub at_s: Option<f64>,
    /// What is sung.
    pub text: String,
}

/// The lines of `lyrics`; if any is timed (LRC), those that are, in their
/// order of time, and none that only describes (`[ar:…]`).
pub fn lines(lyrics: &str) -> Vec<Line> {
    let mut timed = Vec::new();
    let mut offset_s = 0.0;
    for line in lyrics.lines() {
        let (times, rest) = times(line);
        if let Some(ms) = rest.strip_prefix("[offset:").and_then(|rest| rest.strip_suffix(']')) {
            // A positive offset shows lines sooner.
            offset_s = ms.trim().parse::<f64>().map_or(0.0, |ms| ms / 1_000.0);
        }
        timed.extend(times.into_iter().map(|at_s| (at_s, rest.trim())));
    }
    if timed.is_empty() {
        return lyrics.lines().map(|line| Line { at_s: None, text: line.trim_end().to_owned() }).collect();
    }
    timed.sort_by(|a, b| a.0.total_cmp(&b.0));
    let at = |at_s: f64| Some((at_s - offset_s).max(0.0));
    timed.into_iter().map(|(at_s, text)| Line { at_s: at(at_s), text: words(text) }).collect()
}

/// The times before a line, in seconds, and the line.
fn times(line: &str) -> (Vec<f64>, &str) {
    let (mut times, mut rest) = (Vec::new(), line.trim());
    while let Some((time, after)) = rest.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        let Some(time) = seconds(time) else { break };
        times.push(time);
        rest = after.trim_start();
    }
    (times, rest)
}

/// `mm:ss`, `mm:ss.xx` or `mm:ss:xx`.
fn seconds(text: &str) -> Option<f64> {
    let is_plain = text.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.'));
    let (minutes, rest) = text.split_once(':').filter(|_| is_plain)?;
    let seconds: f64 = rest.replacen(':', ".", 1).parse().ok()?;
    Some(60.0 * minutes.parse::<f64>().ok()? + seconds).filter(|seconds| seconds.is_finite())
}

/// A line without the times of its single words, `<mm:ss.xx>`.
fn words(line: &str) -> String {
    let mut words = String::new();
    let mut rest = line;
    while let Some((before, inner)) = rest.split_once('<') {
        words.push_str(before);
        rest = match inner.split_once('>') {
            Some((time, after)) if seconds(time).is_some() => after,
            _ => {
                words.push('<');
                inner
            }
        };
    }
    words + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(at_s: f64, text: &str) -> Line {
        Line { at_s: Some(at_s), text: text.to_owned() }
    }

    #[test]
    fn timed_lines_are_in_their_order_and_plain_ones_as_written() {
        let lrc = "[ar:Somebody]\n[00:12.50]two\n[00:02]one <00:02.5>and\n[01:00:25][00:20.0] again\nspoken";
        assert_eq!(lines(lrc), [at(2.0, "one and"), at(12.5, "two"), at(20.0, "again"), at(60.25, "again")]);
        assert_eq!(lines("[offset:500]\n[00:01]x")[0], at(0.5, "x"));
        assert_eq!(lines("[offset:+9000]\n[00:01]x")[0], at(0.0, "x"));
        let plain = lines("a\n\n[chorus]\nb <3 c");
        assert_eq!(
            plain.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(),
            ["a", "", "[chorus]", "b <3 c"]
        );
        assert!(plain.iter().all(|line| line.at_s.is_none()));
        // Hostile ones end.
        assert_eq!(lines("[99999999999999999999:00]x").len(), 1);
        assert_eq!(lines(&"[00:01]".repeat(5_000)).len(), 5_000);
    }
}
