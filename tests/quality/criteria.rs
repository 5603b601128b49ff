//! What must hold: the bounds of law L6 and the aims beyond them.

use crate::cases::{Case, Limit};
use crate::distortion::Distortion;
use crate::row::Row;

/// Something measured per row that shall stay at or below its limit.
struct Criterion {
    name: &'static str,
    limit: fn(&Case) -> Limit,
    /// The share of rows that must hold.
    share: f64,
    /// `None` where it does not apply.
    value: fn(&Case, &Row) -> Option<f64>,
}

const ALL: [Criterion; 12] = [
    Criterion {
        name: "loudness off the promise, LU",
        limit: |_| Limit { bound: 0.5, aim: Some(0.2) },
        share: 1.0,
        value: |_, row| Some(row.loudness_error_lu().abs()),
    },
    Criterion {
        name: "range off the promise, LU",
        limit: |_| Limit { bound: 1.0, aim: None },
        share: 1.0,
        value: |_, row| Some(row.range_error_lu().abs()),
    },
    // Before a rendering taught anything: what the models alone are good for. A
    // listener gets more, so nine of ten are enough to say that they work.
    Criterion {
        name: "loudness off, as first foretold, LU",
        limit: |_| Limit { bound: 0.5, aim: Some(0.2) },
        share: 0.9,
        value: |_, row| Some(row.first.loudness_error_lu.abs()),
    },
    Criterion {
        name: "range off, as first foretold, LU",
        limit: |_| Limit { bound: 1.0, aim: None },
        share: 0.9,
        value: |_, row| Some(row.first.range_error_lu.abs()),
    },
    Criterion {
        name: "true peak, dBTP",
        limit: |case| Limit { bound: case.taste.ceiling_dbtp.into(), aim: None },
        share: 1.0,
        value: |_, row| Some(row.after.true_peak_dbtp),
    },
    Criterion {
        name: "range lost, LU",
        limit: |case| case.lra_lost_lu,
        share: 1.0,
        value: |_, row| Some(row.lra_lost_lu()),
    },
    Criterion {
        name: "peak over loudness lost, dB",
        limit: |case| case.plr_lost_db,
        share: 1.0,
        value: |_, row| Some(row.plr_lost_db()),
    },
    Criterion {
        name: "outside the spread: distance left",
        limit: |case| Limit { bound: case.distance_left.unwrap_or(1.0), aim: None },
        share: 0.95,
        value: |case, row| case.distance_left.and_then(|_| row.distance_left()),
    },
    Criterion {
        name: "inside it: moved by rules, dB",
        limit: |_| Limit { bound: 0.5, aim: None },
        share: 1.0,
        value: |case, row| (case.only_rules && row.is_left_alone()).then_some(row.equaliser_db),
    },
    Criterion {
        name: "step at joins, dB",
        limit: |_| Limit { bound: 0.02, aim: None },
        share: 1.0,
        value: |_, row| (row.joins.n > 0).then_some(row.joins.step_db),
    },
    Criterion {
        name: "corner at joins, ratio",
        limit: |_| Limit { bound: 1.3, aim: None },
        share: 1.0,
        value: |_, row| (row.joins.n > 0).then(|| row.joins.corner()),
    },
    Criterion {
        name: "chunked off continuous, dBFS",
        limit: |_| Limit { bound: -120.0, aim: None },
        share: 1.0,
        value: |_, row| Some(row.joins.residual_dbfs),
    },
];

/// A criterion over all rows of a case.
pub struct Verdict {
    /// The case's name; empty for what no track decides.
    pub case: String,
    /// What was held to it.
    pub name: &'static str,
    /// Its limit.
    pub limit: Limit,
    /// The share of rows that must hold.
    pub share: f64,
    /// Rows to which it applies.
    pub n_rows: usize,
    /// Rows within the bound.
    pub n_hold: usize,
    /// Rows within the aim, or the bound where there is none.
    pub n_aim: usize,
    /// The highest value, and whose it is.
    pub worst: Option<(f64, String)>,
}

impl Verdict {
    fn new(case: &str, name: &'static str, limit: Limit, share: f64, values: &[(f64, String)]) -> Verdict {
        let within = |limit: f64| values.iter().filter(|(value, _)| *value <= limit).count();
        Verdict {
            case: case.to_owned(),
            name,
            limit,
            share,
            n_rows: values.len(),
            n_hold: within(limit.bound),
            n_aim: within(limit.aim.unwrap_or(limit.bound)),
            worst: values.iter().max_by(|a, b| a.0.total_cmp(&b.0)).cloned(),
        }
    }

    /// Whether enough rows are within the bound.
    pub fn holds(&self) -> bool {
        self.n_hold as f64 >= self.share * self.n_rows as f64
    }
}

/// Every criterion for every case, and the distortion.
pub fn verdicts(cases: &[Case], rows: &[Row], distortions: &[Distortion]) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for case in cases {
        for criterion in &ALL {
            let of_case = rows.iter().filter(|row| row.case == case.name);
            let values: Vec<(f64, String)> =
                of_case.filter_map(|row| Some(((criterion.value)(case, row)?, row.track.clone()))).collect();
            let limit = (criterion.limit)(case);
            verdicts.push(Verdict::new(&case.name, criterion.name, limit, criterion.share, &values));
        }
    }
    let held = distortions.iter().filter(|distortion| distortion.is_held);
    let values: Vec<(f64, String)> = held.map(|d| (d.thd_n_db, format!("{} Hz", d.rate))).collect();
    let limit = Limit { bound: -120.0, aim: Some(-140.0) };
    verdicts.push(Verdict::new("", "THD+N of a neutral plan, dB", limit, 1.0, &values));
    verdicts
}
