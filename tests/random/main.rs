//! Real campaigns under random edits: whatever was built before, a build gives what a clean one gives, tells the same mistakes, and runs
//! exactly what has to.
//!
//! `SOFTBOX_SEEDS=1000 cargo test --test random` runs longer, `SOFTBOX_SEED=42` runs one case again. A case that fails is made as small
//! as it gets.

mod cases;
#[path = "../common/mod.rs"]
mod common;
mod edits;
mod kill;
mod oracle;
#[path = "../common/shrink.rs"]
mod shrink;

use edits::{Edit, Shop};
use shrink::{Random, each_seed};

/// A campaign with these parts, edited, with a look at everything after each edit.
fn live(edits: &[Edit]) {
    let mut shop = Shop::new();
    let mut oracle = oracle::Oracle::default();
    oracle.build_and_compare(&mut shop);
    for edit in edits {
        shop.apply(*edit);
        // Parts come before anything is built again: they are the campaign, not its life.
        if !matches!(edit, Edit::Part(_)) {
            oracle.build_and_compare(&mut shop);
        }
    }
}

#[test]
fn after_any_edits_a_build_gives_what_a_clean_one_gives_and_runs_exactly_what_has_to() {
    let edits = |seed| {
        let mut random = Random::new(seed);
        let mut edits: Vec<Edit> =
            edits::PARTS.iter().filter(|_| random.below(2) == 0).map(|part| Edit::Part(part)).collect();
        edits.extend((0..10).map(|_| Edit::random(&mut Random::new(random.seed()))));
        edits
    };
    each_seed(8, edits, |_, edits| live(edits), |edit| format!("{edit:?},"));
}
