//! Where memory comes from: small pieces from mimalloc, since a plan keeps hundreds of thousands of them, and it hands them out sooner and from
//! large pages; buffers, such as those of pictures, from the system, which has them back sooner.

use std::alloc::{GlobalAlloc, Layout, System};

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: BySize = BySize;

/// Pieces of so many bytes are buffers.
const BUFFER: usize = 64 << 10;

struct BySize;

impl BySize {
    /// Whose a piece of so many bytes is.
    fn of(bytes: usize) -> &'static dyn GlobalAlloc {
        if bytes < BUFFER {
            return &MiMalloc;
        }
        if bytes >= pages::LARGE {
            pages::may_be_large();
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

    /// A program that asks for so many bytes at once will need many.
    pub const LARGE: usize = 1 << 20;

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
        if ARE_SMALL.load(Ordering::Relaxed) {
            // Without them it is only slower.
            let _ = disable_transparent_huge_pages(false);
            ARE_SMALL.store(false, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_large_buffer_brings_large_pages_unless_they_were_not_wanted() {
        let by_others = !ARE_SMALL.load(Ordering::Relaxed) && transparent_huge_pages_are_disabled() == Ok(true);
        std::hint::black_box(Vec::<u8>::with_capacity(LARGE));
        assert_eq!(transparent_huge_pages_are_disabled(), Ok(by_others));
    }
}

#[cfg(not(target_os = "linux"))]
mod pages {
    pub const LARGE: usize = usize::MAX;

    pub fn may_be_large() {}
}
