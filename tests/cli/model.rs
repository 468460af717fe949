//! `facenet model` and `facenet completions`.

use e2e::{facenet, run};

#[test]
fn the_table_ends_with_the_notebooks_parameter_count() {
    for variant in ["happyhouse", "openface"] {
        let ended = run(facenet().args(["model", "--variant", variant])).with_code(0);
        assert_eq!(ended.stdout.lines().last(), Some("Total Params: 3743280"), "{ended}");
        assert!(ended.stdout.contains(&format!("Variant: {variant}")), "{ended}");
        assert_eq!(ended.stdout.contains("LRN"), variant == "openface");
    }
}

#[test]
fn json_counts_are_consistent() {
    let model = run(facenet().args(["model", "--json"])).with_code(0).json().remove(0);
    let layers = model["layers"].as_array().unwrap();
    let sum: u64 = layers.iter().map(|layer| layer["parameters"].as_u64().unwrap()).sum();
    assert_eq!(sum, 3_743_280);
    assert_eq!(model["total"], 3_743_280);
    assert_eq!(model["trainable"], 3_733_968);
    assert_eq!(model["running_statistics"], 9_312);
    let hash = model["weights_sha256"].as_str().unwrap();
    assert!(hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{hash}");
    assert_eq!(layers.iter().filter(|layer| layer["kind"] == "Conv2D").count(), 37);
}

#[test]
fn completions_contain_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let ended = run(facenet().args(["completions", shell])).with_code(0);
        assert!(ended.stdout.contains("recognize"), "{ended}");
    }
}
