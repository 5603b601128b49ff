//! Days, for the names of copies.

use super::now;

/// Today in UTC, like 2026-11-26.
pub fn today() -> String {
    day(now().div_euclid(86_400))
}

/// The day that lies `n` days after 1970-01-01, by the proleptic Gregorian
/// calendar (Howard Hinnant, "chrono-compatible low-level date algorithms":
/// `civil_from_days`).
fn day(n: i64) -> String {
    let n = n + 719_468;
    let (era, of_era) = (n.div_euclid(146_097), n.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Years begin in March there.
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_the_calendars() {
        // By `date -u -d @SECONDS +%F`.
        for (n, name) in [
            (-1, "1969-12-31"),
            (0, "1970-01-01"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (20_088, "2024-12-31"),
            (20_148, "2025-03-01"),
            (47_541, "2100-03-01"),
        ] {
            assert_eq!(day(n), name);
        }
    }
}
