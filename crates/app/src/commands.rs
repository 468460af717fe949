//! The commands of the program, one file each.

pub(crate) mod bench;
pub(crate) mod calibrate;
pub(crate) mod cluster;
pub(crate) mod completions;
pub(crate) mod detect;
pub(crate) mod encode;
pub(crate) mod enroll;
pub(crate) mod evaluate;
pub(crate) mod gallery;
pub(crate) mod model;
pub(crate) mod recognize;
pub(crate) mod serve;
pub(crate) mod train;
pub(crate) mod verify;
pub(crate) mod watch;

#[cfg(all(test, feature = "postgres"))]
mod tests {
    use clap::Parser;

    use crate::arguments::{Arguments, Command};
    use crate::output::Output;

    #[test]
    fn an_index_search_is_refused_where_it_has_no_effect() {
        let hnsw = |words: &str| {
            let arguments = Arguments::try_parse_from(words.split(' ')).unwrap();
            let mut output = Output::stdout(false);
            let ended = match arguments.command {
                Command::Gallery(gallery) => super::gallery::run(&gallery, &mut output),
                Command::Recognize(recognize) => super::recognize::run(&recognize, &mut output),
                Command::Watch(watch) => super::watch::run(&watch, &mut output),
                _ => unreachable!("another command"),
            };
            format!("{:#}", ended.unwrap_err())
        };
        for (words, why) in [
            ("facenet gallery path --search hnsw", "a file's"),
            ("facenet gallery path --search hnsw --db x", "a file's"),
            ("facenet recognize --search hnsw --gallery none x.jpg", "a folder's"),
            ("facenet watch --search hnsw --db postgres://localhost/x none", "in memory"),
        ] {
            let error = hnsw(words);
            assert!(error.starts_with("--search hnsw is for") && error.contains(why), "{error}");
        }
    }
}
