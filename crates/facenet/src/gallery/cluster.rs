//! Faces of unknown people, grouped by person.
//!
//! Agglomerative: every face begins as a group, and the two nearest groups are joined
//! as long as they are nearer than the threshold. The distance of two groups is the root
//! of the mean squared distance over all pairs between them (average linkage), so that
//! one unlucky pair neither joins two people nor parts one. For unit vectors that mean is
//! `2 − 2 (Σa · Σb) / (|A| |B|)`: a group is its sum and its size, and no matrix of
//! distances is kept.
//!
//! Groups are found by following nearest neighbors until two choose each other
//! (Murtagh, *A Survey of Recent Advances in Hierarchical Clustering Algorithms*, 1983),
//! which takes time in the square of the number of faces and joins the same pairs.

use rayon::prelude::*;

use crate::matching::{Encoding, Threshold};
use crate::network::ENCODING_LENGTH;

/// Groups that a thread compares at a time.
const PIECE: usize = 512;

/// A group of faces.
struct Group {
    sum: [f32; ENCODING_LENGTH],
    members: Vec<usize>,
    /// The photos that its faces are in, in order.
    photos: Vec<usize>,
}

/// The faces' indices, grouped by person: largest group first, equal ones by their
/// first face; within a group in order. Deterministic.
///
/// # Example
/// ```
/// use facenet::{gallery::cluster, matching::{Encoding, Threshold}};
/// let axis = |i| Encoding::new((0..128).map(|j| if i == j { 1.0 } else { 0.0 }));
/// let groups = cluster(&[axis(0)?, axis(5)?, axis(0)?], Threshold::DEFAULT);
/// assert_eq!(groups, [vec![0, 2], vec![1]]);
/// # Ok::<(), facenet::matching::EncodingError>(())
/// ```
pub fn cluster(faces: &[Encoding], threshold: Threshold) -> Vec<Vec<usize>> {
    let photos: Vec<_> = (0..faces.len()).collect();
    cluster_in_photos(faces, &photos, threshold)
}

/// [`cluster`], where the number of the photo that each face is in is known: the faces of one
/// photo are different people's, and never joined.
///
/// # Panics
/// When there are not as many photos as faces.
pub fn cluster_in_photos(
    faces: &[Encoding],
    photos: &[usize],
    threshold: Threshold,
) -> Vec<Vec<usize>> {
    assert_eq!(faces.len(), photos.len(), "a face has a photo");
    let limit = threshold.distance().powi(2);
    // The live groups; what is done moves out.
    let of_one = |(index, face)| group(index, face, photos[index]);
    let mut groups: Vec<Group> = faces.iter().enumerate().map(of_one).collect();
    let mut done: Vec<Vec<usize>> = Vec::new();
    // Each is the nearest neighbor of the one before it.
    let mut chain: Vec<usize> = Vec::new();
    while !groups.is_empty() {
        let here = match chain.last() {
            Some(&here) => here,
            None => {
                chain.push(0);
                0
            }
        };
        let before = chain.len().checked_sub(2).map(|at| chain[at]);
        match nearest(&groups, here, before, limit) {
            // Two chose each other. That is the link before; rounding may make it an
            // earlier one, and going round in a circle would not end.
            Some(there) => match chain.iter().position(|&link| link == there) {
                Some(at) => {
                    chain.truncate(at);
                    join(&mut groups, here, there, &mut chain);
                }
                None => chain.push(there),
            },
            // Nobody is near enough, and joining others brings nobody nearer.
            None => {
                chain.pop();
                done.push(take(&mut groups, here, &mut chain).members);
            }
        }
    }
    done.iter_mut().for_each(|members| members.sort_unstable());
    done.sort_by(|a, b| b.len().cmp(&a.len()).then(a[0].cmp(&b[0])));
    done
}

fn group(index: usize, face: &Encoding, photo: usize) -> Group {
    let mut sum = [0.0; ENCODING_LENGTH];
    sum.copy_from_slice(face.values());
    Group { sum, members: vec![index], photos: vec![photo] }
}

/// The group nearest to `here` of those nearer than the limit that have no photo in common
/// with it; of equals `preferred`, which keeps the chain from walking in circles, then the one
/// with the first face.
fn nearest(groups: &[Group], here: usize, preferred: Option<usize>, limit: f32) -> Option<usize> {
    let order = |a: &(usize, f32), b: &(usize, f32)| {
        let rank = |there: usize| (preferred != Some(there), groups[there].members[0]);
        a.1.total_cmp(&b.1).then_with(|| rank(a.0).cmp(&rank(b.0)))
    };
    (0..groups.len())
        .into_par_iter()
        .with_min_len(PIECE)
        .filter(|&there| there != here)
        .map(|there| (there, squared_distance(&groups[here], &groups[there])))
        .filter(|&(there, distance)| {
            distance < limit && !have_common(&groups[here].photos, &groups[there].photos)
        })
        .min_by(order)
        .map(|(there, _)| there)
}

/// Whether two ordered lists have a number in common.
fn have_common(a: &[usize], b: &[usize]) -> bool {
    let (few, many) = if a.len() < b.len() { (a, b) } else { (b, a) };
    few.iter().any(|number| many.binary_search(number).is_ok())
}

fn squared_distance(a: &Group, b: &Group) -> f32 {
    const LANES: usize = 16;
    let mut lanes = [0.0; LANES];
    for (a, b) in a.sum.as_chunks::<LANES>().0.iter().zip(b.sum.as_chunks::<LANES>().0) {
        for lane in 0..LANES {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    let product: f32 = lanes.iter().sum();
    (2.0 - 2.0 * product / (a.members.len() as f32 * b.members.len() as f32)).max(0.0)
}

/// Makes one group of two.
fn join(groups: &mut Vec<Group>, a: usize, b: usize, chain: &mut [usize]) {
    // The later one first: taking it out moves none before it.
    let other = take(groups, a.max(b), chain);
    let group = &mut groups[a.min(b)];
    for (sum, value) in group.sum.iter_mut().zip(other.sum) {
        *sum += value;
    }
    group.members.extend(other.members);
    group.members.sort_unstable();
    group.photos.extend(other.photos);
    group.photos.sort_unstable();
}

/// Takes a group out; the last one takes its place, in the chain too.
fn take(groups: &mut Vec<Group>, at: usize, chain: &mut [usize]) -> Group {
    let last = groups.len() - 1;
    chain.iter_mut().filter(|link| **link == last).for_each(|link| *link = at);
    groups.swap_remove(at)
}
