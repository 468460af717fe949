//! The k nearest people found so far.
//!
//! A scan computes distances in f32, by a sum or by a matrix product, and each rounds
//! in its own way. To be exact and the same by any way, a scan does not decide who is
//! nearest: it keeps everybody within its rounding of the k-th, and those are
//! compared once more in f64.

/// Twice the most by which a scan's squared distance of two unit vectors is off.
///
/// A dot product of 128 terms errs by at most 128 × 2⁻²⁴ in f32 (Higham, *Accuracy and
/// Stability of Numerical Algorithms*, 3.1), a distance by twice that, and the rows'
/// lengths by less than a tenth of it; the sum of squared differences errs by less.
const MARGIN: f32 = 2.0 * 2.2 * 128.0 / 16_777_216.0;

/// The rows that may be among the `top` nearest.
#[derive(Clone, Debug)]
pub(super) struct Shortlist {
    top: usize,
    /// Squared distance and row.
    kept: Vec<(f32, u32)>,
    /// Nobody farther can be among the nearest.
    limit: f32,
    /// Rows to keep before sorting out.
    room: usize,
}

impl Shortlist {
    pub(super) fn new(top: usize) -> Self {
        Self { top, kept: Vec::new(), limit: f32::INFINITY, room: room(top) }
    }

    /// Takes the squared distances of rows `first..`.
    pub(super) fn take(&mut self, first: usize, distances: &[f32]) {
        if self.top == 0 {
            return;
        }
        for (row, &distance) in distances.iter().enumerate() {
            if distance <= self.limit {
                self.kept.push((distance, (first + row) as u32));
                if self.kept.len() == self.room {
                    self.sort_out();
                }
            }
        }
    }

    /// Takes over what another has kept.
    pub(super) fn merge(mut self, other: Self) -> Self {
        self.kept.extend(other.kept);
        self.sort_out();
        self
    }

    /// The rows, in no order.
    pub(super) fn rows(mut self) -> impl Iterator<Item = usize> {
        self.sort_out();
        self.kept.into_iter().map(|(_, row)| row as usize)
    }

    /// Drops those who are farther than the k-th by more than rounding.
    fn sort_out(&mut self) {
        if self.kept.len() > self.top {
            let order = |a: &(f32, u32), b: &(f32, u32)| a.0.total_cmp(&b.0);
            let (_, kth, _) = self.kept.select_nth_unstable_by(self.top - 1, order);
            self.limit = self.limit.min(kth.0 + MARGIN);
            let limit = self.limit;
            self.kept.retain(|&(distance, _)| distance <= limit);
        }
        // A gallery of equals keeps them all; twice the room, then, so that sorting out
        // stays rare.
        self.room = room(self.top).max(2 * self.kept.len());
    }
}

fn room(top: usize) -> usize {
    2 * top.min(1 << 20) + 62
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_within_rounding_of_the_last_is_kept() {
        let mut shortlist = Shortlist::new(2);
        let mut distances = vec![3.0; 500];
        distances[400] = 0.5;
        distances[7] = 1.0;
        distances[450] = 1.0 + MARGIN / 2.0;
        distances[460] = 1.0 + 2.0 * MARGIN;
        shortlist.take(1000, &distances);
        let mut rows: Vec<_> = shortlist.rows().collect();
        rows.sort_unstable();
        assert_eq!(rows, [1007, 1400, 1450]);
    }

    #[test]
    fn equals_are_all_kept() {
        let mut shortlist = Shortlist::new(1);
        shortlist.take(0, &[1.0; 1000]);
        assert_eq!(shortlist.merge(Shortlist::new(1)).rows().count(), 1000);
        let mut nobody = Shortlist::new(0);
        nobody.take(0, &[1.0]);
        assert_eq!(nobody.rows().count(), 0);
    }
}
