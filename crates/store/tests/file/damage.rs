//! Files with a flipped bit, and truncated files.

use std::fs;

use store::Access;

use crate::temporary::{filled, fresh, open};

/// Flips a bit of every `step`-th byte, truncates the file there, and expects the same
/// people or an error each time, but no panic. Returns how often which.
fn damage(step: usize) -> [usize; 2] {
    let (directory, path) = fresh();
    drop(filled(&path, 40));
    let whole = fs::read(&path).unwrap();
    let expected = open(&path, Access::Read).unwrap().list().unwrap();
    let damaged = directory.path().join("damaged");
    let mut counts = [0; 2];
    let mut attempt = |bytes: &[u8], what: &str| {
        for access in [Access::Read, Access::Write] {
            fs::write(&damaged, bytes).unwrap();
            let list = open(&damaged, access).and_then(|store| {
                store.gallery()?;
                store.list()
            });
            match list {
                // An unused page, or a commit that can be undone.
                Ok(list) => {
                    assert!(list == expected || list.is_empty(), "{what}");
                    counts[0] += 1;
                }
                Err(error) => {
                    assert!(error.to_string().contains("damaged"), "{what}: {error:?}");
                    counts[1] += 1;
                }
            }
        }
    };
    for at in (9..whole.len()).step_by(step) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at / step % 8);
        attempt(&bytes, &format!("bit of byte {at}"));
        attempt(&whole[..at], &format!("cut at {at}"));
    }
    counts
}

#[test]
fn damage_is_an_error_and_never_a_panic() {
    let [same, errors] = damage(9_973);
    assert!(same > 0 && errors > 0, "{same} as before, {errors} errors");
}

#[test]
#[ignore = "takes a minute: every 97th byte"]
fn damage_is_an_error_and_never_a_panic_in_full() {
    let [same, errors] = damage(97);
    assert!(errors > 1000, "{same} as before, {errors} errors");
}
