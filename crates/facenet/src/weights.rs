//! The network's 224 tensors: reading, checking, writing.
//!
//! A [`Weights`] is complete by construction: whichever way it came in, every
//! tensor of the [table](crate::network::tensor_table) is there with its shape,
//! every value is finite and no variance is negative. Building a network from it can
//! therefore not fail.
//!
//! | source | file |
//! | --- | --- |
//! | folder of `.npy` files, the project's own form | [`npy`] |
//! | folder of `.csv` files, the form in which OpenFace's tensors circulate | `weights/csv.rs` |
//! | the bytes inside the binary | `weights/embedded.rs` |

pub mod csv;
mod embedded;
mod error;
mod files;

use std::collections::HashMap;
use std::path::Path;

use ndarray::{ArrayD, ArrayViewD, CowArray, Dimension, IxDyn};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::network::{Architecture, TensorRole, TensorSpec, Variant};
use crate::npy::{self, ArrayError};

pub use error::{TensorError, WeightsError};

use files::Form;

/// The variant whose tensors are used where none is named; variants share them.
const FACENET: Architecture = Architecture::FaceNet(Variant::HappyHouse);

/// A complete, checked set of tensors of one network.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    tensors: Vec<(TensorSpec, Tensor)>,
    index: HashMap<String, usize>,
}

/// A tensor of its own, or one that lies in this binary.
type Tensor = CowArray<'static, f32, IxDyn>;

/// Weights from a folder, with what else lay there.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The tensors.
    pub weights: Weights,
    /// Names of tensor files in the folder that no layer uses. The published
    /// CSV folder has two: `inception_5a_3x3_conv2_m` and `…_conv2_v`.
    pub unused: Vec<String>,
}

impl Weights {
    /// The weights inside this binary.
    ///
    /// ```
    /// let weights = facenet::weights::Weights::embedded()?;
    /// assert_eq!(weights.tensor("dense_w").shape(), [128, 736]);
    /// # Ok::<(), facenet::weights::WeightsError>(())
    /// ```
    ///
    /// # Errors
    /// When the binary was built without a complete `weights` folder.
    pub fn embedded() -> Result<Self, WeightsError> {
        Self::embedded_for(FACENET)
    }

    /// The weights inside this binary for any of the networks.
    ///
    /// # Errors
    /// When the binary was built without all of that network's tensors.
    pub fn embedded_for(architecture: Architecture) -> Result<Self, WeightsError> {
        embedded::load(architecture)
    }

    /// Reads a folder of `.npy` files, one a tensor.
    ///
    /// # Errors
    /// Names the folder's missing tensors, or the file that is not a C-order
    /// little-endian f32 array of the right shape with finite values.
    pub fn from_npy_folder(folder: &Path) -> Result<Loaded, WeightsError> {
        Self::from_npy_folder_for(FACENET, folder)
    }

    /// [`from_npy_folder`](Self::from_npy_folder) for any of the networks.
    ///
    /// # Errors
    /// As [`from_npy_folder`](Self::from_npy_folder).
    pub fn from_npy_folder_for(
        architecture: Architecture,
        folder: &Path,
    ) -> Result<Loaded, WeightsError> {
        Self::from_folder(architecture, folder, Form::Npy, &|| ())
    }

    /// Reads a folder of `.csv` files, one a tensor; `progress` is called after
    /// each, from any thread.
    ///
    /// # Errors
    /// Names the folder's missing tensors, or file, line and column of what is
    /// not a finite number, or the count where it is not the table's.
    pub fn from_csv_folder(
        folder: &Path,
        progress: &(dyn Fn() + Sync),
    ) -> Result<Loaded, WeightsError> {
        Self::from_folder(FACENET, folder, Form::Csv, progress)
    }

    fn from_folder(
        architecture: Architecture,
        folder: &Path,
        form: Form,
        progress: &(dyn Fn() + Sync),
    ) -> Result<Loaded, WeightsError> {
        let table = architecture.tensor_table();
        let unused = files::survey(folder, form, &table)?;
        let tensors = table
            .into_par_iter()
            .map(|spec| {
                let path = folder.join(form.file_name(&spec.name));
                let values = match form {
                    Form::Npy => read_npy(&path, &spec),
                    Form::Csv => csv::read(&path, &spec),
                }?;
                let tensor =
                    checked(&spec, values).map_err(|fault| of_file(&path, &spec, fault))?;
                progress();
                Ok((spec, tensor.into()))
            })
            .collect::<Result<_, WeightsError>>()?;
        Ok(Loaded { weights: Self::new(tensors), unused })
    }

    /// Takes tensors that were made in memory, by name, after the same checks that
    /// files get.
    ///
    /// # Errors
    /// Names the tensors that are missing, one that the network does not have, or
    /// one of another shape, with a value that is not finite or a negative variance.
    pub fn from_tensors_for(
        architecture: Architecture,
        mut tensors: HashMap<String, ArrayD<f32>>,
    ) -> Result<Self, WeightsError> {
        let table = architecture.tensor_table();
        let missing = |spec: &&TensorSpec| !tensors.contains_key(&spec.name);
        let missing: Vec<_> = table.iter().filter(missing).map(|spec| spec.name.clone()).collect();
        if !missing.is_empty() {
            return Err(WeightsError::NotGiven { expected: table.len(), missing });
        }
        let mut complete = Vec::with_capacity(table.len());
        for spec in table {
            let Some(tensor) = tensors.remove(&spec.name) else {
                unreachable!("no tensor is missing, and names are unique")
            };
            match given(&spec, tensor) {
                Ok(tensor) => complete.push((spec, tensor.into())),
                Err(fault) => return Err(WeightsError::Given { tensor: spec.name, fault }),
            }
        }
        match tensors.into_keys().min() {
            Some(name) => Err(WeightsError::Unknown { name }),
            None => Ok(Self::new(complete)),
        }
    }

    /// Takes tensors that are known to be the table's, in its order.
    fn new(tensors: Vec<(TensorSpec, Tensor)>) -> Self {
        let index = tensors.iter().enumerate().map(|(i, (spec, _))| (spec.name.clone(), i));
        Self { index: index.collect(), tensors }
    }

    /// Whether these are the tensors of a network.
    pub fn are_of(&self, architecture: Architecture) -> bool {
        self.tensors.iter().map(|(spec, _)| spec).eq(&architecture.tensor_table())
    }

    /// Writes one C-order little-endian f32 `.npy` a tensor. All files are
    /// written beside the old ones first and then put in place, so that a run
    /// that fails leaves the folder as it was.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn save_npy_folder(&self, folder: &Path) -> Result<(), WeightsError> {
        files::save(self, folder, Form::Npy, |spec, tensor| npy::write(&spec.shape, &tensor))
    }

    /// Writes one comma-separated line a tensor, each value with the digits that
    /// bring the same f32 back; as atomic as [`save_npy_folder`](Self::save_npy_folder).
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn save_csv_folder(&self, folder: &Path) -> Result<(), WeightsError> {
        files::save(self, folder, Form::Csv, |_, tensor| csv::write(tensor))
    }

    /// The tensor called `name`.
    ///
    /// # Panics
    /// When the network has no tensor of that name.
    pub fn tensor(&self, name: &str) -> ArrayViewD<'_, f32> {
        self.find(name).view()
    }

    fn find(&self, name: &str) -> &Tensor {
        match self.index.get(name) {
            Some(&i) => &self.tensors[i].1,
            None => panic!("the network has no tensor called {name:?}"),
        }
    }

    /// [`tensor`](Self::tensor) with a fixed number of axes.
    pub(crate) fn view<D: Dimension>(&self, name: &str) -> ndarray::ArrayView<'_, f32, D> {
        match self.find(name).view().into_dimensionality() {
            Ok(view) => view,
            Err(error) => panic!("{name}: {error}"),
        }
    }

    /// Every tensor with its place in the table, in the table's order.
    pub fn iter(&self) -> impl Iterator<Item = (&TensorSpec, ArrayViewD<'_, f32>)> {
        self.tensors.iter().map(|(spec, tensor)| (spec, tensor.view()))
    }

    /// SHA-256 over name, shape and little-endian values of every tensor in the
    /// table's order, in hexadecimal: the same for the same model, whatever
    /// files it came from.
    pub fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        for (spec, tensor) in &self.tensors {
            hasher.update(spec.name.as_bytes());
            hasher.update([0]);
            for &axis in &spec.shape {
                hasher.update((axis as u64).to_le_bytes());
            }
            match tensor.as_slice() {
                Some(values) if cfg!(target_endian = "little") => {
                    hasher.update(bytemuck::cast_slice::<f32, u8>(values));
                }
                _ => hasher.update(little_endian(tensor.iter())),
            }
        }
        hexadecimal(hasher)
    }

    /// The first tensor, in the table's order, that differs between the two in
    /// any bit, with the number of its values that do.
    pub fn first_difference(&self, other: &Self) -> Option<(&TensorSpec, usize)> {
        self.tensors.iter().zip(&other.tensors).find_map(|((spec, ours), (_, theirs))| {
            let differ = |(a, b): &(&f32, &f32)| a.to_bits() != b.to_bits();
            let count = ours.iter().zip(theirs).filter(differ).count();
            (count > 0).then_some((spec, count))
        })
    }
}

/// The hash in hexadecimal.
pub fn hexadecimal(hasher: Sha256) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn little_endian<'a>(values: impl Iterator<Item = &'a f32>) -> Vec<u8> {
    values.flat_map(|value| value.to_le_bytes()).collect()
}

/// Reads a tensor's `.npy` file.
fn read_npy(path: &Path, spec: &TensorSpec) -> Result<Vec<f32>, WeightsError> {
    npy::read(path, &spec.shape).map_err(|error| match error {
        npy::ReadError::File(error) => error.into(),
        npy::ReadError::Array(fault) => of_file(path, spec, fault.into()),
    })
}

/// Adds the file and the tensor to an error.
fn of_file(path: &Path, spec: &TensorSpec, fault: TensorError) -> WeightsError {
    WeightsError::Tensor { path: path.to_path_buf(), tensor: spec.name.clone(), fault }
}

/// Checks a tensor that was made in memory.
fn given(spec: &TensorSpec, tensor: ArrayD<f32>) -> Result<ArrayD<f32>, TensorError> {
    if tensor.shape() != spec.shape {
        let found = tensor.shape().iter().map(|&axis| axis as u64).collect();
        let expected = format!("{:?}", spec.shape);
        return Err(ArrayError::Shape { expected, found }.into());
    }
    checked(spec, tensor.iter().copied().collect())
}

/// Gives `values` the shape of `spec` after the checks that every source shares.
fn checked(spec: &TensorSpec, values: Vec<f32>) -> Result<ArrayD<f32>, TensorError> {
    if values.len() != spec.len() {
        return Err(TensorError::Count { expected: spec.len(), found: values.len() });
    }
    check_values(spec, &values)?;
    let count = values.len();
    ArrayD::from_shape_vec(IxDyn(&spec.shape), values)
        .map_err(|_| TensorError::Count { expected: spec.len(), found: count })
}

/// Refuses the first value that no network could have.
fn check_values(spec: &TensorSpec, values: &[f32]) -> Result<(), TensorError> {
    let variance = spec.role == TensorRole::RunningVariance;
    let faulty = |value: f32| !value.is_finite() || variance && value < 0.0;
    // Whole pieces first: without a way out after each value, they are compared by vectors.
    const PIECE: usize = 1024;
    for (piece, values) in values.chunks(PIECE).enumerate() {
        if !values.iter().fold(false, |any, &value| any | faulty(value)) {
            continue;
        }
        if let Some(at) = values.iter().position(|&value| faulty(value)) {
            let (position, found) = (piece * PIECE + at, values[at]);
            return Err(if found.is_finite() {
                TensorError::NegativeVariance { position, found }
            } else {
                TensorError::NotFinite { position, found }
            });
        }
    }
    Ok(())
}
