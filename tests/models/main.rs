//! Models over HTTP, against servers of our own that are as strict as the services and fail in all their ways.

mod ask;
mod captions;
#[path = "../common/mod.rs"]
mod common;
mod contracts;
mod crash;
mod directed;
mod faults;
mod ideas;
mod jobs;
mod money;
#[path = "../common/networks.rs"]
mod networks;
mod reading;
mod secrets;
mod server;
mod shapes;
mod studio;
mod swarm;
