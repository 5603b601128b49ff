//! What a listener writes to find music: words, fields and their values, joined
//! by and, or and not. Lists are filtered by it and smart playlists made of it.
//!
//! ```text
//! rule   = either { ("OR" | "|") either }
//! either = one { ["AND"] one }
//! one    = ["-" | "NOT"] ( "(" rule ")" | field ":" value | word | "\"" phrase "\"" )
//! ```
//!
//! A word is met by what begins with it, a phrase by exactly its words in a
//! row. Numbers are `1990`, `>1990`, `<=-18`, `120..130`, `..130`; lengths also
//! `3:30`; days `2024-05-01`, `2024-05`, `2024` or an age like `30d`, `6w`.

mod parse;
mod value;

pub use parse::parse;

/// Which tracks are meant.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// Those that meet each of these; of none: all there are.
    All(Vec<Rule>),
    /// Those that meet one of these.
    Any(Vec<Rule>),
    /// Those that do not meet this.
    Not(Box<Rule>),
    /// Those with these words.
    Words {
        /// Where; none: anywhere.
        field: Option<Text>,
        /// The words in a row, as they were written.
        words: String,
        /// Whether the last one may go on.
        is_prefix: bool,
    },
    /// Those where a number is known and in this range.
    Number(Number, Range),
    /// Those of this codec, in lower case.
    Codec(String),
    /// Those that are so.
    Is(Trait),
}

impl Default for Rule {
    fn default() -> Self {
        Rule::All(Vec::new())
    }
}

impl Rule {
    /// The words that are looked for anywhere, by which hits are ranked.
    pub fn words(&self) -> Vec<(&str, bool)> {
        match self {
            Rule::All(rules) => rules.iter().flat_map(Rule::words).collect(),
            Rule::Words { field: None, words, is_prefix } => vec![(words, *is_prefix)],
            _ => Vec::new(),
        }
    }
}

/// Where words are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// The title.
    Title,
    /// Artists and album artists.
    Artist,
    /// The album's title.
    Album,
    /// Genres.
    Genre,
    /// Composers.
    Composer,
    /// Lyrics.
    Lyrics,
}

/// A number that is known of a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// Of the first release, where that is tagged.
    Year,
    /// Integrated loudness, LUFS.
    Lufs,
    /// Loudness range, LU.
    Lra,
    /// Crest factor, dB.
    Crest,
    /// Beats per minute: tagged, else measured.
    Bpm,
    /// Seconds.
    Duration,
    /// Stars, 1 to 5.
    Rating,
    /// How often it was played.
    Plays,
    /// Place on its disc.
    Track,
    /// Disc.
    Disc,
    /// Bits per sample.
    Bits,
    /// Frames per second.
    Rate,
    /// Channels.
    Channels,
    /// When it was found, in seconds since 1970.
    Added,
    /// When it was played last, in seconds since 1970.
    Played,
}

/// Something a track is or is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trait {
    /// A favourite.
    Favorite,
    /// Measured.
    Measured,
    /// Not measured, for a reason.
    Failed,
    /// Of a compilation.
    Compilation,
    /// Coded without loss.
    Lossless,
    /// With lyrics.
    Lyrics,
    /// With a picture in its file.
    Art,
}

/// From one number to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The least.
    pub low: f64,
    /// The most.
    pub high: f64,
    /// Whether the least itself is in it.
    pub has_low: bool,
    /// Whether the most itself is in it.
    pub has_high: bool,
}

impl Range {
    /// Whether `number` lies in it.
    pub fn contains(&self, number: f64) -> bool {
        let above = if self.has_low { number >= self.low } else { number > self.low };
        let below = if self.has_high { number <= self.high } else { number < self.high };
        above && below
    }
}

/// What is wrong with a rule, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The character it begins at, counted from 0.
    pub at: usize,
    /// What, and what to do.
    pub message: String,
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "at character {}: {}", self.at + 1, self.message)
    }
}

impl std::error::Error for Wrong {}

const TEXTS: &[(&str, Text)] = &[
    ("title", Text::Title),
    ("artist", Text::Artist),
    ("album", Text::Album),
    ("genre", Text::Genre),
    ("composer", Text::Composer),
    ("lyrics", Text::Lyrics),
];

const NUMBERS: &[(&str, Number)] = &[
    ("year", Number::Year),
    ("lufs", Number::Lufs),
    ("lra", Number::Lra),
    ("crest", Number::Crest),
    ("bpm", Number::Bpm),
    ("duration", Number::Duration),
    ("rating", Number::Rating),
    ("plays", Number::Plays),
    ("track", Number::Track),
    ("disc", Number::Disc),
    ("bits", Number::Bits),
    ("rate", Number::Rate),
    ("channels", Number::Channels),
    ("added", Number::Added),
    ("played", Number::Played),
];

const TRAITS: &[(&str, Trait)] = &[
    ("favorite", Trait::Favorite),
    ("measured", Trait::Measured),
    ("failed", Trait::Failed),
    ("compilation", Trait::Compilation),
    ("lossless", Trait::Lossless),
    ("lyrics", Trait::Lyrics),
    ("art", Trait::Art),
];

/// What stands before a colon, besides texts and numbers.
const CODEC: &str = "codec";
const IS: &str = "is";

fn named<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    table.iter().find(|(known, _)| *known == name).map(|(_, meant)| *meant)
}

fn names<T>(table: &[(&'static str, T)]) -> Vec<&'static str> {
    table.iter().map(|(name, _)| *name).collect()
}

#[cfg(test)]
mod tests;
