//! Data as people have it: what the command makes of it, and what it says of it.

mod claims;
mod fixtures;
mod messages;
mod readme;
mod tables;
