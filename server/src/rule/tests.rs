//! What rules mean, and what is wrong with those that mean nothing.

use super::*;

/// Sunday, 2024-12-01, 00:00 UTC.
const NOW: i64 = 1_733_011_200;

fn rule(text: &str) -> Rule {
    parse(text, NOW).unwrap_or_else(|wrong| panic!("{text}: {wrong}"))
}

fn word(text: &str) -> Rule {
    Rule::Words { field: None, words: text.to_owned(), is_prefix: true }
}

fn phrase(text: &str) -> Rule {
    Rule::Words { field: None, words: text.to_owned(), is_prefix: false }
}

fn of(field: Text, text: &str, is_prefix: bool) -> Rule {
    Rule::Words { field: Some(field), words: text.to_owned(), is_prefix }
}

fn not(rule: Rule) -> Rule {
    Rule::Not(Box::new(rule))
}

#[test]
fn words_fields_and_joins() {
    let all = Rule::All;
    let any = Rule::Any;
    for (text, meant) in [
        ("", all(vec![])),
        ("  ", all(vec![])),
        ("miles", word("miles")),
        ("miles  davis", all(vec![word("miles"), word("davis")])),
        ("\"kind of\"", phrase("kind of")),
        ("-live", not(word("live"))),
        ("NOT live", not(word("live"))),
        ("semi-detached", word("semi-detached")),
        ("AC/DC", word("AC/DC")),
        ("2:45", word("2:45")),
        ("genre:jazz", of(Text::Genre, "jazz", true)),
        ("GENRE:\"hard bop\"", of(Text::Genre, "hard bop", false)),
        ("a OR b c", any(vec![word("a"), all(vec![word("b"), word("c")])])),
        ("a|b", any(vec![word("a"), word("b")])),
        ("a AND b", all(vec![word("a"), word("b")])),
        ("dead or alive", all(vec![word("dead"), word("or"), word("alive")])),
        ("ORB", word("ORB")),
        ("(a OR b) c", all(vec![any(vec![word("a"), word("b")]), word("c")])),
        ("-(a b)", not(all(vec![word("a"), word("b")]))),
        ("--a", not(not(word("a")))),
        ("a OR(b)", any(vec![word("a"), word("b")])),
        ("codec:FLAC is:favorite", all(vec![Rule::Codec("flac".to_owned()), Rule::Is(Trait::Favorite)])),
        ("björk 京", all(vec![word("björk"), word("京")])),
    ] {
        assert_eq!(rule(text), meant, "{text}");
    }
}

#[test]
fn numbers_are_met_inside_and_missed_outside() {
    for (text, inside, outside) in [
        ("year:1990", &[1990.0][..], &[1989.0, 1991.0][..]),
        ("year:>1990", &[1991.0], &[1990.0]),
        ("year:>=1990", &[1990.0], &[1989.0]),
        ("year:1990..1999", &[1990.0, 1999.0], &[1989.0, 2000.0]),
        ("year:..1999", &[1.0, 1999.0], &[2000.0]),
        ("lufs:<-18", &[-18.1], &[-18.0, -17.9]),
        ("lufs:-18", &[-18.4, -17.6], &[-18.6, -17.4]),
        ("lufs:-18.0", &[-18.04], &[-18.06, -17.94]),
        ("lufs:-20..-14", &[-20.0, -14.0], &[-20.1, -13.9]),
        ("bpm:120..130", &[120.0, 130.0], &[119.9, 130.1]),
        ("duration:3:30", &[210.0, 210.9], &[209.9, 211.0]),
        ("duration:>3:30", &[211.0], &[210.5]),
        ("duration:1:00:00..", &[3_600.0], &[3_599.0]),
        ("duration:90", &[90.5], &[91.0]),
        ("rating:>=4", &[4.0, 5.0], &[3.0]),
    ] {
        let Rule::Number(_, range) = rule(text) else { panic!("{text} is a number") };
        for number in inside {
            assert!(range.contains(*number), "{number} in {text}: {range:?}");
        }
        for number in outside {
            assert!(!range.contains(*number), "{number} not in {text}: {range:?}");
        }
    }
}

#[test]
fn days_and_ages() {
    const DAY: i64 = 86_400;
    let new_year = NOW - 335 * DAY; // 2024 is a leap year.
    for (text, inside, outside) in [
        ("added:2024", &[new_year, NOW][..], &[new_year - 1][..]),
        ("added:2024-11", &[NOW - 1, NOW - 30 * DAY], &[NOW, NOW - 30 * DAY - 1]),
        ("added:2024-02-29", &[new_year + 59 * DAY], &[new_year + 60 * DAY, new_year + 59 * DAY - 1]),
        ("added:<2024", &[new_year - 1], &[new_year]),
        ("added:>2023", &[new_year], &[new_year - 1]),
        ("added:30d", &[NOW, NOW - 30 * DAY], &[NOW - 30 * DAY - 1]),
        ("played:<2w", &[NOW - 14 * DAY + 1], &[NOW - 14 * DAY]),
        ("played:>1y", &[NOW - 365 * DAY - 1], &[NOW - 365 * DAY]),
        ("played:1w..2w", &[NOW - 7 * DAY, NOW - 14 * DAY], &[NOW - 6 * DAY, NOW - 15 * DAY]),
        ("played:..2w", &[NOW], &[NOW - 15 * DAY]),
    ] {
        let Rule::Number(_, range) = rule(text) else { panic!("{text} is a number") };
        for second in inside {
            assert!(range.contains(*second as f64), "{second} in {text}: {range:?}");
        }
        for second in outside {
            assert!(!range.contains(*second as f64), "{second} not in {text}: {range:?}");
        }
    }
}

#[test]
fn what_is_wrong_is_pointed_at() {
    for (text, at, word) in [
        ("jazz gener:jazz", 5, "gener"),
        ("year:old", 5, "old"),
        ("a lufs:>loud", 8, "loud"),
        ("bpm:130..120", 4, "lower end"),
        ("bpm:120..fast", 9, "fast"),
        ("bpm:..", 4, "one end"),
        ("bpm:", 4, "missing"),
        ("title:\"\"", 6, "missing"),
        ("is:great", 3, "great"),
        ("added:2024-13", 6, "2024-13"),
        ("added:30x", 6, "30x"),
        ("duration:3:99", 9, "3:99"),
        ("(a b", 0, "never closed"),
        ("a \"b", 2, "never closed"),
        ("a ) b", 2, "closes nothing"),
        ("a OR", 4, "missing"),
        ("()", 1, "missing"),
        ("a | | b", 4, "missing"),
        ("a - b", 2, "left out"),
        ("naïve ***", 6, "no letter"),
        ("year:1e3", 5, "1e3"),
        ("year:nan", 5, "nan"),
    ] {
        let wrong = parse(text, NOW).expect_err(text);
        assert_eq!(wrong.at, at, "{text}: {wrong}");
        assert!(wrong.to_string().to_lowercase().contains(word), "{text}: {wrong}");
    }
}

#[test]
fn nothing_is_too_long_or_too_deep_to_be_refused() {
    let deep = "(".repeat(1_900) + "a";
    assert!(parse(&deep, NOW).is_err());
    assert!(parse(&"-".repeat(1_990), NOW).is_err());
    assert!(parse(&"a ".repeat(2_000), NOW).is_err());
    assert!(parse(&("(".repeat(30) + "a" + &")".repeat(30)), NOW).is_ok());
}

/// Whatever is typed, there is an answer, and what is wrong lies within.
#[test]
fn any_text_has_an_answer() {
    let pieces = [
        "a",
        "OR",
        "-",
        "(",
        ")",
        "\"",
        ":",
        "year:",
        "..",
        ">",
        "|",
        " ",
        "é",
        "\u{200b}",
        "\0",
        "AND",
        "is:",
        "1990",
        "9".repeat(400).leak(),
        "added:",
        "-9223372036854775808",
        "m",
        "日",
    ];
    let mut state = 1_u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..1 + state % 9 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(pieces[(state >> 33) as usize % pieces.len()]);
        }
        if let Err(wrong) = parse(&text, NOW) {
            assert!(wrong.at <= text.chars().count(), "{text:?}: {wrong}");
        }
    }
}
