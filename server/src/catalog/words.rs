//! Words as they are compared: for orders, for ids of names, for the full-text
//! index and what is asked of it.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::key;
use crate::rule::Text;

/// `text` compatibility-decomposed, without accents, in lower case.
pub fn fold(text: &str) -> String {
    text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

/// What a name is ordered by: an English article does not count.
pub fn sort_key(name: &str) -> String {
    let folded = fold(name.trim());
    match folded.strip_prefix("the ") {
        Some(rest) if !rest.trim().is_empty() => rest.trim_start().to_owned(),
        _ => folded,
    }
}

/// The id of a name, whatever its case and accents.
pub fn name_key(kind: &str, name: &str) -> String {
    key(&[kind.as_bytes(), fold(name.trim()).as_bytes()])
}

/// What of `text` is indexed. Apostrophes are no borders of words; scripts
/// that write none between them are cut at each character.
pub fn indexed(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    for c in fold(text).chars().filter(|c| !matches!(c, '\'' | '’' | '`')) {
        if is_ideograph(c) {
            words.extend([' ', c, ' ']);
        } else {
            words.push(c);
        }
    }
    words
}

/// Kana and Han.
fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// What is asked of the index for these words in a row (FTS5, "Full-text Query
/// Syntax"); none: there is none among them. Only letters and digits pass.
pub fn matching(field: Option<Text>, words: &str, is_prefix: bool) -> Option<String> {
    let words = indexed(words);
    let words: Vec<&str> =
        words.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    if words.is_empty() {
        return None;
    }
    let column = match field {
        None => "",
        Some(Text::Title) => "title : ",
        Some(Text::Artist) => "artist : ",
        Some(Text::Album) => "album : ",
        Some(Text::Genre) => "genre : ",
        Some(Text::Composer) => "composer : ",
        Some(Text::Lyrics) => "lyrics : ",
    };
    // In scripts that are cut at each character a prefix is whole already.
    Some(format!("{column}\"{}\"{}", words.join(" "), if is_prefix { " *" } else { "" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_forgets_case_accents_and_width() {
        for (text, folded) in [("Björk", "bjork"), ("ＡＢＣ", "abc"), ("Ærø", "ærø"), ("É\u{301}", "e")]
        {
            assert_eq!(fold(text), folded);
        }
    }

    #[test]
    fn articles_do_not_count_in_orders() {
        for (name, sort) in [("The Beatles", "beatles"), ("The The", "the"), ("The", "the"), ("Theo", "theo")]
        {
            assert_eq!(sort_key(name), sort);
        }
        assert_eq!(name_key("artist", "Björk "), name_key("artist", "BJORK"));
        assert_ne!(name_key("artist", "Björk"), name_key("genre", "Björk"));
    }

    #[test]
    fn nothing_of_a_query_is_grammar() {
        for (words, asked) in [
            ("Don't", Some("\"dont\" *")),
            ("AC/DC", Some("\"ac dc\" *")),
            ("\"*^:-() NEAR", Some("\"near\" *")),
            ("宇多田", Some("\"宇 多 田\" *")),
            ("!!!", None),
            ("a\0b", Some("\"a b\" *")),
        ] {
            assert_eq!(matching(None, words, true).as_deref(), asked, "{words}");
        }
        assert_eq!(matching(Some(Text::Genre), "hard bop", false).as_deref(), Some("genre : \"hard bop\""));
    }
}
