//! Every operator's value against a reference and its derivatives against central
//! differences, on contiguous arrays and others: a file each, named as in `src/ops`,
//! one binary for all.
//!
//! `every_operator_has_a_file` holds that none is missing.

mod abs;
mod add;
mod average_pool2d;
mod batch_norm;
mod block;
mod concat;
mod concat_channels;
mod conv2d;
mod dense;
mod div;
mod exp;
mod fixed;
mod l2_normalize;
mod l2_pool2d;
mod ln;
mod local_response_norm;
mod machinery;
mod matmul;
mod max_pool2d;
mod maximum;
mod mean;
mod mul;
mod neg;
mod pad2d;
mod powf;
mod relu;
mod reshape;
mod select_rows;
mod slice_axis;
mod softmax;
mod softmax_cross_entropy;
mod sqrt;
mod square;
mod sub;
mod sum;
mod transpose;

use std::fs;
use std::path::Path;

#[test]
fn every_operator_has_a_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let operators = fs::read_dir(root.join("src/ops")).expect("src/ops is there");
    let this = include_str!("main.rs");
    let mut count = 0;
    for operator in operators {
        let name = operator.expect("readable").file_name().into_string().expect("UTF-8");
        let Some(module) = name.strip_suffix(".rs") else { continue };
        assert!(root.join("tests/gradcheck").join(&name).exists(), "{name} has no gradient test");
        assert!(this.contains(&format!("\nmod {module};\n")), "{name} is no module of main.rs");
        count += 1;
    }
    assert!(count > 30, "only {count} operators in src/ops");
}
