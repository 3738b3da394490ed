//! Where memory comes from: mimalloc, from large pages where the system has them. A plan keeps hundreds of thousands of small pieces, and pictures are
//! taken and given back all the time: the system's own allocator takes a sixth longer for both.

use std::ffi::c_long;

use libmimalloc_sys::{mi_option_set_default, mi_option_t};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_purge_delay`: its number is the same in all versions of mimalloc, and has no name in Rust.
const PURGE_DELAY: mi_option_t = 15;

/// Milliseconds. A second, which is usual, would add 30 to 60 MB of pictures that nobody looks at any more.
const SOON: c_long = 10;

/// Has memory that was given back leave the process soon. To be called first in a program; `MIMALLOC_PURGE_DELAY` overrules it.
pub fn give_back_soon() {
    // SAFETY: it sets a number in a table of the allocator's.
    unsafe { mi_option_set_default(PURGE_DELAY, SOON) }
}
