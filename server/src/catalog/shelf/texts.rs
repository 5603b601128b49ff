//! Very many short texts, one after the other: a word is looked for in all of
//! them at once.

use memchr::memmem::Finder;

/// Texts by their numbers.
#[derive(Debug, Default)]
pub struct Texts {
    all: String,
    /// Where each ends.
    ends: Vec<u32>,
}

impl Texts {
    /// Adds one and gives its number.
    pub fn push(&mut self, text: &str) -> u32 {
        self.all.push_str(text);
        self.ends.push(self.all.len() as u32);
        self.ends.len() as u32 - 1
    }

    /// One of them; none has this number: nothing.
    pub fn get(&self, number: usize) -> &str {
        let begin = number.checked_sub(1).map_or(0, |before| self.end(before));
        self.all.get(begin..self.end(number)).unwrap_or_default()
    }

    fn end(&self, number: usize) -> usize {
        self.ends.get(number).map_or(usize::MAX, |end| *end as usize)
    }

    /// Tells the numbers of those in which a word begins so, in their order.
    pub fn each_with(&self, beginning: &str, mut take: impl FnMut(usize)) {
        if beginning.is_empty() {
            return;
        }
        let finder = Finder::new(beginning);
        let (mut number, mut begin, mut from) = (0, 0, 0);
        while let Some(at) = finder.find(&self.all.as_bytes()[from..]).map(|at| from + at) {
            while self.end(number) <= at {
                begin = self.end(number);
                number += 1;
            }
            let end = self.end(number);
            let is_one = at + beginning.len() <= end && !self.all[begin..at].ends_with(char::is_alphanumeric);
            if is_one {
                take(number);
            }
            from = if is_one { end } else { at + 1 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_where_they_begin_and_in_one_text_alone() {
        let mut texts = Texts::default();
        let all =
            ["", "love", "glove love", "a lo", "ve", "", "élove", "x (love) love", "lo", "ve", "l'lovely"];
        for (number, text) in all.iter().enumerate() {
            assert_eq!(texts.push(text), number as u32);
        }
        for (number, text) in all.iter().enumerate() {
            assert_eq!(texts.get(number), *text);
        }
        assert_eq!(texts.get(all.len()), "");
        let with = |beginning: &str| {
            let mut found = Vec::new();
            texts.each_with(beginning, |number| found.push(number));
            found
        };
        assert_eq!(with("love"), [1, 2, 7, 10]);
        assert_eq!(with("lo"), [1, 2, 3, 7, 8, 10]);
        assert_eq!(with("ve"), [4, 9]);
        assert_eq!(with("lovel"), [10]);
        assert_eq!(with("él"), [6]);
        assert_eq!(with("love love"), [0_usize; 0]);
        assert_eq!(with(""), [0_usize; 0]);
        // As one would find them one by one.
        let begins =
            |text: &str| text.match_indices("l").any(|(at, _)| !text[..at].ends_with(char::is_alphanumeric));
        assert_eq!(with("l"), (0..all.len()).filter(|n| begins(all[*n])).collect::<Vec<_>>());
    }
}
