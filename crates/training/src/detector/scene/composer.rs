//! Which pictures a scene is made of, and where they are laid.

use std::sync::Arc;

use faces::Similarity;
use tensor::Random;

use super::super::pictures::{Picture, Pictures, SURE};
use super::canvas::{Canvas, Part};
use super::lists::Lists;
use super::placing::{
    MAX_ROLL, border, is_free, log_between, mirrored, piece, placed, roll, whole,
};
use super::{Scene, cover, light, settle};
use crate::batches::Unreadable;
use crate::random::between;

/// The smallest face that is drawn on purpose, in pixels.
const LEAST: f64 = 11.0;
/// How often a place for another face is looked for.
const TRIES: usize = 6;

/// Makes scenes. Clones make the same ones.
#[derive(Clone)]
pub(in super::super) struct Composer {
    pictures: Arc<Pictures>,
    side: usize,
    lists: Arc<Lists>,
}

/// What a scene of a given picture should show; for measuring.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) struct Request {
    /// The size of the picture's first sure face, in pixels.
    pub(in super::super) size: f64,
    /// Its roll in degrees.
    pub(in super::super) degrees: f64,
    /// Where its middle lies, as a share of the scene.
    pub(in super::super) middle: [f64; 2],
    /// Whether one side lies in shadow.
    pub(in super::super) shadow: bool,
}

impl Composer {
    /// Scenes of `side` × `side` pixels, of the pictures that are held out or of the others.
    pub(in super::super) fn new(pictures: Arc<Pictures>, side: usize, held_out: bool) -> Self {
        let lists = Lists::new(&pictures, held_out);
        Self { pictures, side, lists: Arc::new(lists) }
    }

    /// Pictures with faces, and those without.
    pub(in super::super) fn faces_and_grounds(&self) -> [&[usize]; 2] {
        [&self.lists.faces, &self.lists.grounds]
    }

    /// Pictures whose largest face is in profile.
    pub(in super::super) fn profiles(&self) -> &[usize] {
        &self.lists.profiles
    }

    /// A scene by chance.
    ///
    /// # Errors
    /// Names the picture that cannot be read.
    pub(in super::super) fn scene(&self, random: &mut Random) -> Result<Scene, Unreadable> {
        let way = random.uniform();
        let mut canvas = if way < 0.40 {
            self.portrait(random)?
        } else if way < 0.76 {
            self.collage(random)?
        } else if way < 0.86 && !self.lists.groups.is_empty() {
            self.group(random)?
        } else {
            self.empty(random)?
        };
        let ends = border(self.side, random);
        settle(&mut canvas.faces, ends);
        cover::cover(&mut canvas, random);
        light::relight(&mut canvas, random);
        canvas.end_at(ends);
        Ok(finished(canvas))
    }

    /// A scene of a picture as it is asked for, on another one or a color.
    ///
    /// # Errors
    /// Names the picture that cannot be read.
    pub(in super::super) fn requested(
        &self,
        index: usize,
        request: Request,
        random: &mut Random,
    ) -> Result<Scene, Unreadable> {
        let picture = self.read(index, random)?;
        let mut canvas = self.ground(random)?;
        let place = request.middle.map(|share| share * self.side as f64);
        if let Some(map) = placed(&picture, request.size, request.degrees, place, random) {
            canvas.lay(&picture, &map, whole(&picture));
        }
        settle(&mut canvas.faces, [self.side; 2]);
        if request.shadow {
            light::half_shadow(&mut canvas, random);
        }
        Ok(finished(canvas))
    }

    /// A scene of one picture without faces.
    ///
    /// # Errors
    /// When the picture cannot be read.
    pub(in super::super) fn requested_ground(
        &self,
        index: usize,
        random: &mut Random,
    ) -> Result<Scene, Unreadable> {
        let picture = self.read(index, random)?;
        let mut canvas = Canvas::new(self.side, [0.5; 3]);
        self.lay_ground(&mut canvas, &picture, 1.0, random);
        Ok(finished(canvas))
    }

    /// One picture with a face of any size, somewhere.
    fn portrait(&self, random: &mut Random) -> Result<Canvas, Unreadable> {
        let picture = self.read(self.lists.face(random), random)?;
        let side = self.side as f64;
        let way = random.uniform();
        let size = match way {
            way if way < 0.25 => side * between(random, 0.75, 1.35),
            way if way < 0.8 => log_between(random, 48.0, 0.9 * side),
            _ => log_between(random, 20.0, 60.0),
        };
        // A large face lies in the middle, else little of it would be seen.
        let room = if size > 0.6 * side { 0.22 } else { 0.45 };
        let middle = [(); 2].map(|()| side * (0.5 + between(random, -room, room)));
        let map = placed(&picture, size, roll(random), middle, random);
        let mut canvas = self.ground(random)?;
        if let Some(map) = map {
            let part = match random.uniform() {
                way if way < 0.2 => Part::Endless,
                _ => whole(&picture),
            };
            canvas.lay(&picture, &map, part);
        }
        Ok(canvas)
    }

    /// Many small faces.
    fn collage(&self, random: &mut Random) -> Result<Canvas, Unreadable> {
        let mut canvas = self.ground(random)?;
        let side = self.side as f64;
        let count = 1 + random.below(12);
        let typical = log_between(random, 1.2 * LEAST, 80.0);
        for _ in 0..count {
            let picture = self.read(self.lists.face(random), random)?;
            let size = (typical * between(random, -0.5, 0.5).exp()).clamp(LEAST, 0.6 * side);
            let degrees = roll(random);
            let part = piece(&picture, random);
            for _ in 0..TRIES {
                let middle = [(); 2].map(|()| side * between(random, -0.04, 1.04));
                let Some(map) = placed(&picture, size, degrees, middle, random) else { break };
                if is_free(&canvas, &part, &map) {
                    canvas.lay(&picture, &map, part);
                    break;
                }
            }
        }
        Ok(canvas)
    }

    /// A part of a picture with several faces, about as large as they are on it.
    fn group(&self, random: &mut Random) -> Result<Canvas, Unreadable> {
        let index = self.lists.groups[random.below(self.lists.groups.len())];
        let picture = self.read(index, random)?;
        let side = self.side as f64;
        let sure: Vec<_> = picture.faces.iter().filter(|face| face.score >= SURE).collect();
        let face = sure[random.below(sure.len())];
        let low = (LEAST / f64::from(face.size())).max(0.3);
        let scale = log_between(random, low, (2.5_f64).max(1.5 * low));
        let middle = [(); 2].map(|()| side * between(random, 0.15, 0.85));
        let size = scale * f64::from(face.size());
        let mut canvas = self.ground(random)?;
        let from = face.middle().map(f64::from);
        let turn = (8.0 * random.normal()).clamp(-MAX_ROLL, MAX_ROLL).to_radians();
        let map = Similarity::new(size / f64::from(face.size()), turn, from, middle);
        canvas.lay(&picture, &map, whole(&picture));
        Ok(canvas)
    }

    /// No face: pictures without any, one or more.
    fn empty(&self, random: &mut Random) -> Result<Canvas, Unreadable> {
        let mut canvas = self.ground(random)?;
        if self.lists.grounds.is_empty() || random.uniform() < 0.5 {
            return Ok(canvas);
        }
        let side = self.side as f64;
        for _ in 0..1 + random.below(5) {
            let index = self.lists.grounds[random.below(self.lists.grounds.len())];
            let picture = self.read(index, random)?;
            let (w, h) = picture.rgb.dimensions();
            let scale = side * between(random, 0.2, 0.8) / f64::from(w.max(h));
            let from = [f64::from(w) / 2.0, f64::from(h) / 2.0];
            let to = [(); 2].map(|()| side * between(random, 0.0, 1.0));
            let map = Similarity::new(scale, roll(random).to_radians(), from, to);
            canvas.lay(&picture, &map, whole(&picture));
        }
        Ok(canvas)
    }

    /// A canvas to begin with: a picture without faces, or a color.
    fn ground(&self, random: &mut Random) -> Result<Canvas, Unreadable> {
        let color = [(); 3].map(|()| random.uniform() as f32);
        let mut canvas = Canvas::new(self.side, color);
        if !self.lists.grounds.is_empty() && random.uniform() < 0.85 {
            let index = self.lists.grounds[random.below(self.lists.grounds.len())];
            let picture = self.read(index, random)?;
            let zoom = log_between(random, 1.0, 2.5);
            self.lay_ground(&mut canvas, &picture, zoom, random);
        }
        Ok(canvas)
    }

    /// Covers the canvas with a part of a picture.
    fn lay_ground(&self, canvas: &mut Canvas, picture: &Picture, zoom: f64, random: &mut Random) {
        let (w, h) = picture.rgb.dimensions();
        let [w, h] = [f64::from(w), f64::from(h)];
        let scale = zoom * self.side as f64 / w.min(h);
        let window = self.side as f64 / scale;
        let from = [w, h].map(|length| between(random, 0.0, 1.0) * (length - window).max(0.0));
        canvas.lay(picture, &Similarity::new(scale, 0.0, from, [0.0; 2]), Part::Endless);
    }

    /// A picture, mirrored or not.
    fn read(&self, index: usize, random: &mut Random) -> Result<Picture, Unreadable> {
        let is_mirrored = random.below(2) == 0;
        let picture = self.pictures.read(index).map_err(|reason| {
            let name = self.pictures.name(index);
            Unreadable { index, name, reason }
        })?;
        Ok(if is_mirrored { mirrored(&picture) } else { picture })
    }
}

/// Planes instead of pixels, rounded as an image's are.
fn finished(canvas: Canvas) -> Scene {
    let Canvas { side, pixels, faces } = canvas;
    let mut planes = Vec::with_capacity(3 * pixels.len());
    for channel in 0..3 {
        let rounded = |pixel: &[f32; 3]| {
            f32::from((255.0 * pixel[channel].clamp(0.0, 1.0) + 0.5) as u8) / 255.0
        };
        planes.extend(pixels.iter().map(rounded));
    }
    Scene { side, planes, faces }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detector::synthetic;

    fn composer() -> Composer {
        let folder = tempfile::tempdir().unwrap();
        synthetic::write_pack(folder.path(), 20, 6);
        let pictures = Pictures::open(&[folder.path().to_path_buf()]).unwrap();
        // The open file outlives its name.
        Composer::new(Arc::new(pictures), 128, false)
    }

    #[test]
    fn scenes_follow_from_the_seed_and_have_faces_of_all_sizes() {
        let composer = composer();
        let (mut sizes, mut empty) = (Vec::new(), 0);
        for seed in 0..300 {
            let scene = composer.scene(&mut Random::new(seed)).unwrap();
            if seed < 20 {
                assert_eq!(scene, composer.scene(&mut Random::new(seed)).unwrap());
            }
            assert_eq!(scene.planes.len(), 3 * 128 * 128);
            assert!(scene.planes.iter().all(|v| (0.0..=1.0).contains(v)));
            empty += usize::from(scene.faces.is_empty());
            let sure = scene.faces.iter().filter(|face| face.is_sure);
            sizes.extend(sure.map(|face| face.known.size()));
        }
        assert!((30..120).contains(&empty), "{empty} of 300 scenes are empty");
        assert!(sizes.iter().all(|&size| size >= 11.0));
        for range in [11.0..16.0, 16.0..32.0, 32.0..64.0, 64.0..110.0, 110.0..400.0] {
            let count = sizes.iter().filter(|size| range.contains(*size)).count();
            assert!(count > 12, "{count} of {} faces of {range:?} pixels", sizes.len());
        }
    }

    #[test]
    fn a_request_is_met() {
        let composer = composer();
        let [faces, grounds] = composer.faces_and_grounds();
        for (size, degrees) in [(20.0, 0.0), (64.0, 40.0), (120.0, -15.0)] {
            let request = Request { size, degrees, middle: [0.5; 2], shadow: false };
            let mut random = Random::new(9);
            let scene = composer.requested(faces[0], request, &mut random).unwrap();
            let [face] = scene.faces[..] else { panic!("one face") };
            let [x, y] = face.known.middle();
            assert!((x - 64.0).abs() < 1e-3 && (y - 64.0).abs() < 1e-3);
            let [left, right, ..] = face.known.landmarks;
            let found = (right[1] - left[1]).atan2(right[0] - left[0]).to_degrees();
            assert!((f64::from(found) - degrees).abs() < 0.1, "{found}");
        }
        let scene = composer.requested_ground(grounds[0], &mut Random::new(1)).unwrap();
        assert!(scene.faces.is_empty());
    }
}
