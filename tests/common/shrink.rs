//! Random tests that shrink: a failing list of steps loses whatever it fails without.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// A small generator of random numbers (xorshift64*), so that a seed is a test case.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % limit
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// A seed for a part of the case that has to stay the same when others go.
    pub fn seed(&mut self) -> u64 {
        self.below(1 << 30) as u64
    }
}

/// A number from the environment.
pub fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Runs seed after seed: `SOFTBOX_SEED` runs one again, `SOFTBOX_SEEDS` so many, both together so many from that one on. A failing list of steps
/// is made as short as it gets and run once more, so that the message is about what matters.
pub fn each_seed<S: Clone>(
    default: u64,
    steps: impl Fn(u64) -> Vec<S>,
    run: impl Fn(u64, &[S]),
    show: impl Fn(&S) -> String,
) {
    let (first, default) = setting("SOFTBOX_SEED").map_or((0, default), |seed| (seed, 1));
    for seed in first..first + setting("SOFTBOX_SEEDS").unwrap_or(default) {
        let steps = steps(seed);
        let fails = |steps: &[S]| catch_unwind(AssertUnwindSafe(|| run(seed, steps))).is_err();
        if fails(&steps) {
            let least = least(steps, &fails);
            let shown: Vec<String> = least.iter().map(&show).collect();
            eprintln!("SOFTBOX_SEED={seed} fails with:\n  {}", shown.join("\n  "));
            run(seed, &least);
            panic!("SOFTBOX_SEED={seed} failed before, but not this time");
        }
    }
}

/// The shortest list that still fails, as far as taking parts out leads: halves first, then single steps, until none can go.
fn least<S: Clone>(mut steps: Vec<S>, fails: &impl Fn(&[S]) -> bool) -> Vec<S> {
    let mut size = steps.len().div_ceil(2);
    while size > 0 {
        let mut at = 0;
        let before = steps.len();
        while at < steps.len() {
            let without: Vec<S> = [&steps[..at], &steps[(at + size).min(steps.len())..]].concat();
            if fails(&without) { steps = without } else { at += size }
        }
        if size > 1 || steps.len() == before {
            size /= 2;
        }
    }
    steps
}

#[test]
fn a_failing_list_shrinks_to_what_it_fails_with() {
    let fails = |steps: &[u32]| steps.contains(&7) && steps.contains(&31);
    assert_eq!(least((0..100).collect(), &fails), [7, 31]);
}
