//! Packing of three planes whose rows are contiguous, as most callers have their images: a
//! pixel is written at once.
#![allow(unsafe_code)]

/// Copies a row of three planes into pixels of three values.
///
/// # Safety
/// Each source has `width` values that can be read, the target 3 `width` that can be written
/// and that nobody else accesses.
#[inline(always)]
pub(super) unsafe fn interleave(sources: [*const f32; 3], target: *mut f32, width: usize) {
    // SAFETY: guaranteed by the caller; an array has the alignment of its elements.
    let (sources, target) = unsafe {
        (
            sources.map(|source| std::slice::from_raw_parts(source, width)),
            std::slice::from_raw_parts_mut(target.cast::<[f32; 3]>(), width),
        )
    };
    let [red, green, blue] = sources;
    for (((pixel, red), green), blue) in target.iter_mut().zip(red).zip(green).zip(blue) {
        *pixel = [*red, *green, *blue];
    }
}
