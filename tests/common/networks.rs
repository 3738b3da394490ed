//! The networks that read labels, which tests/run.sh fetches.

/// The ONNX file of one of them.
pub fn network(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/networks/{name}.onnx", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}; run `source tests/setup.sh; networks` first"))
}

/// The one that finds lines of text, and the one that reads them.
pub const LINES: &str = "PP-OCRv6_det_small";
pub const WORDS: &str = "PP-OCRv6_rec_small";
