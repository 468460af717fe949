//! Zero padding of the two spatial axes, possibly uneven.

/// Rows and columns of zeros on each side of an image.
///
/// # Examples
///
/// ```
/// use tensor::Padding2d;
///
/// assert_eq!(Padding2d::same(1).padded([24, 24]), Some([26, 26]));
/// let uneven = Padding2d { bottom: 1, right: 1, ..Padding2d::default() };
/// assert_eq!(uneven.padded([5, 5]), Some([6, 6]));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Padding2d {
    /// Rows above the image.
    pub top: usize,
    /// Rows below the image.
    pub bottom: usize,
    /// Columns to the left of the image.
    pub left: usize,
    /// Columns to the right of the image.
    pub right: usize,
}

impl Padding2d {
    /// The same number of rows or columns on all four sides.
    pub const fn same(size: usize) -> Self {
        Self { top: size, bottom: size, left: size, right: size }
    }

    /// Whether nothing is added on any side.
    pub const fn is_none(self) -> bool {
        self.top == 0 && self.bottom == 0 && self.left == 0 && self.right == 0
    }

    /// Height and width of an `[h, w]` image once padded; `None` on overflow.
    pub fn padded(self, [h, w]: [usize; 2]) -> Option<[usize; 2]> {
        Some([
            h.checked_add(self.top)?.checked_add(self.bottom)?,
            w.checked_add(self.left)?.checked_add(self.right)?,
        ])
    }
}
