//! Damaged pictures: whatever was changed or cut off, decoding gives a picture or an error.

use softbox::imaging::{Limits, Region, cut, decode};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pictures");

/// Small and seeded, so that a failure can be had again. Source: Marsaglia, Xorshift RNGs, 2003.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }
}

#[test]
fn damaged_files_give_a_picture_or_an_error_and_never_a_panic() {
    // Decoders' panics are caught and become errors; their messages would only fill the screen.
    std::panic::set_hook(Box::new(|_| {}));
    let limits = Limits { pixels: 1_000_000, memory: 50_000_000 };
    let mut names: Vec<_> =
        std::fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| !name.ends_with(".py"));
    names.sort();
    assert!(names.len() > 50);
    let (mut refused, mut panicked) = (0, Vec::new());
    for name in names {
        let whole = std::fs::read(format!("{FOLDER}/{name}")).unwrap();
        for seed in 1..=120u64 {
            let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let mut damaged = whole.clone();
            for _ in 0..1 + dice.roll(6) {
                let at = if dice.roll(2) == 0 { dice.roll(damaged.len()) } else { dice.roll(damaged.len().min(200)) };
                damaged[at] = dice.roll(256) as u8;
            }
            if dice.roll(4) == 0 {
                damaged.truncate(dice.roll(damaged.len()) + 1);
            }
            let reach = [0, 13][dice.roll(2)];
            let result = std::panic::catch_unwind(|| {
                let picture = decode(&damaged, reach, &limits)?;
                cut(&picture, Region::WHOLE, 9, 9)
            });
            match result {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => {
                    refused += 1;
                    assert!(!error.to_string().is_empty());
                }
                Err(_) => panicked.push(format!("{name} with seed {seed}")),
            }
        }
    }
    // The ordinary hook is back, so that this message is seen.
    let _ = std::panic::take_hook();
    assert!(panicked.is_empty(), "panics: {panicked:?}");
    assert!(refused > 1000, "only {refused} were refused");
}
