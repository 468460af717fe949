//! The classifiers as they lie in the model file.
//!
//! Little-endian: 32-bit integers and floats, no names. A level has a number of models,
//! each a chain of stages and the list of the models of the level before whose windows
//! it is given. A stage is of kind 0, [`Boosted`], or 1, [`Perceptron`].

use super::boosted::Boosted;
use super::perceptron::{self, Layer, Perceptron};

/// Most of anything that is counted in the file; the published one has 5 models, 6
/// stages, 640 features and layers of 640 at most.
const MOST: usize = 4096;

/// The funnel: every model of the first level looks at every window, the others at what
/// was left by those that they follow.
#[derive(Debug)]
pub(super) struct Funnel {
    pub(super) first: Vec<Boosted>,
    pub(super) rest: Vec<Vec<Chain>>,
}

/// A model of a later level.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) stages: Vec<Perceptron>,
    /// Models of the level before.
    pub(super) follows: Vec<usize>,
}

/// What is wrong with a model file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte {at}: {what}")]
pub(super) struct ModelError {
    at: usize,
    what: &'static str,
}

impl Funnel {
    /// Reads a model file to its end.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, ModelError> {
        let mut reader = Reader { bytes, at: 0 };
        let levels = reader.count("levels")?;
        let mut first = Vec::new();
        for _ in 0..reader.count("models")? {
            let stages = reader.count("stages")?;
            reader.expect(stages == 1, "a model of the first level has one stage")?;
            let kind = reader.integer()?;
            reader.expect(kind == 0, "the first level is boosted")?;
            first.push(reader.boosted()?);
            let follows = reader.integer()?;
            reader.expect(follows <= 0, "the first level follows none")?;
        }
        let mut before = first.len();
        let mut rest = Vec::new();
        for _ in 1..levels {
            let models = reader.count("models")?;
            let chains: Vec<_> =
                (0..models).map(|_| reader.chain(before)).collect::<Result<_, _>>()?;
            rest.push(chains);
            before = models;
        }
        reader.expect(reader.at == bytes.len(), "something follows the last model")?;
        Ok(Self { first, rest })
    }
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Reader<'_> {
    fn expect(&self, holds: bool, what: &'static str) -> Result<(), ModelError> {
        if holds { Ok(()) } else { Err(ModelError { at: self.at, what }) }
    }

    fn four(&mut self) -> Result<[u8; 4], ModelError> {
        let four = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk());
        let four = four.ok_or(ModelError { at: self.at, what: "the file ends early" })?;
        self.at += 4;
        Ok(*four)
    }

    fn integer(&mut self) -> Result<i32, ModelError> {
        self.four().map(i32::from_le_bytes)
    }

    fn float(&mut self) -> Result<f32, ModelError> {
        let value = self.four().map(f32::from_le_bytes)?;
        self.expect(value.is_finite(), "a number is not finite")?;
        Ok(value)
    }

    fn floats(&mut self, count: usize) -> Result<Vec<f32>, ModelError> {
        (0..count).map(|_| self.float()).collect()
    }

    /// A number from 1 to [`MOST`].
    fn count(&mut self, what: &'static str) -> Result<usize, ModelError> {
        let count = usize::try_from(self.integer()?).unwrap_or(0);
        self.expect((1..=MOST).contains(&count), what)?;
        Ok(count)
    }

    fn boosted(&mut self) -> Result<Boosted, ModelError> {
        let features = self.count("features")?;
        let values = self.count("values of a feature")?;
        self.expect(values == 255, "a feature has 256 values")?;
        self.expect(features % Boosted::GROUP == 0, "features come in groups of ten")?;
        let mut places = Vec::with_capacity(features);
        for _ in 0..features {
            let place = [self.integer()?, self.integer()?].map(|v| usize::try_from(v).ok());
            let [Some(x), Some(y)] = place else {
                return Err(ModelError { at: self.at, what: "a feature lies before its window" });
            };
            self.expect(x.max(y) <= Boosted::LAST_PLACE, "a feature lies beyond its window")?;
            places.push([x, y]);
        }
        let thresholds = self.floats(features)?;
        let weights = (0..features).map(|_| self.floats(256)).collect::<Result<_, _>>()?;
        Ok(Boosted::new(places, thresholds, weights))
    }

    fn chain(&mut self, before: usize) -> Result<Chain, ModelError> {
        let stages = self.count("stages")?;
        let mut chain = Chain { stages: Vec::new(), follows: Vec::new() };
        for _ in 0..stages {
            let kind = self.integer()?;
            self.expect(kind == 1, "a later level is of perceptrons")?;
            chain.stages.push(self.perceptron()?);
        }
        for _ in 0..self.count("models to follow")? {
            let model = usize::try_from(self.integer()?).unwrap_or(usize::MAX);
            self.expect(model < before, "the level before has fewer models")?;
            chain.follows.push(model);
        }
        Ok(chain)
    }

    fn perceptron(&mut self) -> Result<Perceptron, ModelError> {
        let (layers, features) = (self.count("layers")?, self.count("features")?);
        let mut numbers = Vec::with_capacity(features);
        for _ in 0..features {
            // Counted from 1.
            let number = usize::try_from(self.integer()?).unwrap_or(0);
            self.expect((1..=perceptron::patches().len()).contains(&number), "no such feature")?;
            numbers.push(number - 1);
        }
        let threshold = self.float()?;
        let mut inputs = self.count("inputs")?;
        self.expect(inputs == features * perceptron::LENGTH, "a feature has 32 numbers")?;
        let mut read = Vec::with_capacity(layers);
        for _ in 1..layers {
            let outputs = self.count("outputs")?;
            let weights = self.floats(inputs * outputs)?;
            read.push(Layer { inputs, weights, biases: self.floats(outputs)? });
            inputs = outputs;
        }
        self.expect(!read.is_empty() && inputs == 4, "the answer has four numbers")?;
        Ok(Perceptron { features: numbers, threshold, layers: read })
    }
}

#[cfg(test)]
mod tests {
    use super::super::MODEL;
    use super::*;

    #[test]
    fn the_published_file_is_read_and_a_cut_or_changed_one_refused() {
        let funnel = Funnel::read(MODEL).expect("the file is whole");
        assert!(!funnel.first.is_empty() && !funnel.rest.is_empty());
        for length in [0, 3, 4, 1000, MODEL.len() / 2, MODEL.len() - 1] {
            assert!(Funnel::read(&MODEL[..length]).is_err(), "{length} bytes");
        }
        for place in (0..200).step_by(4) {
            let mut changed = MODEL.to_vec();
            changed[place..place + 4].copy_from_slice(&(-7_i32).to_le_bytes());
            // Numbers of the first classifier's places; none may be negative.
            assert!(Funnel::read(&changed).is_err(), "byte {place}");
        }
    }
}
