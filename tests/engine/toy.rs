//! An action for tests: joins its inputs, puts in the files that they name, and fails, panics or waits when told to.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};

use serde::Serialize;
use softbox::engine::{Action, Bytes, EngineError, Lane, Output, Work};

/// What is done while an action runs, besides its work.
pub type Hook = Arc<dyn Fn(&Work<'_>) + Send + Sync>;

/// Makes `text(input,input,…)`. Every line `@path` of an input becomes what that file holds, or `nothing`. An input with `BAD` in it fails, one
/// with `BOOM` panics. `COUNT` in the text becomes 1 in the first run and 2 in all others, which no pure action would say.
#[derive(Clone, Serialize)]
pub struct Toy {
    pub text: String,
    #[serde(skip)]
    pub version: u32,
    pub keep: bool,
    #[serde(skip)]
    pub lane: Option<Lane>,
    /// It runs without what failed.
    #[serde(skip)]
    pub bears_gaps: bool,
    #[serde(skip)]
    pub name: String,
    #[serde(skip)]
    pub probe: Probe,
    #[serde(skip)]
    pub hook: Option<Hook>,
}

/// Sees what runs, and how many outputs are in memory.
#[derive(Clone, Default)]
pub struct Probe {
    ran: Arc<Mutex<Vec<String>>>,
    ever_ran: Arc<Mutex<BTreeSet<String>>>,
    made: Arc<Mutex<Vec<Weak<Vec<u8>>>>>,
    most_alive: Arc<AtomicUsize>,
}

impl Probe {
    /// The names of all that ran since last time, sorted.
    pub fn take(&self) -> Vec<String> {
        let mut ran = std::mem::take(&mut *self.ran.lock().unwrap());
        ran.sort();
        ran
    }

    /// The most outputs that are not stored which were alive at once.
    pub fn most_alive(&self) -> usize {
        self.most_alive.load(Ordering::Relaxed)
    }

    fn is_first(&self, name: &str) -> bool {
        self.ever_ran.lock().unwrap().insert(name.to_owned())
    }

    fn made(&self, bytes: &Bytes) {
        let mut made = self.made.lock().unwrap();
        made.retain(|bytes| bytes.strong_count() > 0);
        made.push(Arc::downgrade(bytes));
        self.most_alive.fetch_max(made.len(), Ordering::Relaxed);
    }
}

impl Action for Toy {
    type Failure = String;

    fn kind(&self) -> &'static str {
        if self.keep { "toy" } else { "passing toy" }
    }

    fn code_version(&self) -> u32 {
        self.version
    }

    fn lane(&self) -> Lane {
        self.lane.unwrap_or(Lane::Processor)
    }

    fn bears_gaps(&self) -> bool {
        self.bears_gaps
    }

    fn run(&self, work: &Work<'_>) -> Result<Output<String>, String> {
        self.probe.ran.lock().unwrap().push(self.name.clone());
        if let Some(hook) = &self.hook {
            hook(work);
        }
        let mut parts = Vec::new();
        for input in work.inputs() {
            parts.push(expanded(work, &String::from_utf8_lossy(input))?);
        }
        let text = self.text.replace("COUNT", if self.probe.is_first(&self.name) { "1" } else { "2" });
        let joined = format!("{text}({})", parts.join(","));
        assert!(!joined.contains("BOOM"), "met BOOM");
        if joined.contains("BAD") {
            return Err("met BAD".to_owned());
        }
        let bytes = Arc::new(joined.into_bytes());
        if !self.keep {
            self.probe.made(&bytes);
        }
        Ok(Output { bytes, keep: self.keep, remark: None })
    }

    fn fault(&self, error: EngineError) -> String {
        error.to_string()
    }
}

fn expanded(work: &Work<'_>, text: &str) -> Result<String, String> {
    let mut lines = Vec::new();
    for line in text.split('\n') {
        lines.push(match line.strip_prefix('@') {
            None => line.to_owned(),
            Some(path) => match work.find(path).map_err(|error| error.to_string())? {
                Some(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                None => "nothing".to_owned(),
            },
        });
    }
    Ok(lines.join("\n"))
}

impl fmt::Debug for Toy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
