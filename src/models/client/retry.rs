//! Patience: how long to wait, how often to try again, and when to stop.

use std::time::{Duration, SystemTime};

use crate::models::answer::Response;

/// Limits of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Before the second try; each further wait is at most twice as long.
    pub first: Duration,
    /// The longest wait of our own.
    pub longest: Duration,
    /// After so long nothing is tried again.
    pub total: Duration,
    /// The longest rest that a service may want.
    pub rest: Duration,
    /// Between two looks at a job.
    pub look: Duration,
    /// After so long nobody looks at a job any more; the next build does.
    pub job: Duration,
    /// An answer may take no longer, whatever is usual for the model.
    pub answer: Duration,
}

impl Default for Patience {
    /// As the official clients, and a little more patient, since nobody sits in front of a build.
    fn default() -> Patience {
        Patience {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(60),
            total: Duration::from_secs(600),
            rest: Duration::from_secs(120),
            look: Duration::from_secs(1),
            job: Duration::from_secs(900),
            answer: Duration::from_secs(600),
        }
    }
}

impl Patience {
    /// The wait before the next try, after so many: a random part of a limit that doubles ("full jitter", which spreads those who were turned
    /// away together best), but never less than a quarter of it.
    pub(super) fn backoff(&self, tries: u32, jitter: f64) -> Duration {
        let limit = self.first.saturating_mul(1 << tries.saturating_sub(1).min(16)).min(self.longest);
        limit.mul_f64(0.25 + 0.75 * jitter.clamp(0.0, 1.0))
    }
}

/// The rest that a response's headers ask for (RFC 9110, 10.2.3, and OpenAI's finer one).
pub(super) fn wanted_rest(response: &Response, now: SystemTime) -> Option<Duration> {
    let number = |name: &str| response.header(name).and_then(|value| value.trim().parse::<f64>().ok());
    let time = |seconds: f64| Duration::try_from_secs_f64(seconds).ok();
    if let Some(wait) = number("retry-after-ms").and_then(|ms| time(ms / 1000.0)) {
        return Some(wait);
    }
    if let Some(wait) = number("retry-after").and_then(time) {
        return Some(wait);
    }
    let date = httpdate::parse_http_date(response.header("retry-after")?).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_limit_and_are_spread() {
        let patience = Patience::default();
        assert_eq!(patience.backoff(1, 1.0), Duration::from_secs(1));
        assert_eq!(patience.backoff(3, 1.0), Duration::from_secs(4));
        assert_eq!(patience.backoff(3, 0.0), Duration::from_secs(1));
        assert_eq!(patience.backoff(40, 1.0), Duration::from_secs(60));
    }

    #[test]
    fn services_ask_for_rest_in_seconds_milliseconds_or_by_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777 - 30);
        let rest = |name: &str, value: &str| {
            let headers = vec![(name.to_owned(), value.to_owned())];
            wanted_rest(&Response { status: 429, headers, body: Vec::new() }, now)
        };
        assert_eq!(rest("retry-after", "12"), Some(Duration::from_secs(12)));
        assert_eq!(rest("retry-after-ms", "250"), Some(Duration::from_millis(250)));
        assert_eq!(rest("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(30)));
        for nonsense in ["-1", "soon", "NaN", "1e300", ""] {
            assert_eq!(rest("retry-after", nonsense), None, "{nonsense}");
        }
    }
}
