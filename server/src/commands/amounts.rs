//! Amounts, as a person reads them.

/// Bytes in the largest unit that leaves a whole number, like `12.3 MB`.
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "kB", "MB", "GB", "TB"];
    let (mut unit, mut amount) = (0, n as f64);
    // As far as rounding goes: 999,960 bytes are 1.0 MB.
    while amount >= 999.95 && unit + 1 < UNITS.len() {
        (unit, amount) = (unit + 1, amount / 1_000.0);
    }
    if unit == 0 { format!("{n} bytes") } else { format!("{amount:.1} {}", UNITS[unit]) }
}

/// A number with its thousands apart, like `100,000`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (idx, digit) in digits.chars().enumerate() {
        if idx > 0 && (digits.len() - idx).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_readable() {
        for (n, text) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1_000, "1.0 kB"),
            (999_949, "999.9 kB"),
            (999_960, "1.0 MB"),
            (12_345_678, "12.3 MB"),
            (u64::MAX, "18446744.1 TB"),
        ] {
            assert_eq!(bytes(n), text);
        }
        for (n, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(n), text);
        }
    }
}
