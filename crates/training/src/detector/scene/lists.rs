//! Which pictures there are to choose from.

use tensor::Random;

use super::super::pictures::{PERHAPS, Pictures, SURE};

/// Numbers of the pictures that there are to choose from.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// With a face or more.
    pub(super) faces: Vec<usize>,
    /// With a face that looks to the side, and with one in profile.
    pub(super) turned: Vec<usize>,
    pub(super) profiles: Vec<usize>,
    /// With two faces or more.
    pub(super) groups: Vec<usize>,
    /// Without any.
    pub(super) grounds: Vec<usize>,
}

impl Lists {
    /// Those of the pictures that are held out, or of the others.
    pub(super) fn new(pictures: &Pictures, held_out: bool) -> Self {
        let mut lists = Lists::default();
        for index in (0..pictures.len()).filter(|&i| pictures.is_held_out(i) == held_out) {
            let faces = pictures.faces(index);
            let sure: Vec<_> = faces.iter().filter(|face| face.score >= SURE).collect();
            if faces.iter().all(|face| face.score < PERHAPS) {
                lists.grounds.push(index);
            }
            let Some(largest) = sure.iter().max_by(|a, b| a.size().total_cmp(&b.size())) else {
                continue;
            };
            lists.faces.push(index);
            if !(0.12..0.88).contains(&largest.nose()) {
                lists.turned.push(index);
            }
            if largest.is_profile() {
                lists.profiles.push(index);
            }
            if sure.len() > 1 {
                lists.groups.push(index);
            }
        }
        lists
    }

    /// A picture with a face; those that look to the side come more often than there are of
    /// them.
    pub(super) fn face(&self, random: &mut Random) -> usize {
        let Self { faces, turned, profiles, .. } = self;
        let way = random.uniform();
        let list = if way < 0.12 && !profiles.is_empty() {
            profiles
        } else if way < 0.3 && !turned.is_empty() {
            turned
        } else {
            faces
        };
        list[random.below(list.len())]
    }
}
