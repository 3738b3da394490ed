//! Models over HTTP: requests, answers that are paid once, retries, limits, prices and the ledger. Knows nothing of campaigns.
//!
//! A [`Request`] in our words becomes a [`Call`] in those of a service ([`providers`]: one file each). The call has one digest; a [`Take`] that
//! was kept under it is the answer, and no key is needed. Otherwise the [`Client`] asks the service:
//!
//! ledger says that it goes out → it goes out → the raw answer is synced ([`arrivals`]) → it is read → [`takes`] → the ledger says what it cost
//!
//! so that whatever moment a process is killed at, an answer that had arrived is never paid for again.

mod answer;
mod arrivals;
mod call;
mod catalogue;
mod client;
mod durable;
mod fault;
mod keys;
mod ledger;
mod money;
mod prepare;
mod price;
pub mod providers;
mod request;
mod secret;
mod service;
mod takes;

pub use answer::Usage;
pub use call::{Call, RequestDigest};
pub use catalogue::{CAPABILITIES, Capability, Catalogue, Model, Said};
pub use client::{Client, Environment, How, News, Patience, Settings};
pub use durable::write as write_durably;
pub use fault::{Fault, price};
pub use keys::{DotenvError, Keys};
pub use ledger::{Budget, Ledger, Line, Spent, What, timestamp};
pub use money::{Currency, Money, NotMoney};
pub use price::{NAMES as PRICE_NAMES, Prices};
pub use providers::{KINDS, Kind};
pub use request::{Ask, ImageAsk, Picture, Request, Size, TextAsk};
pub use secret::Secret;
pub use service::Service;
pub use takes::{Kept, Record, Take, Takes};
