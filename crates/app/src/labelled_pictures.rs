//! Pictures of known people, in a pack or in folders: what `evaluate` and
//! `calibrate` measure on.
//!
//! Every picture is read once. One in which no face is found is a failure: it is
//! told and counted, never left out in silence.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use facenet::matching::Encoding;
use faces::{BATCH, FaceCrop, FaceLocation, FaceLocator, FacePipeline, Photo};
use indicatif::ProgressBar;
use ndarray::Array3;
use rayon::prelude::*;
use training::dataset::{Pack, Pairs, PhotoTree, person_in_name};

use crate::arguments::LabelledFaces;
use crate::output::{escaped, warn};
use crate::progress;

/// Where the pictures are.
enum Source {
    Pack(Box<Pack>),
    Tree(PhotoTree),
}

/// One picture's place there.
enum Place {
    InPack(usize),
    File(PathBuf),
}

/// Some pictures of a pack or a folder tree, by name.
pub(crate) struct LabelledPictures {
    source: Source,
    names: Vec<String>,
    places: Vec<Place>,
    index: HashMap<String, usize>,
}

/// What every picture became; nothing where there is no usable face.
pub(crate) struct Described<T> {
    /// In the order of the pictures.
    pub(crate) descriptions: Vec<Option<T>>,
    /// The pictures without.
    pub(crate) failures: Vec<Failure>,
}

/// A picture in which no face could be used.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Failure {
    /// The picture's name.
    pub(crate) picture: String,
    /// Why.
    pub(crate) reason: String,
}

impl Failure {
    /// The error names the picture first, which would be said twice.
    fn of(name: &str, error: &str) -> Self {
        let named = [format!("{}: ", escaped(name)), format!("{name:?}: ")];
        let reason = named.iter().find_map(|named| error.strip_prefix(named)).unwrap_or(error);
        Self { picture: name.to_owned(), reason: reason.to_owned() }
    }
}

impl LabelledPictures {
    /// The pictures that pairs name, in the order of their names.
    pub(crate) fn of_pairs(folder: &Path, pairs: &Pairs) -> Result<Self> {
        let source = Source::open(folder)?;
        let names: BTreeSet<&str> = pairs.pairs.iter().flat_map(|p| [&*p.a, &*p.b]).collect();
        let places = names.iter().map(|name| source.place(name)).collect::<Result<Vec<_>>>()?;
        Ok(Self::new(source, names.into_iter().map(String::from).collect(), places))
    }

    /// Every picture of the folder.
    pub(crate) fn all(folder: &Path) -> Result<Self> {
        let source = Source::open(folder)?;
        let (names, places) = match &source {
            Source::Pack(pack) => (0..pack.len())
                .map(|i| {
                    let name = pack.name(i).map_or_else(|| format!("picture {i}"), String::from);
                    (name, Place::InPack(i))
                })
                .unzip(),
            Source::Tree(tree) => tree
                .photos()?
                .into_iter()
                .map(|photo| {
                    let name = photo.path.strip_prefix(folder).unwrap_or(&photo.path);
                    (name.display().to_string(), Place::File(photo.path.clone()))
                })
                .unzip(),
        };
        Ok(Self::new(source, names, places))
    }

    fn new(source: Source, names: Vec<String>, places: Vec<Place>) -> Self {
        let index = names.iter().cloned().enumerate().map(|(i, name)| (name, i)).collect();
        Self { source, names, places, index }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// The picture called so.
    pub(crate) fn index_of(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }

    /// Who is on each picture, by number: as the pack says, or the names.
    ///
    /// # Errors
    /// When neither says it, or the pairs say otherwise.
    pub(crate) fn people(&self, pairs: Option<&Pairs>) -> Result<Vec<usize>> {
        let people = match &self.source {
            Source::Pack(pack) if let Some(identities) = pack.identities() => {
                let identity = |place: &Place| match place {
                    Place::InPack(i) => identities.get(*i).map(|&person| person as usize),
                    Place::File(_) => None,
                };
                let people: Option<Vec<_>> = self.places.iter().map(identity).collect();
                people
                    .ok_or_else(|| anyhow!("the pack's identities are fewer than its pictures"))?
            }
            _ => self.people_by_name(pairs.is_some())?,
        };
        let contradicts = |pair: &&training::dataset::Pair| {
            let of = |name| self.index_of(name).map(|i| people[i]);
            pair.same != (of(&pair.a) == of(&pair.b))
        };
        match pairs.and_then(|pairs| pairs.pairs.iter().find(contradicts)) {
            Some(pair) => bail!(
                "who is on the pictures cannot be told from their names: {:?} and {:?} are {} \
                 by the list of pairs, but not by name",
                pair.a,
                pair.b,
                if pair.same { "one person" } else { "two people" }
            ),
            None => Ok(people),
        }
    }

    /// By folder, or, where pairs can confirm it, by `Person` of `Person_0001.jpg`.
    fn people_by_name(&self, confirmed: bool) -> Result<Vec<usize>> {
        let mut numbers = BTreeMap::new();
        let person = |name: &String| {
            let in_folder = name.contains(['/', '\\']);
            let person = person_in_name(name).filter(|_| confirmed || in_folder);
            let person = person.ok_or_else(|| {
                anyhow!("who is on {name:?}? Expected a folder a person, or Person_0001.jpg in a list of pairs")
            })?;
            let next = numbers.len();
            Ok(*numbers.entry(person.to_owned()).or_insert(next))
        };
        self.names.iter().map(person).collect()
    }

    /// The part of every picture that is the face crop, if it is known.
    pub(crate) fn location(&self, faces: &LabelledFaces) -> FaceLocation {
        match &self.source {
            _ if !faces.aligned => FaceLocation::Detected(faces.detection()),
            Source::Pack(pack) => {
                pack.window().map_or(FaceLocation::WholePicture, FaceLocation::Window)
            }
            Source::Tree(_) => FaceLocation::WholePicture,
        }
    }

    /// Every picture's encoding.
    pub(crate) fn encodings(&self, pipeline: &FacePipeline) -> Described<Encoding> {
        self.describe(pipeline.locator(), |crops| {
            let faces = pipeline.encode_each(crops).into_iter();
            faces.map(|faces| Ok(first(faces?)?.encoding)).collect()
        })
    }

    /// Every picture's face crop, in bytes: of thousands, numbers would take a gigabyte.
    pub(crate) fn crops(&self, locator: &FaceLocator) -> Described<Array3<u8>> {
        self.describe(locator, |crops| {
            let bytes = |pixels: Array3<f32>| pixels.mapv(|value| (255.0 * value + 0.5) as u8);
            crops.into_iter().map(|crops| Ok(bytes(first(crops?)?.pixels))).collect()
        })
    }

    fn describe<T>(
        &self,
        locator: &FaceLocator,
        describe: impl Fn(Vec<Result<Vec<FaceCrop>>>) -> Vec<Result<T>>,
    ) -> Described<T> {
        let sources: Vec<_> = self.names.iter().zip(&self.places).collect();
        let bar = progress::bar(sources.len(), "reading pictures");
        let mut described =
            Described { descriptions: Vec::with_capacity(sources.len()), failures: Vec::new() };
        for batch in sources.chunks(BATCH) {
            let results = describe(self.find(locator, batch, &bar)).into_iter();
            for (result, (name, _)) in results.zip(batch) {
                let description = result.inspect_err(|error| {
                    bar.suspend(|| warn(format_args!("a failure: {error:#}")));
                    described.failures.push(Failure::of(name, &format!("{error:#}")));
                });
                described.descriptions.push(description.ok());
            }
        }
        bar.finish_and_clear();
        described
    }

    fn find(
        &self,
        locator: &FaceLocator,
        sources: &[(&String, &Place)],
        bar: &ProgressBar,
    ) -> Vec<Result<Vec<FaceCrop>>> {
        let locate = |name: &str, place: &Place| {
            let photo = self.source.photo(name, place, locator)?;
            locator.locate(&photo).with_context(|| escaped(name))
        };
        let located = sources.par_iter().map(|(name, place)| {
            let crops = locate(name, place);
            bar.inc(1);
            crops
        });
        located.collect()
    }

    /// The face crop of one picture, again.
    pub(crate) fn crop(&self, index: usize, locator: &FaceLocator) -> Result<Array3<f32>> {
        let sources = [(&self.names[index], &self.places[index])];
        let mut crops = self.find(locator, &sources, &ProgressBar::hidden());
        Ok(first(crops.remove(0)?)?.pixels)
    }
}

impl Source {
    fn open(folder: &Path) -> Result<Self> {
        Ok(if folder.join("pack.json").exists() {
            Self::Pack(Box::new(Pack::open(folder)?))
        } else {
            Self::Tree(PhotoTree::open(folder)?)
        })
    }

    fn place(&self, name: &str) -> Result<Place> {
        match self {
            Self::Tree(tree) => Ok(Place::File(tree.resolve(name)?)),
            Self::Pack(pack) => pack.index_of(name).map(Place::InPack).ok_or_else(|| {
                anyhow!(
                    "the pack {} has no picture {name:?}; if it holds the first folds only, \
                     pass --folds N",
                    pack.folder().display()
                )
            }),
        }
    }

    fn photo(&self, name: &str, place: &Place, locator: &FaceLocator) -> Result<Photo> {
        Ok(match (self, place) {
            (Self::Pack(pack), Place::InPack(index)) => {
                locator.decode(&pack.image(*index)?, name)?
            }
            (_, Place::File(path)) => locator.open(path)?,
            (Self::Tree(_), Place::InPack(_)) => bail!("{name} is in no pack"),
        })
    }
}

/// With `--face all` the largest face counts.
fn first<T>(faces: Vec<T>) -> Result<T> {
    faces.into_iter().next().ok_or_else(|| anyhow!("there is no face"))
}

/// What to call a folder's pictures.
pub(crate) fn name_of(folder: &Path) -> String {
    let whole = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
    whole.file_name().map_or_else(|| "pictures".into(), |name| name.to_string_lossy().into_owned())
}
