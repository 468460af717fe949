//! [`Vector::accumulate`](super::Vector::accumulate) for nine rows, in assembly.
//!
//! With three vectors, 27 sums, three weights and two values fill all 32 registers. The
//! compiler uses one of them for something else and spills sums in the innermost loop.

use std::arch::asm;
use std::arch::x86_64::__m512;

/// Defines a function for nine rows by some vectors; a step reads as many weights.
macro_rules! nine_rows {
    (
        $(#[$doc:meta])* $name:ident, $features:literal, $product:literal,
        $vectors:literal vectors of $bytes:literal bytes: $($weight:tt $offset:literal),*;
        $($row:literal $source:literal $value:literal: $($j:literal: $sum:tt $factor:literal),*;)*
    ) => {
        $(#[$doc])*
        ///
        /// # Safety
        /// As [`Vector::accumulate`](super::Vector::accumulate), of arrays that begin at
        /// `sums` and `sources`; `length` is not zero.
        #[inline]
        #[target_feature(enable = $features)]
        pub(super) unsafe fn $name(
            sums: *mut __m512,
            sources: *const *const f32,
            first: usize,
            weight: *const f32,
            length: usize,
        ) {
            // SAFETY: the caller guarantees the arrays. The loop reads `length` words of each
            // source and as many steps of weights, which the caller guarantees, writes nothing
            // but registers that are named, and uses no stack.
            unsafe {
                let sums = &mut *sums.cast::<[[__m512; $vectors]; 9]>();
                let sources = &*sources.cast::<[*const f32; 9]>();
                asm!(
                    "2:",
                    $(concat!("vmovups ", $weight, ", zmmword ptr [{weight} + ", $offset, "]"),)*
                    $(
                        concat!("vbroadcastss ", $value, ", dword ptr [{", $source, "} + 4 * {t}]"),
                        $(concat!($product, " ", $sum, ", ", $value, ", ", $factor),)*
                    )*
                    concat!("add {weight}, ", $bytes),
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
                    $($(inout($sum) sums[$row][$j],)*)*
                    $(out($weight) _,)*
                    out("zmm30") _,
                    out("zmm31") _,
                    options(nostack, readonly),
                );
            }
        }
    };
}

/// Defines the functions for three vectors and for two with one product instruction.
macro_rules! by_three_and_two {
    ($three:ident, $two:ident, $features:literal, $product:literal) => {
        nine_rows! {
            /// Nine rows by three vectors.
            $three, $features, $product, 3 vectors of "192" bytes: "zmm27" "0", "zmm28" "64", "zmm29" "128";
                0 "r0" "zmm30": 0: "zmm0" "zmm27", 1: "zmm1" "zmm28", 2: "zmm2" "zmm29";
                1 "r1" "zmm31": 0: "zmm3" "zmm27", 1: "zmm4" "zmm28", 2: "zmm5" "zmm29";
                2 "r2" "zmm30": 0: "zmm6" "zmm27", 1: "zmm7" "zmm28", 2: "zmm8" "zmm29";
                3 "r3" "zmm31": 0: "zmm9" "zmm27", 1: "zmm10" "zmm28", 2: "zmm11" "zmm29";
                4 "r4" "zmm30": 0: "zmm12" "zmm27", 1: "zmm13" "zmm28", 2: "zmm14" "zmm29";
                5 "r5" "zmm31": 0: "zmm15" "zmm27", 1: "zmm16" "zmm28", 2: "zmm17" "zmm29";
                6 "r6" "zmm30": 0: "zmm18" "zmm27", 1: "zmm19" "zmm28", 2: "zmm20" "zmm29";
                7 "r7" "zmm31": 0: "zmm21" "zmm27", 1: "zmm22" "zmm28", 2: "zmm23" "zmm29";
                8 "r8" "zmm30": 0: "zmm24" "zmm27", 1: "zmm25" "zmm28", 2: "zmm26" "zmm29";
        }
        nine_rows! {
            /// Nine rows by two vectors.
            $two, $features, $product, 2 vectors of "128" bytes: "zmm27" "0", "zmm28" "64";
                0 "r0" "zmm30": 0: "zmm0" "zmm27", 1: "zmm1" "zmm28";
                1 "r1" "zmm31": 0: "zmm2" "zmm27", 1: "zmm3" "zmm28";
                2 "r2" "zmm30": 0: "zmm4" "zmm27", 1: "zmm5" "zmm28";
                3 "r3" "zmm31": 0: "zmm6" "zmm27", 1: "zmm7" "zmm28";
                4 "r4" "zmm30": 0: "zmm8" "zmm27", 1: "zmm9" "zmm28";
                5 "r5" "zmm31": 0: "zmm10" "zmm27", 1: "zmm11" "zmm28";
                6 "r6" "zmm30": 0: "zmm12" "zmm27", 1: "zmm13" "zmm28";
                7 "r7" "zmm31": 0: "zmm14" "zmm27", 1: "zmm15" "zmm28";
                8 "r8" "zmm30": 0: "zmm16" "zmm27", 1: "zmm17" "zmm28";
        }
    };
}

by_three_and_two!(by_three, by_two, "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma", "vfmadd231ps");
by_three_and_two!(
    by_three_bf16,
    by_two_bf16,
    "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma,avx512bf16",
    "vdpbf16ps"
);
