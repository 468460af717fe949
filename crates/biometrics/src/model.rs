//! Loaded weights with their hash and their calibration.
//!
//! Read and hashed once and handed to everybody who needs a part of it: the engine the
//! weights, the store of people the hash, a policy the calibration.

use std::path::Path;
use std::sync::Arc;

use facenet::engine::Looks;
use facenet::network::Variant;
use facenet::weights::{Loaded, Weights};

use crate::Error;
use crate::calibration::Calibration;

/// A network's weights and what belongs to them.
#[derive(Clone, Debug)]
pub struct LoadedModel {
    variant: Variant,
    weights: Weights,
    hash: String,
    unused: Vec<String>,
    looks: Looks,
    calibration: Option<Arc<Calibration>>,
}

impl LoadedModel {
    /// The weights inside this binary, as the weights of `variant`. Their hash is the one in
    /// the embedded calibration, since a test holds that the two belong together and hashing
    /// takes longer than the network.
    ///
    /// # Errors
    /// When the binary was built without them.
    pub fn embedded(variant: Variant) -> Result<Self, Error> {
        let (weights, calibration) = (Weights::embedded()?, Calibration::embedded(Looks::Two)?);
        let hash = calibration.about().weights_sha256.clone();
        Ok(Self::new(variant, weights, hash, Vec::new(), calibration))
    }

    /// The weights in a folder of `.npy` files.
    ///
    /// # Errors
    /// As [`Weights::from_npy_folder`].
    pub fn read(variant: Variant, folder: &Path) -> Result<Self, Error> {
        let Loaded { weights, unused } = Weights::from_npy_folder(folder)?;
        let hash = weights.hash();
        Ok(Self::new(variant, weights, hash, unused, Calibration::embedded(Looks::Two)?))
    }

    fn new(
        variant: Variant,
        weights: Weights,
        hash: String,
        unused: Vec<String>,
        embedded: Calibration,
    ) -> Self {
        // Two looks were measured for the shipped weights; others are used as they were
        // published, so that their numbers come out.
        let is_its_own = embedded.check_model(variant.name(), &hash, Looks::Two).is_ok();
        let looks = if is_its_own { Looks::Two } else { Looks::One };
        let calibration = is_its_own.then(|| Arc::new(embedded));
        Self { variant, weights, hash, unused, looks, calibration }
    }

    /// The same weights for encodings of so many looks, with the calibration for these.
    ///
    /// # Errors
    /// As [`embedded`](Self::embedded).
    pub fn with_looks(self, looks: Looks) -> Result<Self, Error> {
        if looks == self.looks {
            return Ok(self);
        }
        let embedded = Calibration::embedded(looks)?;
        let is_its_own = embedded.check_model(self.variant.name(), &self.hash, looks).is_ok();
        let calibration = is_its_own.then(|| Arc::new(embedded));
        Ok(Self { looks, calibration, ..self })
    }

    /// From how many views of a face encodings are made: two with the shipped weights, one
    /// with others, unless [chosen](Self::with_looks).
    pub fn looks(&self) -> Looks {
        self.looks
    }

    /// A calibration from a file, for this model.
    ///
    /// # Errors
    /// When the file is no calibration, or one of another model.
    pub fn read_calibration(&self, file: &Path) -> Result<Arc<Calibration>, Error> {
        let calibration = Calibration::read(file)?;
        calibration.check_model(self.variant.name(), &self.hash, self.looks)?;
        Ok(Arc::new(calibration))
    }

    /// Which network the weights are for.
    pub fn variant(&self) -> Variant {
        self.variant
    }

    /// The weights.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// SHA-256 of the weights, in hexadecimal.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Names of tensor files in the weights' folder that no layer uses.
    pub fn unused(&self) -> &[String] {
        &self.unused
    }

    /// Its calibration, if there is one.
    pub fn calibration(&self) -> Option<&Arc<Calibration>> {
        self.calibration.as_ref()
    }
}
