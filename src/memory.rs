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
        if bytes < BUFFER { &MiMalloc } else { &System }
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
