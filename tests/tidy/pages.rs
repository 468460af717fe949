//! Pages and examples: links lead somewhere, and what is promised exists.

use std::fs;

/// The examples that each crate's users are promised; cargo compiles them with the tests.
const EXAMPLES: [(&str, &[&str]); 3] = [
    ("autograd", &["two_moons", "shapes", "gradcheck"]),
    ("faces", &["verify", "identify", "detect"]),
    ("training", &["train_step"]),
];

#[test]
fn promised_examples_exist() {
    for (package, examples) in EXAMPLES {
        for example in examples {
            let path = format!("crates/{package}/examples/{example}.rs");
            let text = fs::read_to_string(e2e::root().join(&path));
            let text = text.unwrap_or_else(|error| panic!("{path}: {error}"));
            assert!(text.contains("\nfn main()"), "{path} is not a program");
        }
    }
}

/// What the links and images of a page lead to, outside of blocks of code.
fn links(page: &str) -> Vec<&str> {
    let prose = || page.split("```").step_by(2);
    let up_to = |text: &str, end: char| text.find(end).unwrap_or(text.len());
    let in_markdown = prose().flat_map(|text| text.split("](").skip(1));
    let in_markdown = in_markdown.map(|rest| &rest[..up_to(rest, ')')]);
    let in_html = prose().flat_map(|text| text.split("src=\"").skip(1));
    in_markdown.chain(in_html.map(|rest| &rest[..up_to(rest, '"')])).collect()
}

#[test]
fn all_links_of_a_page_are_found() {
    let page = "[a](a.md) and [b\n](../b.md#part) ![c](c.svg)\n```rust\nx[0](1)\n```\n\
                <img src=\"d.jpg\"> [e](https://example.org)";
    assert_eq!(links(page), ["a.md", "../b.md#part", "c.svg", "https://example.org", "d.jpg"]);
}

#[test]
fn every_link_leads_to_a_file() {
    let mut pages: Vec<_> =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "weights/README.md"]
            .map(|page| e2e::root().join(page))
            .into();
    let docs = fs::read_dir(e2e::root().join("docs")).unwrap();
    let docs = docs.map(|entry| entry.unwrap().path());
    pages.extend(docs.filter(|path| path.extension().is_some_and(|ending| ending == "md")));
    let mut faults = Vec::new();
    let mut count = 0;
    for page in &pages {
        let text = fs::read_to_string(page).unwrap();
        for link in links(&text).into_iter().filter(|link| !link.contains("://")) {
            // Before the # stands the file, and nothing if it is the page itself.
            let file = link.split('#').next().unwrap();
            count += 1;
            if !page.parent().unwrap().join(file).exists() {
                faults.push(format!("{}: {link} leads nowhere", page.display()));
            }
        }
    }
    assert!(count > 20, "only {count} links were found");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Lines that a newcomer reads before the first command of their own.
const MOST_README_LINES: usize = 125;

#[test]
fn the_readme_is_short() {
    let lines = fs::read_to_string(e2e::root().join("README.md")).unwrap().lines().count();
    assert!(lines <= MOST_README_LINES, "{lines} lines: move what can wait to docs");
}
