//! The keys of services: from the environment, and from the campaign's `.env`.

use std::path::Path;

use crate::campaign::Problem;
use crate::models::Keys;

/// What the environment says, and the campaign's `.env`.
pub fn keys(folder: &Path) -> Result<Keys, Problem> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    Keys::new(std::env::vars_os().filter_map(text)).with_dotenv(folder).map_err(|error| {
        Problem::error("bad-dotenv", error.to_string())
            .hint("add a line `.env` to the file .gitignore, and write NAME=value in .env")
    })
}
