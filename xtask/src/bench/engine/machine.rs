//! The machine and the date of a measurement.

use std::{fs, thread};

use time::{Date, OffsetDateTime};

/// The machine and the moment.
#[derive(Clone, Debug)]
pub(in crate::bench) struct Machine {
    pub(in crate::bench) date: Date,
    pub(in crate::bench) processor: String,
    pub(in crate::bench) cores: usize,
    /// Load average of the minute before, if the system reports it.
    pub(in crate::bench) load: Option<f64>,
}

impl Machine {
    pub(in crate::bench) fn now() -> Self {
        let processor = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| processor(&text));
        let load = fs::read_to_string("/proc/loadavg").ok();
        Self {
            date: OffsetDateTime::now_utc().date(),
            processor: processor.unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            cores: thread::available_parallelism().map_or(1, usize::from),
            load: load.and_then(|text| text.split(' ').next()?.parse().ok()),
        }
    }
}

/// Name, family and model of the first processor in Linux' /proc/cpuinfo.
fn processor(cpuinfo: &str) -> Option<String> {
    let value = |key: &str| {
        let pairs = cpuinfo.lines().filter_map(|line| line.split_once(':'));
        pairs.map(|(k, v)| (k.trim(), v.trim())).find(|(k, _)| *k == key).map(|(_, v)| v)
    };
    let name = value("model name")?;
    Some(match value("cpu family").zip(value("model")) {
        Some((family, model)) => format!("{name} (family {family}, model {model})"),
        None => name.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::processor;

    #[test]
    fn a_processor_has_name_family_and_model() {
        let text = "processor\t: 0\ncpu family\t: 25\nmodel\t\t: 17\nmodel name\t: AMD EPYC\n";
        assert_eq!(processor(text).as_deref(), Some("AMD EPYC (family 25, model 17)"));
        assert_eq!(processor("model name : ARM\n").as_deref(), Some("ARM"));
        assert_eq!(processor(""), None);
    }
}
