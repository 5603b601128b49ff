//! From characters to a rule.

use super::{CODEC, IS, NUMBERS, Rule, TEXTS, TRAITS, Wrong, named, names, value};

/// Longest rule, in characters.
const MAX_CHARS: usize = 2_000;
/// How deep brackets may go.
const MAX_DEPTH: usize = 32;

/// Reads a rule. Ages count back from `now`, in seconds since 1970.
///
/// # Errors
/// What is wrong, and at which character.
pub fn parse(text: &str, now: i64) -> Result<Rule, Wrong> {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() > MAX_CHARS {
        return Err(wrong(MAX_CHARS, format!("a rule has at most {MAX_CHARS} characters")));
    }
    let mut parser = Parser { chars, at: 0, depth: 0, now };
    parser.blanks();
    if parser.at == parser.chars.len() {
        return Ok(Rule::default());
    }
    let rule = parser.rule()?;
    match parser.peek() {
        None => Ok(rule),
        Some(_) => Err(wrong(parser.at, "this ) closes nothing: put it in quotes, or take it away")),
    }
}

pub(super) fn wrong(at: usize, message: impl Into<String>) -> Wrong {
    Wrong { at, message: message.into() }
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    depth: usize,
    now: i64,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// Steps over `word` if it stands here, apart from what follows.
    fn keyword(&mut self, word: &str) -> bool {
        let end = self.at + word.len();
        let is_here = self.chars.get(self.at..end).is_some_and(|here| here.iter().copied().eq(word.chars()));
        let is_apart = self.chars.get(end).is_none_or(|next| next.is_whitespace() || *next == '(');
        if is_here && is_apart {
            self.at = end;
            self.blanks();
        }
        is_here && is_apart
    }

    fn or(&mut self) -> bool {
        if self.peek() == Some('|') {
            self.at += 1;
            self.blanks();
            return true;
        }
        self.keyword("OR")
    }

    fn rule(&mut self) -> Result<Rule, Wrong> {
        let mut rules = vec![self.either()?];
        while self.or() {
            rules.push(self.either()?);
        }
        Ok(only(rules, Rule::Any))
    }

    fn either(&mut self) -> Result<Rule, Wrong> {
        let mut rules = vec![self.one()?];
        loop {
            let begin = self.at;
            if self.keyword("AND") {
                rules.push(self.one()?);
            } else if matches!(self.peek(), None | Some(')' | '|')) || self.or() {
                // The `or` belongs to whoever called.
                self.at = begin;
                return Ok(only(rules, Rule::All));
            } else {
                rules.push(self.one()?);
            }
        }
    }

    fn one(&mut self) -> Result<Rule, Wrong> {
        let begin = self.at;
        let is_not = match self.peek() {
            Some('-') => {
                self.at += 1;
                true
            }
            _ => self.keyword("NOT"),
        };
        if is_not {
            if self.peek().is_none_or(char::is_whitespace) {
                return Err(wrong(begin, "nothing follows that could be left out"));
            }
            return self.deeper(begin, |parser| Ok(Rule::Not(Box::new(parser.one()?))));
        }
        let rule = match self.peek() {
            Some('(') => self.deeper(begin, |parser| parser.brackets(begin))?,
            Some('"') => phrase(begin, self.quoted()?)?,
            None | Some(')' | '|') => return Err(wrong(begin, "something to look for is missing here")),
            Some(_) => self.word()?,
        };
        self.blanks();
        Ok(rule)
    }

    /// What is inside may not be inside of too much else.
    fn deeper(
        &mut self,
        begin: usize,
        inside: impl FnOnce(&mut Self) -> Result<Rule, Wrong>,
    ) -> Result<Rule, Wrong> {
        if self.depth == MAX_DEPTH {
            return Err(wrong(begin, format!("brackets and nots go {MAX_DEPTH} deep at most")));
        }
        self.depth += 1;
        let rule = inside(self);
        self.depth -= 1;
        rule
    }

    fn brackets(&mut self, begin: usize) -> Result<Rule, Wrong> {
        self.at += 1;
        self.blanks();
        let rule = self.rule()?;
        if self.peek() != Some(')') {
            return Err(wrong(begin, "this ( is never closed"));
        }
        self.at += 1;
        Ok(rule)
    }

    /// What stands in quotes here.
    fn quoted(&mut self) -> Result<String, Wrong> {
        let begin = self.at;
        self.at += 1;
        let Some(len) = self.chars[self.at..].iter().position(|&c| c == '"') else {
            return Err(wrong(begin, "this \" is never closed"));
        };
        let text = self.chars[self.at..self.at + len].iter().collect();
        self.at += len + 1;
        Ok(text)
    }

    /// A word, or a field with its value.
    fn word(&mut self) -> Result<Rule, Wrong> {
        let begin = self.at;
        let text = self.plain();
        // What begins like a number is a time or a title, not a field.
        let field = text.split_once(':').filter(|(name, _)| name.starts_with(char::is_alphabetic));
        let Some((name, value)) = field else { return words(begin, None, text.clone(), true) };
        let value_at = begin + name.chars().count() + 1;
        match self.peek() {
            Some('"') if value.is_empty() => {
                let value = self.quoted()?;
                self.field(begin, name, value_at, value, false)
            }
            _ => self.field(begin, name, value_at, value.to_owned(), true),
        }
    }

    fn plain(&mut self) -> String {
        let rest = &self.chars[self.at..];
        let ends = |c: &char| c.is_whitespace() || matches!(c, '(' | ')' | '"' | '|');
        let len = rest.iter().position(ends).unwrap_or(rest.len());
        let text = rest[..len].iter().collect();
        self.at += len;
        text
    }

    fn field(
        &self,
        begin: usize,
        name: &str,
        value_at: usize,
        value: String,
        is_prefix: bool,
    ) -> Result<Rule, Wrong> {
        let name = name.to_lowercase();
        if value.trim().is_empty() {
            return Err(wrong(value_at, format!("what {name} shall be is missing")));
        }
        if let Some(text) = named(TEXTS, &name) {
            return words(value_at, Some(text), value, is_prefix);
        }
        if let Some(number) = named(NUMBERS, &name) {
            return Ok(Rule::Number(number, value::range(number, &name, value_at, &value, self.now)?));
        }
        let value = value.to_lowercase();
        match name.as_str() {
            CODEC => Ok(Rule::Codec(value)),
            IS => named(TRAITS, &value).map(Rule::Is).ok_or_else(|| {
                wrong(value_at, format!("a track can be {}, not {value}", names(TRAITS).join(", ")))
            }),
            _ => {
                let (texts, numbers) = (names(TEXTS).join(", "), names(NUMBERS).join(", "));
                let known = format!("{texts}, {numbers}, {CODEC}, {IS}");
                Err(wrong(
                    begin,
                    format!(
                        "there is no field {name}: put it in quotes to look for the words, or use one of {known}"
                    ),
                ))
            }
        }
    }
}

/// A rule of one is that one.
fn only(mut rules: Vec<Rule>, join: impl FnOnce(Vec<Rule>) -> Rule) -> Rule {
    if rules.len() == 1 { rules.remove(0) } else { join(rules) }
}

fn phrase(at: usize, text: String) -> Result<Rule, Wrong> {
    words(at, None, text, false)
}

fn words(at: usize, field: Option<super::Text>, words: String, is_prefix: bool) -> Result<Rule, Wrong> {
    if !words.chars().any(char::is_alphanumeric) {
        return Err(wrong(at, "there is no letter and no digit to look for"));
    }
    Ok(Rule::Words { field, words, is_prefix })
}
