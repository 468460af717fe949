//! Schema and validation of the calibration file.

use facenet::engine::Looks;
use facenet::matching::Threshold;
use serde::Deserialize;

use crate::RateEstimate;
use crate::calibration::{About, Calibration, CalibrationOptions, ProbabilityCurve, Row, Table};

/// A row of the table.
type Cells = (f32, u64, f64, f64, u64, f64, f64);

/// All but what is for people only.
#[derive(Deserialize)]
pub(super) struct Document {
    about: About,
    default: CalibrationOptions,
    genuine: u64,
    impostor: u64,
    curve: ProbabilityCurve,
    table: Vec<Cells>,
}

/// A field that says what cannot be.
pub(super) struct InvalidField {
    pub(super) field: String,
    pub(super) expected: String,
    pub(super) found: String,
}

fn expect(
    holds: bool,
    field: &str,
    expected: &str,
    found: impl ToString,
) -> Result<(), InvalidField> {
    if holds {
        return Ok(());
    }
    let (field, expected, found) = (field.to_owned(), expected.to_owned(), found.to_string());
    Err(InvalidField { field, expected, found })
}

impl Document {
    /// The calibration, if everything in it can be.
    pub(super) fn checked(self) -> Result<Calibration, InvalidField> {
        let Self { about, default, genuine, impostor, curve, table } = self;
        let hash = &about.weights_sha256;
        let is_hash = hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
        expect(is_hash, "about.weights_sha256", "64 hexadecimal digits", hash)?;
        let are_looks = Looks::from_count(about.looks).is_some();
        expect(are_looks, "about.looks", "1 or 2", about.looks)?;
        expect(genuine > 0, "genuine", "1 or more", genuine)?;
        expect(impostor > 0, "impostor", "1 or more", impostor)?;
        check_curve(&curve)?;
        expect(table.len() >= 2, "table", "two rows or more", table.len())?;
        let mut rows: Vec<Row> = Vec::with_capacity(table.len());
        for (number, &cells) in table.iter().enumerate() {
            let row = row(cells, genuine, impostor).and_then(|row| {
                check_order(rows.last(), &row)?;
                Ok(row)
            });
            rows.push(row.map_err(|fault| InvalidField {
                field: format!("table, row {number}, {}", fault.field),
                ..fault
            })?);
        }
        let table = Table { genuine, impostor, rows };
        let first = &table.rows[0];
        expect(first.false_matches == 0, "table", "a first row without matches", "some")?;
        table.at_fmr(default.fmr).map_err(|error| InvalidField {
            field: "default.fmr".into(),
            expected: "a rate that the table supports".into(),
            found: error.to_string(),
        })?;
        let prior = default.prior;
        expect(prior > 0.0 && prior < 1.0, "default.prior", "above 0 and below 1", prior)?;
        Ok(Calibration { about, options: default, curve, table })
    }
}

fn check_curve(curve: &ProbabilityCurve) -> Result<(), InvalidField> {
    let ProbabilityCurve { intercept, slope, covariance, bounds, .. } = *curve;
    expect(intercept.is_finite(), "curve.intercept", "a finite number", intercept)?;
    expect(slope <= 0.0 && slope.is_finite(), "curve.slope", "at most 0", slope)?;
    let variances = covariance[0] >= 0.0 && covariance[2] >= 0.0;
    let finite = covariance.iter().all(|c| c.is_finite());
    let found = format!("{covariance:?}");
    expect(variances && finite, "curve.covariance", "finite, no negative variance", found)?;
    let positive = bounds.iter().all(|b| *b >= 0.0 && b.is_finite());
    expect(positive, "curve.bounds", "two finite numbers of 0 or more", format!("{bounds:?}"))
}

fn row(
    (threshold, false_matches, fmr_low, fmr_high, false_non_matches, fnmr_low, fnmr_high): Cells,
    genuine: u64,
    impostor: u64,
) -> Result<Row, InvalidField> {
    let threshold = Threshold::new(threshold).map_err(|_| InvalidField {
        field: "threshold".into(),
        expected: "from 0 to 2".into(),
        found: threshold.to_string(),
    })?;
    let rate = |name: &str, count: u64, of: u64, low: f64, high: f64| {
        expect(count <= of, name, &format!("at most {of}"), count)?;
        let value = count as f64 / of as f64;
        // The ends are rounded to four digits, the value is not.
        let air = 1e-3 * value + 1e-12;
        let holds = 0.0 <= low && low <= value + air && value - air <= high && high <= 1.0;
        let interval = || format!("{low} to {high}");
        expect(holds, name, &format!("an interval round {value}"), interval())?;
        Ok(RateEstimate { value, low: low.min(value), high: high.max(value) })
    };
    Ok(Row {
        threshold,
        false_matches,
        fmr: rate("false_matches", false_matches, impostor, fmr_low, fmr_high)?,
        false_non_matches,
        fnmr: rate("false_non_matches", false_non_matches, genuine, fnmr_low, fnmr_high)?,
    })
}

fn check_order(before: Option<&Row>, row: &Row) -> Result<(), InvalidField> {
    let Some(before) = before else { return Ok(()) };
    let above = row.threshold > before.threshold;
    expect(above, "threshold", &format!("above {}", before.threshold), row.threshold)?;
    let (fewest, found) = (before.false_matches, row.false_matches);
    expect(found >= fewest, "false_matches", &format!("{fewest} or more"), found)?;
    let (most, found) = (before.false_non_matches, row.false_non_matches);
    expect(found <= most, "false_non_matches", &format!("{most} or less"), found)
}
