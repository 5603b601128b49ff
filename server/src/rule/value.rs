//! Numbers, lengths, days and ages, and ranges of them.

use super::parse::wrong;
use super::{Number, Range, Wrong};

const DAY: f64 = 86_400.0;

/// From where to where a value goes: a day is many seconds.
type Span = (f64, f64);

/// The range that `text` means for this number.
pub(super) fn range(number: Number, name: &str, at: usize, text: &str, now: i64) -> Result<Range, Wrong> {
    if let Some((low, high)) = text.split_once("..") {
        return between(number, name, at, (low, high), now);
    }
    let (sign, rest) = [">=", "<=", ">", "<", "="]
        .iter()
        .find_map(|sign| Some((*sign, text.strip_prefix(sign)?)))
        .unwrap_or(("", text));
    let (low, high) = span(number, name, at + sign.len(), rest, now)?;
    // Older is earlier: an age turns round, and by itself means "since".
    let sign = match (is_age(number, rest), sign) {
        (true, ">") => "<",
        (true, ">=") => "<=",
        (true, "<") => ">",
        (true, _) => ">=",
        (false, sign) => sign,
    };
    Ok(match sign {
        ">" => Range { low: high, high: f64::INFINITY, has_low: false, has_high: true },
        ">=" => Range { low, high: f64::INFINITY, has_low: true, has_high: true },
        "<" => Range { low: f64::NEG_INFINITY, high: low, has_low: true, has_high: false },
        "<=" => Range { low: f64::NEG_INFINITY, high, has_low: true, has_high: true },
        _ => {
            let half = half_digit(number, rest);
            Range { low: low - half, high: high + half, has_low: true, has_high: true }
        }
    })
}

/// From one value to another, both included; either may be left open.
fn between(
    number: Number,
    name: &str,
    at: usize,
    (low, high): (&str, &str),
    now: i64,
) -> Result<Range, Wrong> {
    let end = |at: usize, text: &str, open: f64| match text {
        "" => Ok((open, open)),
        _ => span(number, name, at, text, now),
    };
    if low.is_empty() && high.is_empty() {
        return Err(wrong(at, format!("{name} from where to where? One end may be left open, not both")));
    }
    let high_at = at + low.chars().count() + 2;
    // Of ages the younger one is the later.
    let is_turned = is_age(number, low) || is_age(number, high);
    let (first, last) = if is_turned {
        (end(high_at, high, f64::NEG_INFINITY)?, end(at, low, f64::INFINITY)?)
    } else {
        (end(at, low, f64::NEG_INFINITY)?, end(high_at, high, f64::INFINITY)?)
    };
    if first.0 > last.1 {
        return Err(wrong(at, format!("nothing lies in {low}..{high}: the lower end comes first")));
    }
    Ok(Range { low: first.0, high: last.1, has_low: true, has_high: true })
}

fn is_time(number: Number) -> bool {
    matches!(number, Number::Added | Number::Played)
}

fn is_age(number: Number, text: &str) -> bool {
    is_time(number) && text.ends_with(|c: char| c.is_ascii_alphabetic())
}

/// From where to where a single value goes.
fn span(number: Number, name: &str, at: usize, text: &str, now: i64) -> Result<Span, Wrong> {
    let found = match number {
        Number::Added | Number::Played => match is_age(number, text) {
            true => age(text).map(|seconds| (now as f64 - seconds, now as f64 - seconds)),
            false => day(text),
        },
        Number::Duration => length(text),
        _ => decimal(text).map(|value| (value, value)),
    };
    found.ok_or_else(|| {
        let example = match number {
            Number::Added | Number::Played => "a day like 2024-05-01, or an age like 30d, 6w, 2y",
            Number::Duration => "seconds, or minutes like 3:30",
            Number::Lufs => "a number like -14, <-18 or -20..-14",
            _ => "a number like 5, >5 or 5..10",
        };
        wrong(at, format!("{name} wants {example}, not {text}"))
    })
}

/// A measured value is what it shows as: −14 is from −14.5 to −13.5.
fn half_digit(number: Number, text: &str) -> f64 {
    match number {
        Number::Lufs | Number::Lra | Number::Crest | Number::Bpm => {
            let n_digits = text.split_once('.').map_or(0, |(_, digits)| digits.len());
            0.5 * 10_f64.powi(-(n_digits as i32))
        }
        _ => 0.0,
    }
}

fn decimal(text: &str) -> Option<f64> {
    let is_plain = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
    text.parse().ok().filter(|value: &f64| is_plain && value.is_finite())
}

/// `210` or `3:30` or `1:02:03`, to the second.
fn length(text: &str) -> Option<Span> {
    let mut seconds = 0.0;
    for (n, part) in text.split(':').enumerate() {
        let part = decimal(part).filter(|part| *part >= 0.0 && (n == 0 || *part < 60.0) && n < 3)?;
        seconds = seconds * 60.0 + part;
    }
    // It is shown in whole seconds.
    Some((seconds, seconds + if text.contains('.') { 0.0 } else { 0.999 }))
}

/// `30d`: hours, days, weeks, months of 30 days or years of 365, in seconds.
fn age(text: &str) -> Option<f64> {
    let unit = text.chars().last()?;
    let count = decimal(&text[..text.len() - unit.len_utf8()]).filter(|count| *count >= 0.0)?;
    let days = match unit {
        'h' => 1.0 / 24.0,
        'd' => 1.0,
        'w' => 7.0,
        'm' => 30.0,
        'y' => 365.0,
        _ => return None,
    };
    Some(count * days * DAY)
}

/// From the first second of a day, month or year to its last, UTC.
fn day(text: &str) -> Option<Span> {
    let parts: Vec<i64> = text.split('-').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let in_range = |year: i64, month: i64| (1..=9_999).contains(&year) && (1..=12).contains(&month);
    let (begin, end) = match parts[..] {
        [year] if in_range(year, 1) => (days(year, 1, 1), days(year + 1, 1, 1)),
        [year, month] if in_range(year, month) => {
            let (next_year, next) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
            (days(year, month, 1), days(next_year, next, 1))
        }
        [year, month, day] if in_range(year, month) && (1..=31).contains(&day) => {
            (days(year, month, day), days(year, month, day) + 1)
        }
        _ => return None,
    };
    Some((begin as f64 * DAY, end as f64 * DAY - 1.0))
}

/// Days from 1970-01-01 to a day of the Gregorian calendar (H. Hinnant,
/// "chrono-compatible low-level date algorithms", `days_from_civil`).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}
