//! Memory that running actions may take together: who needs more than is left waits.

use std::sync::{Condvar, Mutex, PoisonError};

/// A number of bytes to share.
#[derive(Debug)]
pub struct Budget {
    total: usize,
    used: Mutex<usize>,
    freed: Condvar,
}

/// Bytes held until it is dropped.
#[derive(Debug)]
pub struct Reservation<'a> {
    budget: &'a Budget,
    bytes: usize,
}

impl Budget {
    pub fn new(total: usize) -> Budget {
        Budget { total, used: Mutex::new(0), freed: Condvar::new() }
    }

    /// Waits until `bytes` are free. More than there is at all is granted when nobody else holds any, so nothing waits for ever.
    /// Whoever holds one must not ask for a second.
    pub fn reserve(&self, bytes: usize) -> Reservation<'_> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        while *used > 0 && *used + bytes > self.total {
            used = self.freed.wait(used).unwrap_or_else(PoisonError::into_inner);
        }
        *used += bytes;
        Reservation { budget: self, bytes }
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        *self.budget.used.lock().unwrap_or_else(PoisonError::into_inner) -= self.bytes;
        self.budget.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_goes_together_and_what_does_not_goes_alone() {
        let budget = Budget::new(100);
        let one = budget.reserve(60);
        let two = budget.reserve(40);
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| drop(budget.reserve(500)));
            drop(one);
            assert!(!waiter.is_finished());
            drop(two);
        });
        assert_eq!(*budget.used.lock().unwrap(), 0);
    }
}
