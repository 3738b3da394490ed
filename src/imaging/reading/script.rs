//! What a line says: the network's view of each step along it, and how far that bears out given words.
//!
//! The network answers with a probability of each character for each narrow step; between characters stands a blank. Source: Graves et
//! al., "Connectionist temporal classification" (ICML 2006).

use std::collections::HashMap;

/// The characters that a network knows, by the numbers that it gives them.
pub struct Alphabet {
    /// `None` is the blank.
    characters: Vec<Option<char>>,
    numbers: HashMap<char, usize>,
}

impl Alphabet {
    /// From a text with one character a line. The blank comes before the first one, a space after the last one.
    pub fn new(text: &str) -> Alphabet {
        let listed = text.lines().map(|line| line.chars().next());
        let characters: Vec<Option<char>> = [None].into_iter().chain(listed).chain([Some(' ')]).collect();
        let numbers = characters.iter().enumerate().filter_map(|(at, own)| own.map(|own| (own, at))).collect();
        Alphabet { characters, numbers }
    }

    pub fn len(&self) -> usize {
        self.characters.len()
    }

    /// The numbers of a character and of those that look like it.
    fn alike(&self, character: char) -> Vec<usize> {
        let group = ALIKE.iter().find(|group| group.contains(character));
        let mut own = [0; 4];
        let group = group.copied().unwrap_or(character.encode_utf8(&mut own));
        group.chars().filter_map(|other| self.numbers.get(&other).copied()).collect()
    }
}

/// Characters that differ in size alone, or in many typefaces not at all: no picture of one denies the others.
const ALIKE: [&str; 10] = ["oO0", "lI1|", "cC", "sS", "vV", "wW", "xX", "zZ", "uU", "kK"];

/// A line as a network sees it.
pub struct Script<'a> {
    alphabet: &'a Alphabet,
    /// For each step, the probabilities of all characters.
    steps: Vec<f32>,
}

/// A character that was read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Character {
    pub own: char,
    /// From 0 to 1.
    pub sure: f32,
}

impl<'a> Script<'a> {
    pub fn new(alphabet: &'a Alphabet, steps: Vec<f32>) -> Script<'a> {
        Script { alphabet, steps }
    }

    fn step(&self, at: usize) -> &[f32] {
        &self.steps[at * self.alphabet.len()..][..self.alphabet.len()]
    }

    fn len(&self) -> usize {
        self.steps.len() / self.alphabet.len()
    }

    /// What it says most probably: the best of each step, where repeats without a blank between are one.
    pub fn characters(&self) -> Vec<Character> {
        let mut read: Vec<Character> = Vec::new();
        let mut last = 0;
        for at in 0..self.len() {
            let values = self.step(at).iter().enumerate();
            let (number, sure) =
                values.fold((0, 0.0), |best, own| if *own.1 > best.1 { (own.0, *own.1) } else { best });
            match (self.alphabet.characters[number], read.last_mut()) {
                (None, _) => {}
                (Some(_), Some(character)) if number == last => character.sure = character.sure.max(sure),
                (Some(own), _) => read.push(Character { own, sure }),
            }
            last = number;
        }
        read
    }

    pub fn text(&self) -> String {
        self.characters().iter().map(|character| character.own).collect()
    }

    /// For each character of a text, how probable it is in the place where the text fits best, from 0 to 1. What is neither letter nor
    /// digit is always borne out: recognition of stops and gaps is too much a matter of size and light.
    pub fn bears_out(&self, text: &str) -> Vec<f32> {
        let own: Vec<(Vec<usize>, bool)> =
            text.chars().map(|own| (self.alphabet.alike(own), !own.is_alphanumeric())).collect();
        let (steps, places) = (self.len(), own.len());
        let probable = |step: usize, place: usize| {
            let values = self.step(step);
            own[place].0.iter().map(|number| values[*number]).fold(0.0, f32::max)
        };
        // best[s][p]: the most that the first `s` steps can bear out of the first `p` characters. Each step shows one character or none.
        let mut best = vec![0.0_f32; (steps + 1) * (places + 1)];
        let at = |step: usize, place: usize| step * (places + 1) + place;
        for step in 1..=steps {
            for place in 1..=places {
                let shown = best[at(step - 1, place - 1)] + probable(step - 1, place - 1);
                best[at(step, place)] = shown.max(best[at(step - 1, place)]).max(best[at(step, place - 1)]);
            }
        }
        let mut borne: Vec<f32> = own.iter().map(|(_, always)| if *always { 1.0 } else { 0.0 }).collect();
        let (mut step, mut place) = (steps, places);
        while step > 0 && place > 0 {
            let most = best[at(step, place)];
            if most <= best[at(step - 1, place)] {
                step -= 1;
            } else if most <= best[at(step, place - 1)] {
                place -= 1;
            } else {
                borne[place - 1] = borne[place - 1].max(probable(step - 1, place - 1));
                (step, place) = (step - 1, place - 1);
            }
        }
        borne
    }
}

#[cfg(test)]
mod tests {
    use super::{Alphabet, Script};

    /// What a network sees that knows a, b and o: `_` is a blank, `?` either a or b.
    fn script<'a>(alphabet: &'a Alphabet, seen: &str) -> Script<'a> {
        let step = |own: char| {
            let mut values = vec![0.0; alphabet.len()];
            match "_abo ".find(own) {
                Some(number) => values[number] = 1.0,
                None => (values[1], values[2]) = (0.5, 0.5),
            }
            values
        };
        Script::new(alphabet, seen.chars().flat_map(step).collect())
    }

    #[test]
    fn repeats_are_one_letter_unless_a_blank_is_between() {
        let alphabet = Alphabet::new("a\nb\no");
        assert_eq!(script(&alphabet, "_aa_a bb_").text(), "aa b");
        assert_eq!(script(&alphabet, "___").text(), "");
    }

    #[test]
    fn a_text_is_borne_out_letter_by_letter_where_it_fits_best() {
        let alphabet = Alphabet::new("a\nb\no");
        let borne = |seen: &str, text: &str| script(&alphabet, seen).bears_out(text);
        assert_eq!(borne("_a_b_o_", "abo"), [1.0, 1.0, 1.0]);
        assert_eq!(borne("_a_o_", "abo"), [1.0, 0.0, 1.0], "a letter is missing");
        assert_eq!(borne("_a_a_o_", "abo"), [1.0, 0.0, 1.0], "a letter is another one");
        assert_eq!(borne("_a_?_o_", "abo"), [1.0, 0.5, 1.0], "a letter could be another one");
        assert_eq!(borne("_a_", "ab"), [1.0, 0.0]);
        assert_eq!(borne("", "ab"), [0.0, 0.0]);
    }

    #[test]
    fn size_and_stops_are_no_difference() {
        let alphabet = Alphabet::new("a\nb\no");
        assert_eq!(script(&alphabet, "a_b_o").bears_out("a, b. O0"), [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0]);
    }
}
