//! A network that reads a line of text.

use super::script::Alphabet;
use super::{Fault, Finder, Quad, Script, crop, proof};
use crate::imaging::network::{Network, steady};
use crate::imaging::{Picture, Unusable};

/// Under what name PaddleOCR's ONNX files list the characters that they know.
const CHARACTERS: &str = "character";

/// How high lines are for a network that does not say so, in pixels, and how wide at least.
const HEIGHT: usize = 48;
const WIDTH: usize = 320;

/// The network, ready to read.
pub struct Reader {
    network: Network,
    alphabet: Alphabet,
}

impl Reader {
    /// From the bytes of an ONNX file.
    ///
    /// # Errors
    /// [`Fault::Words`] where it cannot be used; [`Fault::Characters`] where it does not say what it reads.
    pub fn load(onnx: Vec<u8>) -> Result<Reader, Fault> {
        let network = Network::load(onnx).map_err(Fault::Words)?;
        let alphabet = Alphabet::new(network.note(CHARACTERS).ok_or(Fault::Characters)?);
        Ok(Reader { network, alphabet })
    }

    /// Reads a picture whose words are known, in the places where the other network finds them.
    ///
    /// # Errors
    /// [`Fault::Wrong`] where something else is read; those of [`Finder::lines`] and [`Reader::script`].
    pub fn prove(&self, finder: &Finder) -> Result<(), Fault> {
        proof::prove(finder, self)
    }

    /// What a finished picture says in a place.
    ///
    /// # Errors
    /// [`Fault::Words`] where the network gives no answer.
    pub fn script(&self, picture: &Picture, place: &Quad) -> Result<Script<'_>, Fault> {
        let height = self.network.input_length(2).unwrap_or(HEIGHT);
        let (planes, width) = crop::straightened(picture, place, height, WIDTH);
        let answer = self.network.answer(planes, width, height).map_err(Fault::Words)?;
        let known = answer.shape.last().copied().unwrap_or(0);
        if known != self.alphabet.len() {
            let why = format!("it lists {} characters and answers for {known}", self.alphabet.len());
            return Err(Fault::Words(Unusable::Broken(why)));
        }
        Ok(Script::new(&self.alphabet, answer.values.into_iter().map(steady).collect()))
    }
}
