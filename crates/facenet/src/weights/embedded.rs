//! The default models inside the binary, so that it runs from any folder.
//!
//! The package `weights` holds the bytes; they are checked at load like any others.

use ndarray::{ArrayViewD, CowArray, IxDyn};

use super::error::WeightsError;
use super::{Tensor, TensorError, Weights, check_values, checked};
use crate::network::{Architecture, TensorSpec};
use crate::npy;

/// Reads the embedded tensors.
pub(super) fn load(architecture: Architecture) -> Result<Weights, WeightsError> {
    let table = architecture.tensor_table();
    let files = match architecture {
        Architecture::FaceNet(_) => ::weights::FACENET,
        Architecture::Landmarks => ::weights::LANDMARKS,
        Architecture::Detector => ::weights::DETECTOR,
        Architecture::Visibility => ::weights::VISIBILITY,
    };
    let find = |name: &str| files.binary_search_by_key(&name, |file| file.0).ok();
    let missing: Vec<_> =
        table.iter().map(|t| t.name.clone()).filter(|name| find(name).is_none()).collect();
    if !missing.is_empty() {
        return Err(WeightsError::NotEmbedded { expected: table.len(), missing });
    }
    let mut tensors = Vec::with_capacity(table.len());
    for spec in table {
        let Some(file) = find(&spec.name) else { continue };
        let tensor = borrow(files[file].1, &spec).map_err(|fault| WeightsError::Tensor {
            path: format!("(embedded) {}.npy", spec.name).into(),
            tensor: spec.name.clone(),
            fault,
        })?;
        tensors.push((spec, tensor));
    }
    Ok(Weights::new(tensors))
}

/// A tensor that is read in place, where its bytes lie as the machine's numbers do.
fn borrow(bytes: &'static [u8], spec: &TensorSpec) -> Result<Tensor, TensorError> {
    let bytes = npy::values::<f32>(bytes, &spec.shape)?;
    if let Ok(values) = bytemuck::try_cast_slice(bytes)
        && cfg!(target_endian = "little")
    {
        check_values(spec, values)?;
        if let Ok(view) = ArrayViewD::from_shape(IxDyn(&spec.shape), values) {
            return Ok(CowArray::from(view));
        }
    }
    let (values, _) = bytes.as_chunks::<4>();
    Ok(checked(spec, values.iter().map(|value| f32::from_le_bytes(*value)).collect())?.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Variant;

    #[test]
    #[cfg(target_endian = "little")]
    fn tensors_are_read_in_place() {
        for architecture in
            [Variant::HappyHouse.into(), Architecture::Landmarks, Architecture::Visibility]
        {
            let weights = load(architecture).unwrap();
            assert!(weights.tensors.iter().all(|(_, tensor)| tensor.is_view()), "{architecture:?}");
        }
    }
}
