//! What is known of a person.

use std::fmt;

use facenet::gallery::PersonName;
use facenet::matching::Encoding;

/// What templates were made with: numbers of two models mean nothing to one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// The network's variant.
    pub variant: String,
    /// [`Weights::hash`](facenet::weights::Weights::hash).
    pub weights_sha256: String,
    /// How faces were cut out of the photos:
    /// [`FACE_FRAMING`](facenet::gallery::FACE_FRAMING) for those of this version.
    pub framing: String,
}

impl Model {
    /// The framing of stores that do not tell theirs.
    pub const UNKNOWN_FRAMING: &str = "unknown";
}

impl fmt::Display for Model {
    /// Short: the variant, the hash's first twelve digits and the framing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start: String = self.weights_sha256.chars().take(12).collect();
        write!(f, "{} {start} with faces framed by {}", self.variant, self.framing)
    }
}

/// One photo's encoding, as it is handed in.
#[derive(Clone, Debug, PartialEq)]
pub struct NewTemplate {
    /// The face.
    pub encoding: Encoding,
    /// The photo's file, to be kept: only if the person agreed to that, too.
    pub photo: Option<Vec<u8>>,
}

impl From<Encoding> for NewTemplate {
    fn from(encoding: Encoding) -> Self {
        Self { encoding, photo: None }
    }
}

/// What is handed in to enrol a person, or to add to one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Enrolment {
    /// Their photos.
    pub templates: Vec<NewTemplate>,
    /// How and to what the person agreed; replaces an earlier note.
    pub consent: Option<String>,
    /// When, in seconds since 1970 [default: now].
    pub at: Option<u64>,
}

/// One photo's encoding, as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// The face.
    pub encoding: Encoding,
    /// When it was added, in seconds since 1970.
    pub added: u64,
    /// The photo's file, where it is kept.
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
    /// One a photo, in the order in which they were added.
    pub templates: Vec<Template>,
}

impl Person {
    /// The encodings of the templates.
    pub fn encodings(&self) -> Vec<Encoding> {
        self.templates.iter().map(|template| template.encoding.clone()).collect()
    }
}

/// A person without their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Their name.
    pub name: PersonName,
    /// When they were enrolled, in seconds since 1970.
    pub enrolled: u64,
    /// How and to what they agreed.
    pub consent: Option<String>,
    /// How many photos there are of them.
    pub templates: usize,
    /// How many of these are kept as pictures.
    pub photos: usize,
}
