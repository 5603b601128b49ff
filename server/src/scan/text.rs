//! Texts of tags: made fit to be shown, and read in the encoding they were
//! written in where an old tag does not say which.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};

/// Longest text of one line taken from a tag, in characters.
const MAX_LINE: usize = 1_000;
/// Longest text of many lines.
const MAX_TEXT: usize = 64 << 10;
/// Most values taken of one field.
const MAX_VALUES: usize = 64;

/// `text` without control characters and surrounding blanks, of bounded
/// length; nothing if nothing is left.
pub fn line(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| !c.is_control()).take(MAX_LINE).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The same of many lines.
pub fn lines(text: &str) -> Option<String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text: String = text.chars().filter(|c| *c == '\n' || !c.is_control()).take(MAX_TEXT).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The values of a field, each once: several fields, or one with `; ` between.
pub fn values<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for value in texts.flat_map(|text| text.split("; ")).filter_map(line).take(MAX_VALUES) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

/// What old ID3 tags say is Latin-1 is often the writer's own encoding. Texts
/// of one tag, joined, that are not what they seem: how each is to be read.
pub struct Reread {
    encoding: &'static encoding_rs::Encoding,
}

impl Reread {
    /// Whether `texts` are some other encoding read as Latin-1, and which.
    /// Western texts have few letters beyond ASCII; where half of them are, it
    /// was another script. What is UTF-8 throughout is no accident either.
    pub fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Option<Self> {
        let (mut bytes, mut n_ascii, mut n_high) = (Vec::new(), 0, 0);
        for text in texts.filter(|text| !text.is_ascii()) {
            bytes.extend(latin_1(text)?);
            bytes.push(b'\n');
        }
        for byte in &bytes {
            n_ascii += usize::from(byte.is_ascii_alphabetic());
            n_high += usize::from(!byte.is_ascii());
        }
        if n_high == 0 {
            return None;
        }
        if std::str::from_utf8(&bytes).is_ok() {
            return Some(Reread { encoding: encoding_rs::UTF_8 });
        }
        if n_high < n_ascii {
            return None;
        }
        if is_shift_jis(&bytes) {
            return Some(Reread { encoding: encoding_rs::SHIFT_JIS });
        }
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        detector.feed(&bytes, true);
        Some(Reread { encoding: detector.guess(None, Utf8Detection::Deny) })
    }

    /// `text` as it was meant.
    pub fn text(&self, text: &str) -> Option<String> {
        let bytes = latin_1(text)?;
        let (text, _, is_bad) = self.encoding.decode(&bytes);
        (!is_bad).then(|| text.into_owned())
    }
}

/// Titles are too short for the detector to dare this guess; but what reads as
/// kana in it reads as nothing in another.
fn is_shift_jis(bytes: &[u8]) -> bool {
    let (text, _, is_bad) = encoding_rs::SHIFT_JIS.decode(bytes);
    let (mut n_kana, mut n_high) = (0, 0);
    for c in text.chars().filter(|c| !c.is_ascii()) {
        n_high += 1;
        n_kana += usize::from(matches!(c, '\u{3041}'..='\u{30fe}'));
    }
    !is_bad && 4 * n_kana >= n_high
}

/// The bytes of a text that is all Latin-1.
fn latin_1(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
}

/// The text of a file beside the music, whatever its encoding.
pub fn decoded(bytes: &[u8]) -> String {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Allow).decode(bytes).0.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_fit_to_be_shown() {
        assert_eq!(line(" a\u{0}b\n "), Some("ab".to_owned()));
        assert_eq!(line("\u{7}  "), None);
        assert_eq!(line(&"x".repeat(5_000)).map(|text| text.len()), Some(MAX_LINE));
        assert_eq!(lines("a\r\nb\rc\u{0}\n"), Some("a\nb\nc".to_owned()));
        assert_eq!(values(["A; B", "B", "C;D"].into_iter()), ["A", "B", "C;D"]);
    }

    fn as_latin_1(bytes: &[u8]) -> String {
        bytes.iter().map(|&byte| char::from(byte)).collect()
    }

    #[test]
    fn old_encodings_are_told_apart_and_western_text_is_left_alone() {
        let reread = |texts: &[&str]| {
            let found = Reread::of(texts.iter().copied());
            texts.iter().map(|text| found.as_ref().and_then(|found| found.text(text))).collect::<Vec<_>>()
        };
        for (encoding, meant) in [
            (encoding_rs::WINDOWS_1251, ["Группа крови", "Кино"]),
            (encoding_rs::SHIFT_JIS, ["上を向いて歩こう", "坂本九"]),
            (encoding_rs::EUC_KR, ["사랑하기 때문에", "유재하"]),
            (encoding_rs::UTF_8, ["Sigur Rós", "Ágætis byrjun"]),
        ] {
            let written = meant.map(|text| as_latin_1(&encoding.encode(text).0));
            let read = reread(&written.each_ref().map(|text| text.as_str()));
            assert_eq!(read, meant.map(|text| Some(text.to_owned())), "{}", encoding.name());
        }
        assert_eq!(reread(&["Björk", "Jóga"]), [None, None]);
        assert_eq!(reread(&["Motörhead", "Ace of Spades"]), [None, None]);
        assert_eq!(reread(&["日本", "x"]), [None, None]);
    }
}
