//! Campaigns in, checked values and messages out.

mod broken;
mod folders;
mod products;
mod schemas;
mod whole;
