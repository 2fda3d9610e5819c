//! The commands on a node: the demonstration, and a user's own data.

mod claims;
mod fixtures;
mod learning;
mod shapes;
mod store;
mod watching;
