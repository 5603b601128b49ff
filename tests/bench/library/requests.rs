//! What a library is asked: lists in all orders, filters, searches, groups.

use std::ops::Range;

use auralis_server::catalog::{GroupSort, Orders, Sort};

use super::crowd::WORDS;

/// All orders both ways, from the beginning, the middle and the end.
pub fn pages(n_tracks: usize) -> Vec<String> {
    let orders = Sort::ALL.iter().flat_map(|(name, _)| [(*name).to_owned(), format!("-{name}")]);
    let of = |order: String| {
        [0, n_tracks / 2, n_tracks - 100].map(|offset| format!("/api/tracks?sort={order}&offset={offset}"))
    };
    orders.flat_map(of).collect()
}

/// Rules that no two requests share, in several orders.
pub fn filters() -> Vec<String> {
    let mut paths = Vec::new();
    for n in 0..25 {
        let (year, word) = (1960 + n, WORDS[n % WORDS.len()]);
        for rule in [
            format!("year:{year}"),
            format!("year:%3E{year}%20-genre:rock"),
            format!("lufs:%3C-{}%20bpm:100..{}", 10 + n % 8, 120 + n),
            format!("title:{word}%20OR%20(genre:jazz%20year:..{year})"),
        ] {
            for order in ["album", "-added", "lufs"] {
                paths.push(format!("/api/tracks?q={rule}&sort={order}&offset={}", 50 * (n % 3)));
            }
        }
    }
    paths
}

/// The beginnings of all words, and of two together.
pub fn searches(lengths: Range<usize>) -> Vec<String> {
    let begin = |word: &str, length: usize| word.chars().take(length).collect::<String>();
    let mut paths = Vec::new();
    for length in lengths {
        for (n, word) in WORDS.iter().enumerate() {
            paths.push(format!("/api/search?q={}", begin(word, length)));
            let other = WORDS[(n * 7 + 3) % WORDS.len()];
            paths.push(format!("/api/tracks?q={}%20{}", word, begin(other, length)));
        }
    }
    paths.sort();
    paths.dedup();
    paths
}

/// Albums, artists and genres in all orders, of all tracks and of some.
pub fn groups() -> Vec<String> {
    let mut paths = Vec::new();
    for kind in ["albums", "artists", "genres"] {
        for (order, _) in GroupSort::ALL {
            for offset in [0, 3_000] {
                paths.push(format!("/api/{kind}?sort={order}&offset={offset}"));
                paths.push(format!("/api/{kind}?sort=-{order}&offset={offset}&tracks=year:%3E1985"));
            }
        }
        paths.push(format!("/api/{kind}?q=ro"));
    }
    paths
}
