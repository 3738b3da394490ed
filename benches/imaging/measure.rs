//! What a piece of work costs.

use std::fmt;
use std::time::Instant;

/// Milliseconds, and the bytes that came out (0 where that says nothing).
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    pub cpu: f64,
    pub wall: f64,
    pub bytes: u64,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>6.0} ms CPU {:>6.0} ms wall", self.cpu, self.wall)?;
        if self.bytes > 0 { write!(f, " {:>9} bytes", self.bytes) } else { Ok(()) }
    }
}

/// Runs it once.
pub fn clock<E>(work: impl FnOnce() -> Result<u64, E>) -> Result<Cost, E> {
    let (cpu, start) = (cpu(), Instant::now());
    let bytes = work()?;
    Ok(Cost { wall: start.elapsed().as_secs_f64() * 1e3, cpu: self::cpu() - cpu, bytes })
}

/// The least CPU and the least wall time of several rounds.
pub fn best(rounds: &[Cost]) -> Cost {
    let least = |of: fn(&Cost) -> f64| rounds.iter().map(of).fold(f64::INFINITY, f64::min);
    Cost {
        cpu: least(|cost| cost.cpu),
        wall: least(|cost| cost.wall),
        bytes: rounds.last().map_or(0, |cost| cost.bytes),
    }
}

/// CPU milliseconds of all threads so far, as Linux counts them; no number elsewhere.
fn cpu() -> f64 {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return f64::NAN };
    threads
        .flatten()
        .filter_map(|thread| {
            let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse::<f64>().ok()
        })
        .sum::<f64>()
        / 1e6
}
