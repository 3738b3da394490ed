//! Where memory comes from: small pieces from mimalloc, since a plan keeps hundreds of thousands of them, and it hands them out sooner and from
//! large pages; buffers, such as those of pictures, from the system's library, which gives them back sooner.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, Ordering};

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: BySize = BySize;

/// Pieces of so many bytes are buffers.
const BUFFER: usize = 64 << 10;
/// A program that asks for so many bytes at once will need many.
const LARGE: usize = 1 << 20;
static IS_LARGE: AtomicBool = AtomicBool::new(false);

struct BySize;

impl BySize {
    /// Whose a piece of so many bytes is.
    fn of(bytes: usize) -> &'static dyn GlobalAlloc {
        if bytes < BUFFER {
            return &MiMalloc;
        }
        if bytes >= LARGE && !IS_LARGE.swap(true, Ordering::Relaxed) {
            pages::may_be_large();
            buffers::are_kept();
        }
        &System
    }
}

// SAFETY: the size of a piece, which whoever gives it back has to know, tells whom it came from; these two keep the contract.
unsafe impl GlobalAlloc for BySize {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe { Self::of(layout.size()).alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        unsafe { Self::of(layout.size()).alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        unsafe { Self::of(layout.size()).dealloc(piece, layout) }
    }

    unsafe fn realloc(&self, piece: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        unsafe {
            if (layout.size() < BUFFER) == (size < BUFFER) {
                return Self::of(size).realloc(piece, layout, size);
            }
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                piece.copy_to_nonoverlapping(moved, size.min(layout.size()));
                self.dealloc(piece, layout);
            }
            moved
        }
    }
}

/// Before it gives a large page away, the system clears two megabytes: a sixth of the time in which a campaign of 20 photos is found
/// unchanged. So there are none until a program is seen to be larger.
#[cfg(target_os = "linux")]
mod pages {
    use std::sync::atomic::{AtomicBool, Ordering};

    use rustix::thread::{disable_transparent_huge_pages, transparent_huge_pages_are_disabled};

    static ARE_SMALL: AtomicBool = AtomicBool::new(false);

    /// Called before the first piece is asked for.
    #[used]
    // SAFETY: the system calls what is listed there, once, without arguments; one system call needs nothing that is not there yet.
    #[unsafe(link_section = ".init_array")]
    static FIRST: extern "C" fn() = stay_small;

    extern "C" fn stay_small() {
        // Whoever started this program may want it so for good.
        let is_ours =
            transparent_huge_pages_are_disabled() == Ok(false) && disable_transparent_huge_pages(true).is_ok();
        ARE_SMALL.store(is_ours, Ordering::Relaxed);
    }

    pub fn may_be_large() {
        if ARE_SMALL.swap(false, Ordering::Relaxed) {
            // Without them it is only slower.
            let _ = disable_transparent_huge_pages(false);
        }
    }

    #[test]
    fn a_large_buffer_brings_large_pages_unless_they_were_not_wanted() {
        let by_others = !ARE_SMALL.load(Ordering::Relaxed) && transparent_huge_pages_are_disabled() == Ok(true);
        std::hint::black_box(Vec::<u8>::with_capacity(super::LARGE));
        assert_eq!(transparent_huge_pages_are_disabled(), Ok(by_others));
    }
}

#[cfg(not(target_os = "linux"))]
mod pages {
    pub fn may_be_large() {}
}

/// Buffers come and go a dozen times while a card is painted. Had from the system each time, and cleared by it page by page, they cost a quarter
/// of the card's time; so those of a card's size stay with the program for the next one. With those of whole photos, twice as much memory
/// would lie idle.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod buffers {
    const KEPT: libc::c_int = 8 << 20;

    pub fn are_kept() {
        // SAFETY: these only set numbers that the library goes by. Where it refuses, it is only slower.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, KEPT);
            libc::mallopt(libc::M_TRIM_THRESHOLD, 4 * KEPT);
        }
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod buffers {
    pub fn are_kept() {}
}
