//! Numbers as a person says them: counts, times and file sizes.

use std::time::Duration;

/// `no assets`, `1 asset`, `12 assets`.
pub fn count(n: usize, one: &str, many: &str) -> String {
    match n {
        0 => format!("no {many}"),
        1 => format!("1 {one}"),
        n => format!("{n} {many}"),
    }
}

/// `3 ms`, `1.24 s`, `2 min 5 s`.
pub fn time(took: Duration) -> String {
    let ms = took.as_millis();
    // From here on "1.00 s" reads better than "995 ms" would, and rounding cannot give "1000 ms".
    if ms < 1000 {
        return format!("{ms} ms");
    }
    // Below the second that would be rounded up to "60.00 s".
    if ms < 59_995 {
        return format!("{:.2} s", took.as_secs_f64());
    }
    let seconds = (ms + 500) / 1000;
    match (seconds / 60, seconds % 60) {
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

/// `812 bytes`, `24 KB`, `1.3 MB`. Powers of ten, as file managers and networks count.
pub fn size(bytes: u64) -> String {
    match bytes {
        1 => "1 byte".into(),
        0..1_000 => format!("{bytes} bytes"),
        1_000..999_500 => format!("{} KB", (bytes + 500) / 1_000),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_singular_and_none_is_said_in_words() {
        let said = [0, 1, 2].map(|n| count(n, "asset", "assets"));
        assert_eq!(said, ["no assets", "1 asset", "2 assets"]);
    }

    #[test]
    fn times_round_without_ever_saying_sixty_seconds_or_a_thousand_milliseconds() {
        let said = [0, 7, 999, 1000, 1240, 59_994, 59_995, 60_000, 125_400, 3_600_000];
        let said = said.map(|ms| time(Duration::from_millis(ms)));
        let expected =
            ["0 ms", "7 ms", "999 ms", "1.00 s", "1.24 s", "59.99 s", "1 min", "1 min", "2 min 5 s", "60 min"];
        assert_eq!(said, expected);
    }

    #[test]
    fn sizes_are_what_a_file_manager_shows() {
        let said = [0, 1, 812, 1_499, 312_400, 999_499, 999_500, 1_250_000].map(size);
        assert_eq!(said, ["0 bytes", "1 byte", "812 bytes", "1 KB", "312 KB", "999 KB", "1.0 MB", "1.2 MB"]);
    }
}
