//! How large a photo may be.

/// Bounds on one photo, all checked before any pixel is allocated.
///
/// A few bytes can claim an image of terabytes, so the size of a file bounds
/// nothing; these do. The defaults take every phone's photo. A server that
/// decodes strangers' files on a small machine should lower them.
///
/// ```
/// use faces::DecodeLimits;
///
/// let small = DecodeLimits { pixels: 12_000_000, ..DecodeLimits::default() };
/// assert!(small.pixels < DecodeLimits::default().pixels);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Bytes of the file. Default: 64 MiB.
    pub file_bytes: u64,
    /// Width times height. Default: 100 million.
    pub pixels: u64,
    /// Pixels along one side. Default: 2^20.
    pub side: u32,
    /// Bytes of the decoded image in the file's own pixel format (3 a pixel
    /// for an ordinary photo, up to 16), and of what the decoder needs beside
    /// it. Turning the image upright needs up to 3 bytes a pixel more, and the
    /// halves that finding faces looks at one more.
    /// Default: 512 MiB.
    pub memory_bytes: u64,
}

impl DecodeLimits {
    /// The default limits, but for photos of up to so many million pixels, with the memory
    /// that these need.
    ///
    /// ```
    /// use faces::DecodeLimits;
    ///
    /// let large = DecodeLimits::megapixels(200);
    /// assert_eq!(large.pixels, 200_000_000);
    /// assert!(large.memory_bytes >= 3 * large.pixels);
    /// assert_eq!(DecodeLimits::megapixels(100), DecodeLimits::default());
    /// ```
    #[must_use]
    pub fn megapixels(millions: u32) -> Self {
        let (usual, pixels) = (Self::default(), 1_000_000 * u64::from(millions));
        let memory_bytes = usual.memory_bytes.max(4 * pixels);
        let file_bytes = usual.file_bytes.max(usual.file_bytes / 100 * u64::from(millions));
        Self { pixels, memory_bytes, file_bytes, ..usual }
    }
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self { file_bytes: 64 << 20, pixels: 100_000_000, side: 1 << 20, memory_bytes: 512 << 20 }
    }
}
