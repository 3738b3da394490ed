//! Takes, honest and dishonest, and what the score and the words make of them; products put back into painted surroundings.

mod kinds;
#[path = "../common/networks.rs"]
mod networks;
mod scores;
mod surroundings;
mod takes;
mod words;
