//! Verification accuracy on held-out faces while training runs.
//!
//! Either some people of the training images are set aside, or there is another
//! set with its own list of pairs. Both are measured as evaluation does it: all
//! images encoded by the engine, without augmentation, and a threshold chosen on
//! the other folds.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use biometrics::evaluation::{Comparison, Report, ReportOptions};
use facenet::engine::{EncodeError, Engine};
use facenet::matching::Encoding;
use ndarray::Axis;
use rayon::prelude::*;
use serde::Serialize;

use super::Error;
use super::augmentation::Augmentation;
use super::batches::{Batch, prepare};
use super::people::People;
use super::random::{self, Purpose, choose};
use super::source::{PackSource, Source};
use crate::dataset::{Pairs, Target};

/// Most pairs of one person.
const PAIRS_EACH: usize = 10;
/// Most folds.
const FOLDS: usize = 10;
/// Images that are decoded together.
const CHUNK: usize = 64;

/// Pairs of images to be compared.
#[derive(Clone)]
pub struct HeldOut {
    source: Arc<dyn Source>,
    pairs: Vec<HeldOutPair>,
}

/// Two images of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldOutPair {
    /// Numbers of the images.
    pub images: [usize; 2],
    /// Whether they show one person.
    pub same: bool,
    /// Part of the cross-validation.
    pub fold: usize,
}

/// Result of the measurement.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeldOutMetrics {
    /// Steps taken so far.
    pub step: u64,
    /// Share of pairs that are judged correctly, mean over folds.
    pub accuracy: f64,
    /// Standard deviation over folds.
    pub std: f64,
    /// Threshold of the distance, mean over folds.
    pub threshold: f64,
    /// Equal error rate, unless unreadable images rule it out.
    pub equal_error_rate: Option<f64>,
    /// Area under the ROC curve.
    pub area: f64,
    /// Mean of 1 - cosine to the teacher, where there is one.
    pub teacher: Option<f64>,
    /// Pairs, those with unreadable images among them.
    pub pairs: usize,
    /// Pairs with unreadable images, counted as wrong.
    pub failures: usize,
}

impl HeldOut {
    /// Sets `count` people of a source aside: up to ten pairs of each, and as many
    /// of different people. The same seed chooses the same.
    ///
    /// # Errors
    /// When there are not so many people with two images or more.
    pub fn people(source: Arc<dyn Source>, count: usize, seed: u64) -> Result<Self, Error> {
        let mut groups = People::of(source.as_ref()).groups;
        let found = groups.len();
        if count < 4 || found < count {
            return Err(Error::HeldOut { asked: count, found });
        }
        let mut random = random::at(seed, Purpose::HeldOut, [0, 0]);
        choose(&mut random, &mut groups, count);
        groups.truncate(count);
        let folds = (count / 2).min(FOLDS);
        let mut pairs = Vec::new();
        for fold in 0..folds {
            // No person is in two folds, and each has two people or more.
            let people = &groups[fold * count / folds..(fold + 1) * count / folds];
            let mut genuine = 0;
            for images in people {
                let mut own: Vec<[usize; 2]> = Vec::new();
                for (i, &a) in images.iter().enumerate() {
                    own.extend(images[i + 1..].iter().map(|&b| [a, b]));
                }
                choose(&mut random, &mut own, PAIRS_EACH);
                own.truncate(PAIRS_EACH);
                genuine += own.len();
                pairs.extend(own.into_iter().map(|images| HeldOutPair {
                    images,
                    same: true,
                    fold,
                }));
            }
            for _ in 0..genuine {
                let first = random.below(people.len());
                let second = (first + 1 + random.below(people.len() - 1)) % people.len();
                let images = [first, second].map(|p| people[p][random.below(people[p].len())]);
                pairs.push(HeldOutPair { images, same: false, fold });
            }
        }
        Ok(Self { source, pairs })
    }

    /// Another pack with a list of pairs by name, such as LFW.
    ///
    /// # Errors
    /// When the list names an image that the pack does not have.
    pub fn pairs(source: PackSource, pairs: &Pairs) -> Result<Self, Error> {
        let find = |name: &String| {
            let index = source.pack().index_of(name);
            index.ok_or_else(|| Error::NoSuchImage { name: name.clone() })
        };
        let pairs = pairs.pairs.iter().map(|pair| {
            let images = [find(&pair.a)?, find(&pair.b)?];
            Ok(HeldOutPair { images, same: pair.same, fold: pair.fold })
        });
        let pairs = pairs.collect::<Result<_, Error>>()?;
        Ok(Self { source: Arc::new(source), pairs })
    }

    /// All images in it.
    pub(super) fn images(&self) -> HashSet<usize> {
        self.pairs.iter().flat_map(|pair| pair.images).collect()
    }

    /// The pairs.
    pub fn list(&self) -> &[HeldOutPair] {
        &self.pairs
    }

    /// Encodes every image and compares the pairs.
    ///
    /// # Errors
    /// When no figure can be had, such as where no image is readable.
    pub fn measure(&self, engine: &Engine, step: u64) -> Result<HeldOutMetrics, Error> {
        let fault = |source| Error::Evaluation { step, source };
        let mut indices: Vec<_> = self.images().into_iter().collect();
        indices.sort_unstable();
        let mut encodings = HashMap::with_capacity(indices.len());
        let mut teacher = Vec::new();
        for chunk in indices.chunks(CHUNK) {
            for face in self.encode(engine, chunk).map_err(|error| fault(error.into()))? {
                teacher.extend(face.target.map(|target| 1.0 - cosine(&face.encoding, &target)));
                encodings.insert(face.index, face.encoding);
            }
        }
        let comparisons: Vec<_> = self.pairs.iter().map(|pair| compare(pair, &encodings)).collect();
        let options = ReportOptions { fmrs: Vec::new() };
        let report = Report::new(&comparisons, &options).map_err(|error| fault(error.into()))?;
        let mean = teacher.iter().sum::<f64>() / teacher.len() as f64;
        Ok(HeldOutMetrics {
            step,
            accuracy: report.accuracy,
            std: report.std,
            threshold: report.threshold,
            equal_error_rate: report.eer.map(|eer| eer.rate),
            area: report.area,
            teacher: (!teacher.is_empty()).then_some(mean),
            pairs: report.pairs,
            failures: report.failures,
        })
    }

    /// Encodes those of a few images that can be read, decoding on all threads.
    fn encode(&self, engine: &Engine, indices: &[usize]) -> Result<Vec<Face>, EncodeError> {
        let crops: Vec<Batch> = indices
            .par_iter()
            .map(|&index| prepare(self.source.as_ref(), &[index], |_| Augmentation::NONE))
            .collect();
        let readable = || indices.iter().zip(&crops).filter(|(_, crop)| crop.unreadable.is_empty());
        let images: Vec<_> = readable().map(|(_, crop)| crop.images.view()).collect();
        if images.is_empty() {
            return Ok(Vec::new());
        }
        let Ok(images) = ndarray::concatenate(Axis(0), &images) else {
            unreachable!("all crops have one shape")
        };
        let encodings = engine.encode(images.view())?;
        let faces = readable().zip(encodings).map(|((&index, _), encoding)| Face {
            index,
            encoding,
            target: self.source.target(index),
        });
        Ok(faces.collect())
    }
}

/// An image's encodings by the network and by the teacher.
struct Face {
    index: usize,
    encoding: Encoding,
    target: Option<Target>,
}

fn cosine(encoding: &Encoding, target: &Target) -> f64 {
    encoding.values().iter().zip(target).map(|(&s, &t)| f64::from(s) * f64::from(t)).sum()
}

fn compare(pair: &HeldOutPair, encodings: &HashMap<usize, Encoding>) -> Comparison {
    let [a, b] = pair.images.map(|index| encodings.get(&index));
    let distance = a.zip(b).map(|(a, b)| f64::from(a.distance(b)));
    Comparison { distance, same: pair.same, fold: pair.fold }
}
