//! The engine through its public API: folders and graphs in; files, events and runs out. Each test is one promise.

mod assets;
mod campaign;
mod clocks;
mod crash;
mod damage;
mod explanations;
mod failures;
mod found;
mod locks;
mod order;
mod random;
mod rebuilds;
#[path = "../common/shrink.rs"]
mod shrink;
mod toy;
mod transient;
