//! Photos of known people, in a pack or in folders: the data of `evaluate` and `calibrate`.
//!
//! Every photo is read once. A photo without a usable face is a failure, which is reported
//! and counted.

mod data_set;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use data_set::{DataSet, Location};
use facenet::matching::Encoding;
use faces::{BATCH, FaceCrop, FaceLocation, FaceLocator, FacePipeline};
use indicatif::ProgressBar;
use ndarray::Array3;
use rayon::prelude::*;
use training::dataset::{Listing, Pairs, person_in_name};

use crate::arguments::LabeledFaces;
use crate::left_out::note_left_out;
use crate::output::{escaped, warn};
use crate::progress;
use report::ErrorRow;

/// The file of a folder that says which groups its people belong to.
pub(crate) const GROUPS: &str = "groups.csv";

/// Photos of a pack or a folder tree, by name.
pub(crate) struct LabeledPhotos {
    data: DataSet,
    names: Vec<String>,
    locations: Vec<Location>,
    index: HashMap<String, usize>,
    /// Files of the folder that are no photos, where the folder was listed.
    left_out: Vec<ErrorRow>,
}

/// The result of each photo: an encoding or a crop.
pub(crate) struct Processed<T> {
    /// In the order of the photos; none where there is no usable face.
    pub(crate) results: Vec<Option<T>>,
    /// The photos without a result.
    pub(crate) failures: Vec<Failure>,
}

/// A photo without a usable face.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Failure {
    /// The photo's name.
    pub(crate) photo: String,
    /// The error.
    pub(crate) reason: String,
}

impl Failure {
    /// Removes the photo's name from the error, because the failure has it already.
    fn of(name: &str, error: &str) -> Self {
        let reason = error.strip_prefix(&format!("{}: ", escaped(name))).unwrap_or(error);
        Self { photo: name.to_owned(), reason: reason.to_owned() }
    }
}

impl LabeledPhotos {
    /// The photos that pairs name, sorted by name.
    pub(crate) fn of_pairs(folder: &Path, pairs: &Pairs) -> Result<Self> {
        let data = DataSet::open(folder)?;
        let names: BTreeSet<&str> = pairs.pairs.iter().flat_map(|p| [&*p.a, &*p.b]).collect();
        let locations = names.iter().map(|name| data.location(name)).collect::<Result<Vec<_>>>()?;
        Ok(Self::new(data, names.into_iter().map(String::from).collect(), locations))
    }

    /// All photos of the folder.
    pub(crate) fn all(folder: &Path) -> Result<Self> {
        let data = DataSet::open(folder)?;
        let mut left_out = Vec::new();
        let (names, locations) = match &data {
            DataSet::Pack(pack) => (0..pack.len())
                .map(|i| {
                    let name = pack.name(i).map_or_else(|| format!("image {i}"), String::from);
                    (name, Location::InPack(i))
                })
                .unzip(),
            DataSet::Tree(tree) => {
                let Listing { photos, left_out: mut others } = tree.list()?;
                others.retain(|file| file.path != folder.join(GROUPS));
                left_out = note_left_out(others);
                let named = photos.into_iter().map(|photo| {
                    let name = photo.path.strip_prefix(folder).unwrap_or(&photo.path);
                    (name.display().to_string(), Location::File(photo.path.clone()))
                });
                named.unzip()
            }
        };
        Ok(Self { left_out, ..Self::new(data, names, locations) })
    }

    fn new(data: DataSet, names: Vec<String>, locations: Vec<Location>) -> Self {
        let index = names.iter().cloned().enumerate().map(|(i, name)| (name, i)).collect();
        Self { data, names, locations, index, left_out: Vec::new() }
    }

    /// Rows of the folder's files that are no photos.
    pub(crate) fn left_out(&self) -> &[ErrorRow] {
        &self.left_out
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether they are in a pack.
    pub(crate) fn is_pack(&self) -> bool {
        matches!(self.data, DataSet::Pack(_))
    }

    /// How many images the pack holds; nothing of a folder.
    pub(crate) fn pack_len(&self) -> Option<usize> {
        match &self.data {
            DataSet::Pack(pack) => Some(pack.len()),
            DataSet::Tree(_) => None,
        }
    }

    /// Their names, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The person on the photo with this name, if the name or its folder says so.
    pub(crate) fn person_of<'n>(&self, name: &'n str) -> Option<&'n str> {
        person_in_name(name)
    }

    /// Their indices in the pack; nothing of a folder.
    pub(crate) fn pack_indices(&self) -> impl Iterator<Item = usize> {
        self.locations.iter().filter_map(|location| match location {
            Location::InPack(index) => Some(*index),
            Location::File(_) => None,
        })
    }

    /// The index of the photo with this name.
    pub(crate) fn index_of(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }

    /// The person on each photo, as a number, from the pack's identities or the names.
    ///
    /// # Errors
    /// When neither identifies the people, or the pairs contradict them.
    pub(crate) fn people(&self, pairs: Option<&Pairs>) -> Result<Vec<usize>> {
        let people = match &self.data {
            DataSet::Pack(pack) if let Some(identities) = pack.identities() => {
                let identity = |location: &Location| match location {
                    Location::InPack(i) => identities.get(*i).map(|&person| person as usize),
                    Location::File(_) => None,
                };
                let people: Option<Vec<_>> = self.locations.iter().map(identity).collect();
                people.ok_or_else(|| anyhow!("the pack has fewer identities than images"))?
            }
            _ => self.people_by_name(pairs.is_some())?,
        };
        let contradicts = |pair: &&training::dataset::Pair| {
            let of = |name| self.index_of(name).map(|i| people[i]);
            pair.same != (of(&pair.a) == of(&pair.b))
        };
        match pairs.and_then(|pairs| pairs.pairs.iter().find(contradicts)) {
            Some(pair) => bail!(
                "the names of the photos do not identify their people: {:?} and {:?} are {} \
                 by the list of pairs, but not by name",
                pair.a,
                pair.b,
                if pair.same { "one person" } else { "two people" }
            ),
            None => Ok(people),
        }
    }

    /// People by folder, or, if a list of pairs can confirm it, by `Person` of
    /// `Person_0001.jpg`.
    fn people_by_name(&self, confirmed: bool) -> Result<Vec<usize>> {
        let mut numbers = BTreeMap::new();
        let person = |name: &String| {
            let in_folder = name.contains(['/', '\\']);
            let person = person_in_name(name).filter(|_| confirmed || in_folder);
            let person = person.ok_or_else(|| {
                anyhow!(
                    "{name:?} does not identify a person: expected a folder per person, or \
                     Person_0001.jpg in a list of pairs"
                )
            })?;
            let next = numbers.len();
            Ok(*numbers.entry(person.to_owned()).or_insert(next))
        };
        self.names.iter().map(person).collect()
    }

    /// The location of the face in every photo.
    pub(crate) fn location(&self, faces: &LabeledFaces) -> FaceLocation {
        match &self.data {
            _ if !faces.aligned => FaceLocation::Detected(faces.detection()),
            DataSet::Pack(pack) => {
                pack.window().map_or(FaceLocation::WholeImage, FaceLocation::Window)
            }
            DataSet::Tree(_) => FaceLocation::WholeImage,
        }
    }

    /// The encoding of every photo.
    pub(crate) fn encodings(&self, pipeline: &FacePipeline) -> Processed<Encoding> {
        self.process(pipeline.locator(), |crops| {
            let faces = pipeline.encode_each(crops).into_iter();
            faces.map(|faces| Ok(first(faces?)?.encoding)).collect()
        })
    }

    /// The face crop of every photo, as bytes: thousands of crops in f32 take a gigabyte.
    pub(crate) fn crops(&self, locator: &FaceLocator) -> Processed<Array3<u8>> {
        self.process(locator, |crops| {
            let bytes = |pixels: Array3<f32>| pixels.mapv(|value| (255.0 * value + 0.5) as u8);
            crops.into_iter().map(|crops| Ok(bytes(first(crops?)?.pixels))).collect()
        })
    }

    fn process<T>(
        &self,
        locator: &FaceLocator,
        process: impl Fn(Vec<Result<Vec<FaceCrop>>>) -> Vec<Result<T>>,
    ) -> Processed<T> {
        let photos: Vec<_> = self.names.iter().zip(&self.locations).collect();
        let bar = progress::bar(photos.len(), "reading photos");
        let mut processed =
            Processed { results: Vec::with_capacity(photos.len()), failures: Vec::new() };
        for batch in photos.chunks(BATCH) {
            let results = process(self.find(locator, batch, &bar)).into_iter();
            for (result, (name, _)) in results.zip(batch) {
                let result = result.inspect_err(|error| {
                    bar.suspend(|| warn(format_args!("failed: {error:#}")));
                    processed.failures.push(Failure::of(name, &format!("{error:#}")));
                });
                processed.results.push(result.ok());
            }
        }
        bar.finish_and_clear();
        processed
    }

    fn find(
        &self,
        locator: &FaceLocator,
        photos: &[(&String, &Location)],
        bar: &ProgressBar,
    ) -> Vec<Result<Vec<FaceCrop>>> {
        let locate = |name: &str, location: &Location| {
            let photo = self.data.photo(name, location, locator)?;
            locator.locate(&photo).with_context(|| escaped(name))
        };
        let located = photos.par_iter().map(|(name, location)| {
            let crops = locate(name, location);
            bar.inc(1);
            crops
        });
        located.collect()
    }

    /// Reads the face crop of one photo again.
    pub(crate) fn crop(&self, index: usize, locator: &FaceLocator) -> Result<Array3<f32>> {
        let photos = [(&self.names[index], &self.locations[index])];
        let mut crops = self.find(locator, &photos, &ProgressBar::hidden());
        Ok(first(crops.remove(0)?)?.pixels)
    }
}

/// The largest face, which is used with `--face all`.
fn first<T>(faces: Vec<T>) -> Result<T> {
    faces.into_iter().next().ok_or_else(|| anyhow!("there is no face"))
}

/// The name of the data in a folder.
pub(crate) fn name_of(folder: &Path) -> String {
    let whole = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
    whole.file_name().map_or_else(|| "photos".into(), |name| name.to_string_lossy().into_owned())
}
