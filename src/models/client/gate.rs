//! The gate to a service: so many requests at once, so many a minute, and none while it wants rest.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

use crate::models::Service;

#[derive(Debug)]
pub(super) struct Gate {
    places: Arc<Semaphore>,
    /// Between the starts of two requests.
    gap: Duration,
    /// When the next request may start.
    next: Mutex<Instant>,
}

impl Gate {
    pub(super) fn new(service: &Service) -> Gate {
        Gate {
            places: Arc::new(Semaphore::new(service.at_once.max(1))),
            gap: service.per_minute.map_or(Duration::ZERO, |count| Duration::from_secs(60) / count.max(1)),
            next: Mutex::new(Instant::now()),
        }
    }

    /// Waits for a place; it is free again when the permit is dropped.
    pub(super) async fn enter(&self) -> Option<OwnedSemaphorePermit> {
        // Closed gates do not exist, so there is always a permit.
        self.places.clone().acquire_owned().await.ok()
    }

    /// Waits for this request's turn to start.
    pub(super) async fn pace(&self) {
        loop {
            let now = Instant::now();
            let turn = {
                let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
                if *next <= now {
                    *next = now + self.gap;
                    return;
                }
                *next
            };
            sleep_until(turn).await;
        }
    }

    /// The service wants rest: nobody starts before it is over.
    pub(super) fn rest(&self, time: Duration) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        *next = (*next).max(Instant::now() + time);
    }
}
