//! Networks as ONNX files: loaded from bytes, and run so that any number of threads gives the same numbers.

use std::sync::Arc;

use rten::{Dimension, ModelOptions, RunOptions, ThreadPool};
use rten_tensor::{AsView, Layout as _, NdTensor};

/// Why a network cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It cannot be read, or fails while it runs.
    #[error("the network cannot be used: {0}")]
    Broken(String),
    #[error("the network is quantised to unsigned weights, which give wrong answers here")]
    Quantised,
}

/// A network with one input and one output that counts.
pub struct Network(rten::Model);

/// What a network answers: finite numbers, row by row.
pub struct Answer {
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

impl Network {
    /// One that softbox brings.
    ///
    /// # Errors
    /// [`Unusable::Broken`] where it cannot be read, which is a mistake in softbox.
    pub fn built_in(onnx: &'static [u8]) -> Result<Network, Unusable> {
        apart(|| ModelOptions::with_all_ops().load_static_slice(onnx))?.map(Network).map_err(broken)
    }

    /// One from the bytes of an ONNX file.
    ///
    /// # Errors
    /// [`Unusable::Quantised`] for a kind of network that is known to run wrong here, [`Unusable::Broken`] where it cannot be read.
    pub fn load(onnx: Vec<u8>) -> Result<Network, Unusable> {
        // Unsigned weights give wrong answers and no error (measured: IoU 0.13 instead of 0.996).
        if onnx.windows(b"ConvInteger".len()).any(|bytes| bytes == b"ConvInteger") {
            return Err(Unusable::Quantised);
        }
        apart(|| ModelOptions::with_all_ops().load(onnx))?.map(Network).map_err(broken)
    }

    /// What its makers wrote into it under a name.
    pub fn note(&self, name: &str) -> Option<&str> {
        self.0.metadata().get(name)
    }

    /// How long its input is in a dimension, where it takes one length only.
    pub fn input_length(&self, dimension: usize) -> Option<usize> {
        match self.0.input_shape(0)?.get(dimension)? {
            Dimension::Fixed(length) => Some(*length),
            Dimension::Symbolic(_) => None,
        }
    }

    /// What it makes of `width`×`height` pixels: three planes of numbers.
    ///
    /// # Errors
    /// [`Unusable::Broken`] where it gives no answer, or one that is no number.
    pub fn answer(&self, planes: Vec<f32>, width: usize, height: usize) -> Result<Answer, Unusable> {
        let failed = |why: &str| Unusable::Broken(why.to_owned());
        let input = NdTensor::from_data([1, 3, height, width], planes);
        // As many threads as the caller has; the answer is the same for any number.
        let pool = Arc::new(ThreadPool::with_num_threads(rayon::current_num_threads()));
        let options = RunOptions::default().with_thread_pool(Some(pool));
        let output = self.0.output_ids().first().ok_or_else(|| failed("it has no output"))?;
        let place = self.0.input_ids().first().ok_or_else(|| failed("it has no input"))?;
        let answers = apart(|| self.0.run(vec![(*place, input.view().into())], &[*output], Some(options)))?;
        let answer = answers.map_err(broken)?.into_iter().next().ok_or_else(|| failed("it gives no answer"))?;
        let answer = answer.into_tensor::<f32>().ok_or_else(|| failed("its answer holds no numbers"))?;
        let (shape, values) = (answer.shape().to_vec(), answer.to_vec());
        if values.iter().any(|value| !value.is_finite()) {
            return Err(failed("its answer holds no numbers"));
        }
        Ok(Answer { shape, values })
    }
}

/// A probability, rounded to 1/1024, so that the last bits, in which processors differ, seldom matter.
pub fn steady(value: f32) -> f32 {
    (value.clamp(0.0, 1.0) * 1024.0).round() / 1024.0
}

fn broken(error: impl std::fmt::Display) -> Unusable {
    Unusable::Broken(error.to_string())
}

/// Does work on a thread of its own. A worker of a rayon pool that waits for another pool takes up other work meanwhile: that could
/// come back here, and wait for itself.
fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Unusable> {
    std::thread::scope(|scope| scope.spawn(work).join()).map_err(|_| Unusable::Broken("it gave up".into()))
}
