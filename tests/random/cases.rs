//! Lives that failed once, as short as they got.

use crate::edits::Edit::*;
use crate::live;

#[test]
fn a_photo_replaced_by_an_older_one_and_brought_back() {
    live(&[Shoot("photos/jar.png", 2, Some(1_000_000_000)), Shoot("photos/jar.png", 1, Some(1_000_000_000))]);
}

#[test]
fn after_the_memory_is_lost_one_build_is_enough_to_know_all_again() {
    live(&[RemoveFolder(".softbox")]);
}
