//! Words: none of the private language of earlier versions, and no British spelling.

use std::fs;
use std::path::{Path, PathBuf};

use crate::collect;

/// Private words of earlier versions that say nothing to a new reader.
const BANNED: [&str; 14] = [
    concat!("Ho", "use"),
    concat!("Si", "ght"),
    concat!("Kee", "per"),
    concat!("kee", "per"),
    concat!("She", "lf"),
    concat!("she", "lf"),
    concat!("Kit", "chen"),
    concat!("kit", "chen"),
    concat!("to", "ld"),
    concat!("an", "ew"),
    concat!("nobo", "dys"),
    concat!("Pla", "ce"),
    concat!("Te", "am"),
    concat!("le", "an"),
];

/// Names that hold a banned word.
const NAMES: [&str; 2] = [concat!("Happy Ho", "use"), concat!("White Ho", "use")];

/// Parts of British spellings, in small letters; identifiers and texts are American.
const BRITISH: [&str; 7] = [
    concat!("col", "our"),
    concat!("normal", "is"),
    concat!("optim", "is"),
    concat!("neigh", "bour"),
    concat!("behav", "iour"),
    concat!("recogn", "is"),
    concat!("gr", "ey"),
];

/// Old names that are still read, and the changelog's lines about them: file, part of the line.
const OLD_NAMES: [(&str, &str); 5] = [
    ("CHANGELOG.md", concat!("`train --optim", "iser` is")),
    ("CHANGELOG.md", concat!("`Optim", "iser` is `Optimizer`")),
    ("crates/app/src/arguments/train.rs", concat!("alias = \"optim", "iser\"")),
    ("crates/training/src/augmentation/options.rs", concat!("alias = \"col", "our\"")),
    ("crates/training/src/augmentation/options.rs", concat!("alias = \"gr", "ey\"")),
];

/// Endings of the files that are searched; of each there is one at least.
const ENDINGS: [&str; 10] = ["rs", "js", "html", "css", "json", "md", "py", "toml", "sql", "txt"];

/// Every text of the repository, relative to its root.
fn texts() -> Vec<(PathBuf, String)> {
    let root = e2e::root();
    let mut files = Vec::new();
    for folder in ["crates", "weights", "assets", "xtask", "tests", "fuzz", "docs"] {
        collect(&root.join(folder), &ENDINGS, &mut files);
    }
    let in_root = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    files.extend(in_root.filter(|path| path.extension().is_some_and(|ending| ending == "md")));
    let text = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        (path.strip_prefix(root).unwrap().to_path_buf(), text)
    };
    files.into_iter().map(text).collect()
}

/// Fails with all lines for which `fault` returns a word.
fn expect_no_line(fault: impl Fn(&Path, &str) -> Option<String>) {
    let texts = texts();
    for ending in ENDINGS {
        let is_there = texts.iter().any(|(path, _)| path.extension().is_some_and(|e| e == ending));
        assert!(is_there, "no file ends in {ending}");
    }
    let lines = texts.iter().flat_map(|(path, text)| {
        text.lines().enumerate().map(move |(number, line)| (path, number + 1, line))
    });
    let faults: Vec<_> = lines
        .filter_map(|(path, number, line)| {
            Some(format!("{}:{number} says {:?}", path.display(), fault(path, line)?))
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The first banned word of a line, as a whole word in exactly this case.
fn banned_word(line: &str) -> Option<&'static str> {
    let line = NAMES.iter().fold(line.to_owned(), |line, name| line.replace(name, " "));
    let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.find_map(|word| BANNED.into_iter().find(|banned| *banned == word))
}

/// The first British spelling of a line, as a part of a word in any case.
fn british_spelling(line: &str) -> Option<&'static str> {
    let line = line.to_lowercase();
    BRITISH.into_iter().find(|part| line.contains(part))
}

#[test]
fn no_file_uses_a_banned_word() {
    expect_no_line(|_, line| banned_word(line).map(str::to_owned));
}

#[test]
fn spelling_is_american() {
    expect_no_line(|path, line| {
        let is_old = |(file, part): &(&str, &str)| path == Path::new(file) && line.contains(part);
        let is_old = OLD_NAMES.iter().any(is_old);
        british_spelling(line).filter(|_| !is_old).map(str::to_owned)
    });
    for (file, part) in OLD_NAMES {
        let text = fs::read_to_string(e2e::root().join(file)).unwrap();
        assert!(text.contains(part), "{file} does not say {part:?}: remove it from the list");
    }
}

#[test]
fn banned_words_are_whole_words_and_names_are_allowed() {
    for word in BANNED {
        assert_eq!(banned_word(&format!("the {word}.")), Some(word));
        assert_eq!(banned_word(&format!("a_{word} {word}s")), None);
    }
    let name = concat!("Happy Ho", "use FaceNet, HappyHo", "use, the White Ho", "use");
    assert_eq!(banned_word(name), None);
}

#[test]
fn british_spellings_are_found_inside_of_names() {
    for part in BRITISH {
        assert_eq!(british_spelling(&format!("let is_{}ed = 1;", part.to_uppercase())), Some(part));
    }
    assert_eq!(british_spelling("color, normalize, Optimizer, neighbor, gray"), None);
}
