//! A network that guesses how much each pixel belongs to the product: the built-in one, or one that a person brings.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::Fault;
use crate::imaging::exact::exp;
use crate::imaging::network::{Network, Unusable, steady};
use crate::imaging::{Picture, Region, cut};

/// U²-Net-p; see the notice beside it.
static BUILT_IN: &[u8] = include_bytes!("u2netp.onnx");

/// How a network wants its pictures, and what it answers. The defaults are those of U²-Net; others that are known:
///
/// | | size | mean | std | peak | output | minmax |
/// |---|---|---|---|---|---|---|
/// | U²-Net, U²-Net-p | 320 | .485 .456 .406 | .229 .224 .225 | yes | probability | yes |
/// | ISNet | 1024 | .50196 (each) | 1.00392 (each) | no | probability | no |
/// | BiRefNet | 1024 | .485 .456 .406 | .229 .224 .225 | no | logits | no |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Layout {
    /// The side of the square that every picture is brought to, in pixels.
    pub size: u32,
    /// Taken from each of red, green and blue (0 to 1) …
    pub mean: [f32; 3],
    /// … which are then divided by this.
    pub std: [f32; 3],
    /// Whether 1 is the brightest value in the picture, and not 255.
    pub peak: bool,
    pub output: Answer,
    /// Whether the least and the most of an answer are stretched to 0 and 1.
    pub minmax: bool,
}

/// What the numbers of an answer are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    Probability,
    /// To be put through a sigmoid.
    Logits,
}

impl Default for Layout {
    fn default() -> Layout {
        Layout {
            size: 320,
            mean: [0.485, 0.456, 0.406],
            std: [0.229, 0.224, 0.225],
            peak: true,
            output: Answer::Probability,
            minmax: true,
        }
    }
}

/// A network, ready to be asked.
pub struct Model {
    network: Network,
    layout: Layout,
}

/// One answer: how much each part of a region belongs to the product (0 to 1), as a square of `side`×`side`.
#[derive(Clone)]
pub struct Guess {
    pub side: usize,
    pub values: Vec<f32>,
}

impl Model {
    /// The one that softbox brings.
    ///
    /// # Errors
    /// [`Fault::Network`] where it cannot be loaded, which is a mistake in softbox.
    pub fn built_in() -> Result<&'static Model, Fault> {
        static MODEL: LazyLock<Result<Model, Fault>> =
            LazyLock::new(|| Ok(Model { network: Network::built_in(BUILT_IN)?, layout: Layout::default() }));
        MODEL.as_ref().map_err(Clone::clone)
    }

    /// A network from the bytes of an ONNX file, proved on a picture whose product is known.
    ///
    /// # Errors
    /// [`Fault::Layout`] for numbers that make no sense; [`Fault::Network`] where it cannot be read or run; [`Fault::Wrong`] where it
    /// misses the product of the test picture.
    pub fn load(onnx: Vec<u8>, layout: Layout) -> Result<Model, Fault> {
        layout.check()?;
        let network = Network::load(onnx)?;
        let model = Model { network, layout };
        super::proof::prove(&model)?;
        Ok(model)
    }

    /// What it makes of a region of a picture, whatever its proportions.
    ///
    /// # Errors
    /// [`Fault::Network`] where it gives no answer; [`Fault::Picture`].
    pub fn guess(&self, picture: &Picture, region: Region) -> Result<Guess, Fault> {
        let size = self.layout.size as usize;
        let small = cut(picture, region, self.layout.size, self.layout.size)?;
        let answer = self.network.answer(self.input(&small), size, size)?;
        let side = answer.shape.last().copied().unwrap_or(0);
        if side == 0 || answer.values.len() != side * side {
            let why = format!("its answer is no square picture: {:?}", answer.shape);
            return Err(Unusable::Broken(why).into());
        }
        Ok(Guess { side, values: self.probabilities(answer.values) })
    }

    /// Planes of red, green and blue.
    fn input(&self, small: &Picture) -> Vec<f32> {
        let (pixels, channels) = (small.pixels(), usize::from(small.channels()));
        let colours = pixels.chunks_exact(channels).flat_map(|pixel| &pixel[..3]);
        let brightest = if self.layout.peak { colours.copied().max().unwrap_or(255).max(1) } else { 255 };
        let mut input = Vec::with_capacity(pixels.len() / channels * 3);
        for plane in 0..3 {
            let (mean, std) = (self.layout.mean[plane], self.layout.std[plane]);
            let value = |pixel: &[u8]| (f32::from(pixel[plane]) / f32::from(brightest) - mean) / std;
            input.extend(pixels.chunks_exact(channels).map(value));
        }
        input
    }

    fn probabilities(&self, mut values: Vec<f32>) -> Vec<f32> {
        if self.layout.output == Answer::Logits {
            for value in &mut values {
                *value = (1.0 / (1.0 + exp(-f64::from(value.clamp(-30.0, 30.0))))) as f32;
            }
        }
        if self.layout.minmax {
            let least = values.iter().copied().fold(f32::MAX, f32::min);
            let most = values.iter().copied().fold(f32::MIN, f32::max);
            for value in &mut values {
                *value = (*value - least) / (most - least).max(1e-6);
            }
        }
        values.into_iter().map(steady).collect()
    }
}

impl Layout {
    fn check(&self) -> Result<(), Fault> {
        if !(32..=2048).contains(&self.size) {
            return Err(Fault::Layout("`size` must be 32 to 2048"));
        }
        if self.mean.iter().any(|value| !value.is_finite()) {
            return Err(Fault::Layout("`mean` must be three numbers"));
        }
        if self.std.iter().any(|value| !value.is_finite() || *value <= 0.0) {
            return Err(Fault::Layout("`std` must be three numbers above 0"));
        }
        Ok(())
    }
}
