//! Takes, honest and dishonest, and what the score makes of them; products put back into painted surroundings.

mod kinds;
mod scores;
mod surroundings;
mod takes;
