//! Names of copies: a template filled with what is known of a track, and made
//! harmless. Nothing that a tag says leads out of the folder in which it ends,
//! and what comes out is a file name on every system.

use std::collections::HashMap;
use std::fmt;

use unicode_normalization::UnicodeNormalization;

/// What stands in braces in a template.
pub const FIELDS: [&str; 11] = [
    "title",
    "artist",
    "album_artist",
    "album",
    "track",
    "disc",
    "year",
    "genre",
    "file",
    "folder",
    "number",
];

/// Longest template, in bytes.
const MAX_TEMPLATE: usize = 500;
/// Longest name of a file or a folder, in bytes: with what is added to it, it is
/// below the 255 that file systems take.
const MAX_NAME: usize = 180;
/// Most digits of a number.
const MAX_DIGITS: usize = 9;

/// What is known of a track; empty is what is not known.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    /// Its title.
    pub title: String,
    /// Whose it is, as one line.
    pub artist: String,
    /// Whose album it is, as one line.
    pub album_artist: String,
    /// Its album.
    pub album: String,
    /// Its place on the disc.
    pub track: Option<u32>,
    /// Its disc.
    pub disc: Option<u32>,
    /// Its year.
    pub year: Option<u32>,
    /// Its genre, the first of them.
    pub genre: String,
    /// The name of its file, without the extension.
    pub file: String,
    /// The folder of its file in the library, with `/` between its parts.
    pub folder: String,
    /// Its place among those that are copied, from 1.
    pub number: u32,
}

/// A template that can be filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// A field, and to how many digits a number is filled up.
    Field(&'static str, usize),
}

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong(String);

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Wrong {}

impl Template {
    /// What names look like when nobody says otherwise.
    pub const USUAL: &'static str = "{album_artist}/{album}/{track:02} {title}";

    /// Reads a template, or says what in it is wrong.
    pub fn new(text: &str) -> Result<Self, Wrong> {
        let wrong = |why: String| Err(Wrong(why));
        if text.trim().is_empty() || text.len() > MAX_TEMPLATE {
            return wrong(format!("a template has 1 to {MAX_TEMPLATE} bytes"));
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, inside)) = rest.split_once('{') {
            let Some((field, after)) = inside.split_once('}') else {
                return wrong(format!("the brace before {:?} is never closed", short(inside)));
            };
            parts.push(Part::Text(before.to_owned()));
            parts.push(part(field)?);
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        if parts.iter().any(|part| matches!(part, Part::Text(text) if text.contains('}'))) {
            return wrong("a brace is closed that was never opened".to_owned());
        }
        if !parts.iter().any(|part| matches!(part, Part::Field(..))) {
            return wrong(format!(
                "it names no field, so that all would be called alike; there are {}",
                all()
            ));
        }
        Ok(Template { parts })
    }

    /// The name of this track's copy, without an extension; its folders before it.
    pub fn fill(&self, fields: &Fields) -> String {
        let mut path = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => path.push_str(text),
                // Only a template makes folders, and the field that is made of them.
                Part::Field("folder", _) => path.push_str(&fields.folder),
                Part::Field(name, digits) => {
                    path.push_str(&fields.text(name, *digits).replace(['/', '\\'], "_"))
                }
            }
        }
        let names: Vec<String> = path.split('/').map(clean).filter(|name| !name.is_empty()).collect();
        if names.is_empty() { format!("{:03}", fields.number) } else { names.join("/") }
    }
}

fn part(field: &str) -> Result<Part, Wrong> {
    let (name, digits) = field.split_once(':').unwrap_or((field, "0"));
    let Some(known) = FIELDS.into_iter().find(|known| *known == name.trim()) else {
        return Err(Wrong(format!("there is no field {:?}; there are {}", short(name), all())));
    };
    let is_number = matches!(known, "track" | "disc" | "year" | "number");
    match digits.trim().parse::<usize>() {
        Ok(digits) if digits <= MAX_DIGITS && (is_number || !field.contains(':')) => {
            Ok(Part::Field(known, digits))
        }
        Ok(_) if !is_number => Err(Wrong(format!("{known} is no number that digits could be given for"))),
        _ => Err(Wrong(format!("{:?} is no number of digits from 0 to {MAX_DIGITS}", short(digits)))),
    }
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

fn all() -> String {
    FIELDS.map(|name| format!("{{{name}}}")).join(" ")
}

impl Fields {
    fn text(&self, name: &str, digits: usize) -> String {
        let number =
            |number: Option<u32>| number.map_or(String::new(), |number| format!("{number:0digits$}"));
        match name {
            "title" => self.title.clone(),
            "artist" => self.artist.clone(),
            "album_artist" if self.album_artist.is_empty() => self.artist.clone(),
            "album_artist" => self.album_artist.clone(),
            "album" => self.album.clone(),
            "track" => number(self.track),
            "disc" => number(self.disc),
            "year" => number(self.year),
            "genre" => self.genre.clone(),
            "file" => self.file.clone(),
            _ => number(Some(self.number)),
        }
    }
}

/// Names that Windows keeps for devices, whatever follows a dot.
const RESERVED: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

/// A name of its own for anything, to be shown and saved: as [`clean`], and never
/// empty.
pub fn plain_name(text: &str) -> String {
    let name = clean(&text.replace(['/', '\\'], "_"));
    if name.is_empty() { "_".to_owned() } else { name }
}

/// A file or folder name that every system takes, and that is no other place.
fn clean(name: &str) -> String {
    let plain = |c: char| match c {
        '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => Some('_'),
        // What turns the direction of writing would show another name than there is.
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => None,
        c if c.is_control() || c.is_whitespace() => Some(' '),
        c => Some(c),
    };
    let text: String = name.nfc().filter_map(plain).collect();
    let mut name = text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if name.len() > MAX_NAME {
        let end = (0..=MAX_NAME).rev().find(|at| name.is_char_boundary(*at)).unwrap_or(0);
        name.truncate(end);
    }
    // Windows drops these itself, and a name of dots alone is another folder.
    let name = name.trim_end_matches(['.', ' ']);
    // A field that was empty leaves what stood beside it.
    let name = name.trim_start_matches(['-', ' ']).trim_end_matches(['-', ' ']);
    let is_hidden = name.starts_with('.');
    if is_hidden || is_reserved(name) { format!("_{name}") } else { name.to_owned() }
}

fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_uppercase();
    let is_port = |kind: &str| {
        let number = stem.strip_prefix(kind);
        number.is_some_and(|number| {
            let mut chars = number.chars();
            matches!((chars.next(), chars.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
        })
    };
    RESERVED.contains(&&*stem) || is_port("COM") || is_port("LPT")
}

/// Names that are given already, however they are written, and the number that
/// comes next behind each.
#[derive(Debug, Default)]
pub struct Taken(HashMap<String, u32>);

impl Taken {
    /// `name` with this extension, or the next number behind it that nobody has.
    pub fn take(&mut self, name: &str, extension: &str) -> String {
        let key = |name: &str| format!("{name}.{extension}").to_lowercase();
        let mut n = self.0.get(&key(name)).copied().unwrap_or(0);
        loop {
            n += 1;
            let numbered = if n == 1 { name.to_owned() } else { format!("{name} ({n})") };
            if n == 1 || !self.0.contains_key(&key(&numbered)) {
                self.0.insert(key(&numbered), 1);
                self.0.insert(key(name), n);
                return format!("{numbered}.{extension}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(title: &str) -> Fields {
        Fields {
            title: title.to_owned(),
            artist: "AC/DC".to_owned(),
            album: "Back in Black".to_owned(),
            track: Some(6),
            number: 3,
            folder: "Rock/../../etc".to_owned(),
            file: "06".to_owned(),
            ..Fields::default()
        }
    }

    fn filled(template: &str, title: &str) -> String {
        Template::new(template).unwrap().fill(&fields(title))
    }

    #[test]
    fn templates_are_filled() {
        let usual = Template::USUAL;
        assert_eq!(filled(usual, "Back in Black"), "AC_DC/Back in Black/06 Back in Black");
        assert_eq!(filled("{number:3} - {genre} - {title}", "x"), "003 - - x");
        assert_eq!(filled("{genre} - {title}", "x"), "x");
        assert_eq!(filled("{genre}/{disc}/{title}", "x"), "x", "empty folders are left out");
        assert_eq!(filled("{genre}", "x"), "003", "a name is never empty");
        assert_eq!(filled("{folder}/{file}", "x"), "Rock/etc/06");
        assert_eq!(filled("{year}{title}", "日本語"), "日本語");
        assert_eq!(filled("{title}", "e\u{301}"), "é");
    }

    #[test]
    fn nothing_leads_out_and_every_system_takes_it() {
        for (title, name) in [
            ("../../etc/passwd", "_.._.._etc_passwd"),
            ("..", "003"),
            (".", "003"),
            ("/", "_"),
            ("a\\..\\b", "a_.._b"),
            ("C:\\x", "C__x"),
            (".bashrc", "_.bashrc"),
            ("nul", "_nul"),
            ("COM1.tar", "_COM1.tar"),
            ("LPT³", "_LPT³"),
            ("CON ", "_CON"),
            ("Console", "Console"),
            ("what? \"now\" <1>|*", "what_ _now_ _1___"),
            ("a\0b\nc", "a b c"),
            ("evil\u{202e}gnp.exe", "evilgnp.exe"),
            ("end. . .", "end"),
            ("  ", "003"),
        ] {
            assert_eq!(filled("{title}", title), name, "{title:?}");
        }
        let long = filled("{title}", &"ä".repeat(500));
        assert!(long.len() <= MAX_NAME && long.chars().all(|c| c == 'ä'), "{long}");
        for title in ["..", "../x", "a/../../b", "\u{2024}\u{2024}/x"] {
            for template in
                ["{title}", "{title}/{title}", "x/{title}/y", "../{title}", "/{title}", "{title}/.."]
            {
                let name = filled(template, title);
                let parts: Vec<&str> = name.split('/').collect();
                assert!(parts.iter().all(|part| !part.is_empty() && *part != ".." && *part != "."), "{name}");
            }
        }
    }

    #[test]
    fn what_is_wrong_with_a_template_is_named() {
        for (template, word) in [
            ("", "1 to"),
            ("{colour}", "\"colour\""),
            ("{title", "never closed"),
            ("title}", "never opened"),
            ("all the same", "names no field"),
            ("{title:2}", "title is no number"),
            ("{track:x}", "\"x\""),
            ("{track:99}", "\"99\""),
        ] {
            let wrong = Template::new(template).unwrap_err().to_string();
            assert!(wrong.contains(word), "{template}: {wrong}");
        }
        let wrong = Template::new("{colour}").unwrap_err().to_string();
        assert!(FIELDS.iter().all(|field| wrong.contains(field)), "{wrong}");
        assert!(Template::new(&"{title}".repeat(100)).is_err());
    }

    #[test]
    fn doubles_are_numbered_however_they_are_written() {
        let mut taken = Taken::default();
        let names = ["One", "one", "ONE", "Two", "one (2)"].map(|name| taken.take(name, "flac"));
        assert_eq!(names, ["One.flac", "one (2).flac", "ONE (3).flac", "Two.flac", "one (2) (2).flac"]);
    }
}
