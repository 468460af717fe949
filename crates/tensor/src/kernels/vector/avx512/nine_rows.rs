//! [`Vector::accumulate`](super::Vector::accumulate) for nine rows, by hand.
//!
//! By three vectors, 27 sums, three weights and two values fill all 32 registers. The
//! compiler keeps something else in one of them and spills sums in the innermost loop.

use std::arch::asm;
use std::arch::x86_64::__m512;

/// A value of a row to all lanes, and its products with each vector of weights.
macro_rules! row {
    ($source:literal, $value:literal; $($sum:literal $weight:literal),*) => {
        concat!(
            "vbroadcastss ", $value, ", dword ptr [{", $source, "} + 4 * {t}]",
            $("\nvfmadd231ps ", $sum, ", ", $value, ", ", $weight),*
        )
    };
}

/// Nine rows by three vectors, three of weights a step.
///
/// # Safety
/// As [`Vector::accumulate`](super::Vector::accumulate); `length` is not zero.
#[inline]
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")]
#[rustfmt::skip]
pub(super) unsafe fn by_three(
    sums: &mut [[__m512; 3]; 9],
    sources: &[*const f32; 9],
    first: usize,
    weight: *const f32,
    length: usize,
) {
    // SAFETY: the loop reads `length` values of each source and as many steps of weights,
    // which the caller vouches for, writes nothing but registers that are named, and uses
    // no stack.
    unsafe {
        asm!(
            "2:",
            "vmovups zmm27, zmmword ptr [{weight} + 0]",
            "vmovups zmm28, zmmword ptr [{weight} + 64]",
            "vmovups zmm29, zmmword ptr [{weight} + 128]",
            row!("r0", "zmm30"; "zmm0" "zmm27", "zmm1" "zmm28", "zmm2" "zmm29"),
            row!("r1", "zmm31"; "zmm3" "zmm27", "zmm4" "zmm28", "zmm5" "zmm29"),
            row!("r2", "zmm30"; "zmm6" "zmm27", "zmm7" "zmm28", "zmm8" "zmm29"),
            row!("r3", "zmm31"; "zmm9" "zmm27", "zmm10" "zmm28", "zmm11" "zmm29"),
            row!("r4", "zmm30"; "zmm12" "zmm27", "zmm13" "zmm28", "zmm14" "zmm29"),
            row!("r5", "zmm31"; "zmm15" "zmm27", "zmm16" "zmm28", "zmm17" "zmm29"),
            row!("r6", "zmm30"; "zmm18" "zmm27", "zmm19" "zmm28", "zmm20" "zmm29"),
            row!("r7", "zmm31"; "zmm21" "zmm27", "zmm22" "zmm28", "zmm23" "zmm29"),
            row!("r8", "zmm30"; "zmm24" "zmm27", "zmm25" "zmm28", "zmm26" "zmm29"),
            "add {weight}, 192",
            "inc {t}",
            "cmp {t}, {end}",
            "jb 2b",
            r0 = in(reg) sources[0],
            r1 = in(reg) sources[1],
            r2 = in(reg) sources[2],
            r3 = in(reg) sources[3],
            r4 = in(reg) sources[4],
            r5 = in(reg) sources[5],
            r6 = in(reg) sources[6],
            r7 = in(reg) sources[7],
            r8 = in(reg) sources[8],
            weight = inout(reg) weight => _,
            t = inout(reg) first => _,
            end = in(reg) first + length,
            inout("zmm0") sums[0][0], inout("zmm1") sums[0][1], inout("zmm2") sums[0][2],
            inout("zmm3") sums[1][0], inout("zmm4") sums[1][1], inout("zmm5") sums[1][2],
            inout("zmm6") sums[2][0], inout("zmm7") sums[2][1], inout("zmm8") sums[2][2],
            inout("zmm9") sums[3][0], inout("zmm10") sums[3][1], inout("zmm11") sums[3][2],
            inout("zmm12") sums[4][0], inout("zmm13") sums[4][1], inout("zmm14") sums[4][2],
            inout("zmm15") sums[5][0], inout("zmm16") sums[5][1], inout("zmm17") sums[5][2],
            inout("zmm18") sums[6][0], inout("zmm19") sums[6][1], inout("zmm20") sums[6][2],
            inout("zmm21") sums[7][0], inout("zmm22") sums[7][1], inout("zmm23") sums[7][2],
            inout("zmm24") sums[8][0], inout("zmm25") sums[8][1], inout("zmm26") sums[8][2],
            out("zmm27") _,
            out("zmm28") _,
            out("zmm29") _,
            out("zmm30") _,
            out("zmm31") _,
            options(nostack, readonly),
        );
    }
}

/// Nine rows by two vectors, two of weights a step.
///
/// # Safety
/// As [`Vector::accumulate`](super::Vector::accumulate); `length` is not zero.
#[inline]
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")]
#[rustfmt::skip]
pub(super) unsafe fn by_two(
    sums: &mut [[__m512; 2]; 9],
    sources: &[*const f32; 9],
    first: usize,
    weight: *const f32,
    length: usize,
) {
    // SAFETY: the loop reads `length` values of each source and as many steps of weights,
    // which the caller vouches for, writes nothing but registers that are named, and uses
    // no stack.
    unsafe {
        asm!(
            "2:",
            "vmovups zmm27, zmmword ptr [{weight} + 0]",
            "vmovups zmm28, zmmword ptr [{weight} + 64]",
            row!("r0", "zmm30"; "zmm0" "zmm27", "zmm1" "zmm28"),
            row!("r1", "zmm31"; "zmm2" "zmm27", "zmm3" "zmm28"),
            row!("r2", "zmm30"; "zmm4" "zmm27", "zmm5" "zmm28"),
            row!("r3", "zmm31"; "zmm6" "zmm27", "zmm7" "zmm28"),
            row!("r4", "zmm30"; "zmm8" "zmm27", "zmm9" "zmm28"),
            row!("r5", "zmm31"; "zmm10" "zmm27", "zmm11" "zmm28"),
            row!("r6", "zmm30"; "zmm12" "zmm27", "zmm13" "zmm28"),
            row!("r7", "zmm31"; "zmm14" "zmm27", "zmm15" "zmm28"),
            row!("r8", "zmm30"; "zmm16" "zmm27", "zmm17" "zmm28"),
            "add {weight}, 128",
            "inc {t}",
            "cmp {t}, {end}",
            "jb 2b",
            r0 = in(reg) sources[0],
            r1 = in(reg) sources[1],
            r2 = in(reg) sources[2],
            r3 = in(reg) sources[3],
            r4 = in(reg) sources[4],
            r5 = in(reg) sources[5],
            r6 = in(reg) sources[6],
            r7 = in(reg) sources[7],
            r8 = in(reg) sources[8],
            weight = inout(reg) weight => _,
            t = inout(reg) first => _,
            end = in(reg) first + length,
            inout("zmm0") sums[0][0], inout("zmm1") sums[0][1],
            inout("zmm2") sums[1][0], inout("zmm3") sums[1][1],
            inout("zmm4") sums[2][0], inout("zmm5") sums[2][1],
            inout("zmm6") sums[3][0], inout("zmm7") sums[3][1],
            inout("zmm8") sums[4][0], inout("zmm9") sums[4][1],
            inout("zmm10") sums[5][0], inout("zmm11") sums[5][1],
            inout("zmm12") sums[6][0], inout("zmm13") sums[6][1],
            inout("zmm14") sums[7][0], inout("zmm15") sums[7][1],
            inout("zmm16") sums[8][0], inout("zmm17") sums[8][1],
            out("zmm27") _,
            out("zmm28") _,
            out("zmm30") _,
            out("zmm31") _,
            options(nostack, readonly),
        );
    }
}
