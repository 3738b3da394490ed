//! softbox is make for marketing: a campaign folder goes in, finished posts come out, and only what changed is made again.
//!
//! Data goes one way, and arrows between the rooms run downwards only:
//!
//! - [`cli`]: one file a command; parses and prints, decides nothing.
//! - [`report`]: progress, problems with their places, JSON events.
//! - [`campaign`]: what people wrote, as checked values.
//! - [`plan`]: a campaign becomes a graph of actions.
//! - [`actions`]: one file for each kind of work.
//! - [`engine`]: graph, keys, files, store, traces, schedule, outputs, watch. Knows nothing of photos or words.
//! - [`imaging`]: pixels. Knows nothing of campaigns.
//! - [`models`]: providers over HTTP, paid once. Knows nothing of campaigns.
//! - `memory`: where it comes from.

pub mod actions;
pub mod campaign;
pub mod cli;
pub mod engine;
pub mod imaging;
mod memory;
pub mod models;
pub mod plan;
pub mod report;
