//! Error rates against the threshold.

use facenet::matching::Threshold;
use rayon::prelude::*;

use super::distances::{Distances, Pairing};
use super::{CalibrationError, grid};
use crate::RateEstimate;
use crate::rate::{is_rate, most_events, rule_of_three, trials_for};

/// Both error rates at thresholds a thousandth apart, from one that accepts nothing
/// to one that accepts everything.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    pub(super) genuine: u64,
    pub(super) impostor: u64,
    pub(super) rows: Vec<Row>,
}

/// One threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Accepts distances below it.
    pub threshold: Threshold,
    /// Pairs of two people that it accepts.
    pub false_matches: u64,
    /// Their share, the false match rate.
    pub fmr: RateEstimate,
    /// Pairs of one person that it refuses.
    pub false_non_matches: u64,
    /// Their share, the false non-match rate.
    pub fnmr: RateEstimate,
}

impl Distances {
    /// False match rate and false non-match rate of a threshold, with intervals as the
    /// [pairing](Pairing) has them.
    pub fn rates(&self, threshold: Threshold) -> [RateEstimate; 2] {
        Table::of(self).rates(threshold.distance())
    }
}

impl Table {
    /// Counts, and intervals as the [pairing](Pairing) has them.
    pub(super) fn of(distances: &Distances) -> Self {
        let [genuine, impostor] = distances.totals();
        let [same, other] = distances.sample(0).accepted();
        let resamples = match distances.pairing() {
            Pairing::All => distances.resamples(|sample| {
                let ([genuine, impostor], [same, other]) = (sample.totals(), sample.accepted());
                let share = |counts: Vec<u64>, of| -> Vec<f64> {
                    counts.into_iter().map(|count| count as f64 / of as f64).collect()
                };
                [share(same, genuine), share(other, impostor)]
            }),
            Pairing::Listed => Vec::new(),
        };
        let first = (0..=grid::LAST).find(|&k| same[k] + other[k] > 0).unwrap_or(1);
        let last = (first..=grid::LAST).find(|&k| same[k] == genuine && other[k] == impostor);
        let rows = (first.saturating_sub(1)..=last.unwrap_or(grid::LAST)).into_par_iter();
        let rows = rows.map(|k| {
            let (false_matches, false_non_matches) = (other[k], genuine - same[k]);
            let mut fmrs: Vec<_> = resamples.iter().map(|[_, other]| other[k]).collect();
            let mut fnmrs: Vec<_> = resamples.iter().map(|[same, _]| 1.0 - same[k]).collect();
            Row {
                threshold: grid::accepting(k),
                false_matches,
                fmr: RateEstimate::bootstrap(false_matches, impostor, &mut fmrs),
                false_non_matches,
                fnmr: RateEstimate::bootstrap(false_non_matches, genuine, &mut fnmrs),
            }
        });
        Self { genuine, impostor, rows: rows.collect() }
    }

    /// Every threshold, ascending.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The most permissive row whose false match rate is at most `fmr`.
    ///
    /// # Errors
    /// When `fmr` is not above 0 and at most 1, or needs more pairs of two people
    /// than there are: 3 / `fmr` (the rule of three).
    pub(super) fn at_fmr(&self, fmr: f64) -> Result<&Row, CalibrationError> {
        if !is_rate(fmr) {
            return Err(CalibrationError::Rate { what: "a false match rate", found: fmr });
        }
        let needed = trials_for(fmr);
        if self.impostor < needed {
            let (found, smallest) = (self.impostor, rule_of_three(self.impostor));
            return Err(CalibrationError::TooFewImpostors { fmr, needed, found, smallest });
        }
        let allowed = most_events(fmr, self.impostor);
        let allowing = self.rows.partition_point(|row| row.false_matches <= allowed);
        // The first row accepts nothing.
        Ok(&self.rows[allowing.saturating_sub(1)])
    }

    /// The row of the smallest false match rate that the pairs support; the first, which
    /// accepts nothing, where there are fewer than three.
    pub(super) fn strictest(&self) -> &Row {
        self.at_fmr(rule_of_three(self.impostor)).unwrap_or(&self.rows[0])
    }

    /// Both rates, FMR and FNMR, at any threshold: between two rows on the straight
    /// line, beyond the last as at the last.
    pub(super) fn rates(&self, threshold: f32) -> [RateEstimate; 2] {
        let after = self.rows.partition_point(|row| row.threshold.distance() < threshold);
        let rates = |row: &Row| [row.fmr, row.fnmr];
        match (after.checked_sub(1).and_then(|i| self.rows.get(i)), self.rows.get(after)) {
            (Some(low), Some(high)) => {
                let width = f64::from(high.threshold.distance() - low.threshold.distance());
                let share = f64::from(threshold - low.threshold.distance()) / width;
                let ([fmr, fnmr], [fmr_high, fnmr_high]) = (rates(low), rates(high));
                [fmr.toward(fmr_high, share), fnmr.toward(fnmr_high, share)]
            }
            (Some(row), None) | (None, Some(row)) => rates(row),
            (None, None) => [RateEstimate { value: 0.0, low: 0.0, high: 1.0 }; 2],
        }
    }
}

#[cfg(test)]
mod tests {
    use facenet::matching::Encoding;
    use tensor::Random;

    use super::*;
    use crate::Rate;

    /// Images of 30 people, of whom some look like everybody: pairs that share one of
    /// them are far from independent.
    fn crowd(seed: u64) -> (Vec<Encoding>, Vec<usize>) {
        let mut random = Random::new(0xc0de ^ seed << 16);
        let (mut encodings, mut people) = (Vec::new(), Vec::new());
        for person in 0..30 {
            let mut middle: Vec<f64> = (0..128).map(|_| random.normal()).collect();
            middle[0] = 7.0 * random.normal().abs();
            for _ in 0..1 + person % 4 {
                let values: Vec<f64> = middle.iter().map(|m| m + 1.3 * random.normal()).collect();
                let length = values.iter().map(|v| v * v).sum::<f64>().sqrt();
                let unit = values.iter().map(|v| (v / length) as f32);
                encodings.push(Encoding::new(unit).expect("of length 1"));
                people.push(person);
            }
        }
        (encodings, people)
    }

    /// Of intervals that claim 95 %, nearly as many hold the rate that many crowds have
    /// on average; of Wilson's, which take pairs for independent, far fewer.
    #[test]
    fn intervals_over_people_cover_the_rate() {
        const CROWDS: usize = 60;
        let tables: Vec<_> = (0..CROWDS as u64)
            .into_par_iter()
            .map(|seed| {
                let (encodings, people) = crowd(seed);
                Table::of(&Distances::all_pairs(&encodings, &people, &mut |_| ()).expect("pairs"))
            })
            .collect();
        let rate = |table: &Table, of: usize, threshold| table.rates(threshold)[of];
        let mean = |of, threshold| {
            tables.iter().map(|t| rate(t, of, threshold).value).sum::<f64>() / CROWDS as f64
        };
        for (of, wanted) in [(0, 0.05), (1, 0.3)] {
            let off = |threshold: &f32| (mean(of, *threshold) - wanted).abs();
            let thresholds = (900..1400).map(|k| k as f32 / 1000.0);
            let threshold = thresholds.min_by(|a, b| off(a).total_cmp(&off(b))).expect("some");
            assert!(off(&threshold) < 0.01, "no threshold gives a rate of {wanted}");
            let truth = mean(of, threshold);
            let share = |holds: &dyn Fn(&Table) -> bool| {
                tables.iter().filter(|table| holds(table)).count() as f64 / CROWDS as f64
            };
            let covered = share(&|table| {
                let rate = rate(table, of, threshold);
                (rate.low..=rate.high).contains(&truth)
            });
            let by_wilson = share(&|table| {
                let pairs = [table.impostor, table.genuine][of];
                let count = (rate(table, of, threshold).value * pairs as f64).round() as u64;
                let interval = Rate::new(count, pairs).expect("a rate").interval();
                (interval.low..=interval.high).contains(&truth)
            });
            let name = ["FMR", "FNMR"][of];
            assert!(covered >= 0.85, "{name}: {covered}, Wilson's {by_wilson}");
            assert!(by_wilson < covered - 0.05, "{name}: {covered}, Wilson's {by_wilson}");
        }
    }
}
