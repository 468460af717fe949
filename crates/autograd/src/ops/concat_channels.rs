//! Channels of images one after the other: the end of every Inception block.

use ndarray::{Axis, Ix4, Slice};
use tensor::{Element, ops};

use crate::Var;
use crate::axes::fixed;

impl<T: Element> Var<T> {
    /// The channels of `parts` one after the other, see
    /// [`ops::concat_channels`](tensor::ops::concat_channels()). Derivative: the gradient cut
    /// into the parts. Defined everywhere.
    ///
    /// # Shapes
    /// `parts[i]`: N × Cᵢ × H × W. Returns N × ΣCᵢ × H × W.
    ///
    /// # Panics
    /// If there are no parts, or they differ in N, H or W.
    #[must_use]
    pub fn concat_channels(parts: &[&Self]) -> Self {
        let values: Vec<_> =
            parts.iter().map(|part| part.expect::<Ix4>("concat_channels", "a part")).collect();
        let views: Vec<_> = values.iter().map(|value| value.view()).collect();
        let channels: Vec<usize> = views.iter().map(|view| view.dim().1).collect();
        let Some((first, view)) = parts.first().zip(views.first()) else {
            panic!("concat_channels: no parts")
        };
        let (n, _, h, w) = view.dim();
        let mut output = first.tape().take(Ix4(n, channels.iter().sum(), h, w));
        ops::concat_channels_into(&views, output.view_mut());
        let output = first.tape().share(output);
        Self::record(parts, output, move |gradient, parents| {
            let gradient = fixed::<_, Ix4>(gradient);
            let mut start = 0;
            for (index, c) in channels.into_iter().enumerate() {
                let part = gradient.slice_axis(Axis(1), Slice::from(start..start + c));
                start += c;
                if parents.wants(index) {
                    let mut target = parents.take(Ix4(n, c, h, w));
                    // A part alone is copied, on all threads.
                    ops::concat_channels_into(&[part], target.view_mut());
                    parents.add(index, target);
                }
            }
            parents.give(gradient);
        })
    }
}
