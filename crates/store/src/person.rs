//! Stored records of a person, and the input of an enrollment.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use facenet::gallery::PersonName;
use facenet::matching::Encoding;

/// The model that made the templates: encodings of two models cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// The network's variant.
    pub variant: String,
    /// [`Weights::hash`](facenet::weights::Weights::hash).
    pub weights_sha256: String,
    /// How faces were cut out of the photos, as stores and exports record it:
    /// [`CROP_VERSION`](facenet::gallery::CROP_VERSION) is this version's.
    pub crop_version: String,
}

impl Model {
    /// The crop version of stores that do not record theirs.
    pub const UNKNOWN_CROP_VERSION: &str = "unknown";

    /// No particular model, for requests to an existing store that compare no encodings.
    /// A new store cannot be of this model.
    pub fn unspecified() -> Self {
        let crop_version = Self::UNKNOWN_CROP_VERSION.to_owned();
        Self { variant: String::new(), weights_sha256: "0".repeat(64), crop_version }
    }
}

impl fmt::Display for Model {
    /// In short: the variant, the first twelve digits of the hash, and the version of the crops.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start: String = self.weights_sha256.chars().take(12).collect();
        write!(f, "{} {start} with face crops {}", self.variant, self.crop_version)
    }
}

/// The encoding of a photo that is handed in.
#[derive(Clone, Debug, PartialEq)]
pub struct NewTemplate {
    /// The encoding.
    pub encoding: Encoding,
    /// The photo's file, if it is to be kept: only if the person agreed to that, too.
    pub photo: Option<Vec<u8>>,
}

impl From<Encoding> for NewTemplate {
    fn from(encoding: Encoding) -> Self {
        Self { encoding, photo: None }
    }
}

/// Input of an enrollment: a new person, or templates for one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Enrollment {
    /// One for each photo.
    pub templates: Vec<NewTemplate>,
    /// How and to what the person agreed. Replaces an earlier note; an empty one removes it.
    pub consent: Option<String>,
    /// The time in seconds since 1970 [default: now].
    pub at: Option<u64>,
}

impl Enrollment {
    /// The time in seconds since 1970: the one that is given, or now.
    pub fn time(&self) -> u64 {
        // A clock that shows a time before 1970 is wrong; 0 says so.
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        self.at.unwrap_or_else(now)
    }
}

/// The encoding of a photo, as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// The encoding.
    pub encoding: Encoding,
    /// When it was added, in seconds since 1970.
    pub added: u64,
    /// The photo's file, if it is kept.
    pub photo: Option<Vec<u8>>,
}

/// A person with everything that is kept of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// Their name.
    pub name: PersonName,
    /// When they were enrolled, in seconds since 1970.
    pub enrolled: u64,
    /// How and to what they agreed.
    pub consent: Option<String>,
    /// One for each photo, in the order in which they were added.
    pub templates: Vec<Template>,
}

impl Person {
    /// The encodings of the templates.
    pub fn encodings(&self) -> Vec<Encoding> {
        self.templates.iter().map(|template| template.encoding.clone()).collect()
    }
}

/// A person without encodings and photos.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonSummary {
    /// Their name.
    pub name: PersonName,
    /// When they were enrolled, in seconds since 1970.
    pub enrolled: u64,
    /// How and to what they agreed.
    pub consent: Option<String>,
    /// How many templates they have.
    pub templates: usize,
    /// For how many of these the photo's file is kept.
    pub photos: usize,
}

impl From<&Person> for PersonSummary {
    fn from(person: &Person) -> Self {
        Self {
            name: person.name.clone(),
            enrolled: person.enrolled,
            consent: person.consent.clone(),
            templates: person.templates.len(),
            photos: person.templates.iter().filter(|t| t.photo.is_some()).count(),
        }
    }
}
