//! The benchmark's section of the page: Markdown tables between two marks, so that the text
//! around them stays.

use std::fmt::Write;
use std::path::Path;
use std::{fs, io};

use tensor::Level;

use super::agreement::TOLERANCE;
use super::cold::Start;
use super::contender::{Contender, PEER_FLAGS};
use super::machine::Machine;
use super::rounds::{Case, Time};

const BEGIN: &str = "<!-- written by `cargo xtask bench engine`: begin -->";
const END: &str = "<!-- written by `cargo xtask bench engine`: end -->";

/// The text of a new page.
const TITLE: &str = "# Benchmarks\n";

/// Everything that was measured.
pub(super) struct Results {
    pub(super) machine: Machine,
    pub(super) level: Level,
    /// Peak of one core, GFLOP/s.
    pub(super) peak: f64,
    /// Operations of the network's convolutions and dense layer, for one image.
    pub(super) operations: usize,
    pub(super) rounds: usize,
    pub(super) seconds: f64,
    /// Ours first.
    pub(super) contenders: Vec<Contender>,
    pub(super) differences: Vec<f32>,
    pub(super) cases: Vec<Case>,
    /// By contender, then by case.
    pub(super) times: Vec<Vec<Option<Time>>>,
    pub(super) cold: Vec<Start>,
    pub(super) profile: String,
}

impl Results {
    /// The section in Markdown.
    pub(super) fn section(&self) -> String {
        let parts = [
            self.conditions(),
            format!("### Milliseconds a batch\n\n{}", self.times()),
            format!("### Against the peers\n\n{}\n{}", self.ratios(), self.verdicts()),
            format!("### Cold start\n\n{}", self.cold()),
            format!("### Where our time goes\n\n```text\n{}\n```\n", self.profile),
        ];
        parts.join("\n")
    }

    fn conditions(&self) -> String {
        let Machine { date, processor, cores, load } = &self.machine;
        let load = load.map_or(String::new(), |load| {
            format!(" The load average before was {load:.1}; on a quiet machine it is 0.")
        });
        let most = self.differences.iter().copied().fold(0.0, f32::max);
        format!(
            "## The engine against others\n\n\
             Measured on {date}: {processor}, {cores} cores; {level} multiply-adds of one core: \
             {peak:.0} GFLOP/s, measured in the same run.{load}\n\n\
             All engines compute the same network with the same weights in f32, on random \
             images. Their answers were compared with ours first, to {TOLERANCE:.0e}; the \
             largest difference was {most:.1e}. Each measurement is a process of its own that \
             reports the median of its passes in {seconds} seconds after a warm-up; the engines \
             took turns for {rounds} rounds. Ours is the release build for any x86-64 or \
             aarch64 machine; rten and tract were built with `{PEER_FLAGS}`.\n",
            level = self.level,
            peak = self.peak,
            rounds = self.rounds,
            seconds = self.seconds,
        )
    }

    fn header(&self, first: &str) -> String {
        let cells = self.cases.iter().map(|case| format!(" {} |", words(*case)));
        let rule = "| --- ".repeat(1 + self.cases.len());
        format!("| {first} |{}\n{rule}|\n", cells.collect::<String>())
    }

    fn times(&self) -> String {
        let mut table = self.header("engine: median round (fastest to slowest), images/s");
        for (contender, times) in self.contenders.iter().zip(&self.times) {
            let cells = times.iter().zip(&self.cases).map(|(time, case)| match time {
                None => " |".to_owned(),
                Some(Time { median, fastest, slowest }) => format!(
                    " {median:.2} ({fastest:.2} to {slowest:.2}), {:.0}/s |",
                    1e3 * case.batch as f64 / median
                ),
            });
            let cells: String = cells.collect();
            let mark = if contender.is_ours() { "**" } else { "" };
            let _ = writeln!(table, "| {mark}{}{mark} |{cells}", contender.name);
        }
        let shares = self.times[0].iter().zip(&self.cases).map(|(time, case)| {
            let Some(time) = time else { return " |".to_owned() };
            let rate = (self.operations * case.batch) as f64 / time.median / 1e6;
            let share = 100.0 * rate / (self.peak * case.threads as f64);
            format!(" {rate:.0} GFLOP/s, {share:.0} % |")
        });
        let shares: String = shares.collect();
        let _ = writeln!(table, "| ours against the peak of its threads |{shares}");
        table.push_str(
            "\nGFLOP/s count the operations of direct convolutions; ours does fewer where it uses \
             Winograd's\nmethod, so that its share of the peak can be more than is possible \
             otherwise.\n",
        );
        table
    }

    fn ratios(&self) -> String {
        let mut table = self.header("time of the peer / time of ours");
        for (contender, times) in self.contenders.iter().zip(&self.times).skip(1) {
            let cells = times.iter().zip(&self.times[0]).map(|times| match times {
                (Some(time), Some(ours)) => {
                    let ratio = time.median / ours.median;
                    // Losses are printed in bold.
                    let mark = if ratio < 1.0 { "**" } else { "" };
                    format!(" {mark}{ratio:.2}{mark} |")
                }
                _ => " |".to_owned(),
            });
            let cells: String = cells.collect();
            let _ = writeln!(table, "| {} |{cells}", contender.name);
        }
        table.push_str("\nAbove 1 ours is faster; **bold: slower**.\n");
        table
    }

    /// A line per case: ours compared with the fastest of the others.
    fn verdicts(&self) -> String {
        let mut lines = String::new();
        for (index, case) in self.cases.iter().enumerate() {
            let Some(ours) = self.times[0][index] else { continue };
            let peers = self.contenders.iter().zip(&self.times).skip(1);
            let best = peers
                .filter_map(|(peer, times)| Some((&peer.name, times[index]?.median)))
                .min_by(|a, b| a.1.total_cmp(&b.1));
            let Some((name, time)) = best else { continue };
            let verdict = verdict(time / ours.median);
            let _ = writeln!(lines, "- {}: {verdict} the fastest peer, {name}.", words(*case));
        }
        lines
    }

    fn cold(&self) -> String {
        let mut table = "From the start of a process to its first answer. Ours is a whole \
             `facenet encode --aligned` of a 96×96 PNG; the peers load the network and answer one \
             image that is given as numbers (ONNX Runtime and OpenVINO from Python, without \
             tearing down).\n\n\
             | program | ms | peak resident MiB |\n| --- | --- | --- |\n"
            .to_owned();
        for (i, Start { name, ms, mib }) in self.cold.iter().enumerate() {
            let mark = if i == 0 { "**" } else { "" };
            let _ = writeln!(table, "| {mark}{name}{mark} | {ms:.0} | {mib:.0} |");
        }
        let Some((ours, peers)) = self.cold.split_first() else { return table };
        let before = |value: fn(&Start) -> f64| names(peers, |peer| value(peer) < value(ours));
        let _ = writeln!(table, "\nStarts faster than ours: {}.", before(|start| start.ms));
        let _ = writeln!(table, "Takes less memory than ours: {}.", before(|start| start.mib));
        table
    }
}

/// The names of the starts with the property.
fn names(starts: &[Start], is_so: impl Fn(&Start) -> bool) -> String {
    let names: Vec<_> =
        starts.iter().filter(|start| is_so(start)).map(|start| start.name.as_str()).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// The ratio of another engine's time to ours, in words.
fn verdict(ratio: f64) -> String {
    if (0.98..1.02).contains(&ratio) {
        format!("as fast ({ratio:.2}) as")
    } else if ratio > 1.0 {
        format!("{ratio:.2} times as fast as")
    } else {
        format!("**slower** ({ratio:.2} of the speed) than")
    }
}

fn words(Case { threads, batch }: Case) -> String {
    let plural = if threads == 1 { "" } else { "s" };
    format!("{threads} thread{plural}, batch {batch}")
}

/// Replaces the section in the page, or appends it.
pub(super) fn write(path: &Path, section: &str) -> io::Result<()> {
    let page = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => TITLE.to_owned(),
        page => page?,
    };
    fs::write(path, replaced(&page, section))
}

fn replaced(page: &str, section: &str) -> String {
    let marked = format!("{BEGIN}\n{}\n{END}", section.trim());
    let range = page.find(BEGIN).zip(page.find(END)).filter(|(begin, end)| begin < end);
    match range {
        Some((begin, end)) => {
            format!("{}{marked}{}", &page[..begin], &page[end + END.len()..])
        }
        None => format!("{}\n\n{marked}\n", page.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::{replaced, verdict};

    #[test]
    fn text_around_the_section_stays() {
        let page = replaced("# Benchmarks\n", "old");
        let page = replaced(&format!("{page}\n## By hand\n"), "new");
        assert!(page.starts_with("# Benchmarks\n\n<!--") && page.ends_with("\n## By hand\n"));
        assert!(page.contains("new") && !page.contains("old"), "{page}");
        assert_eq!(replaced(&page, "new"), page);
    }

    #[test]
    fn a_slower_engine_is_called_slower() {
        assert!(verdict(1.5).starts_with("1.50 times as fast"));
        assert!(verdict(1.0).starts_with("as fast"));
        assert!(verdict(0.8).contains("**slower**"));
    }
}
