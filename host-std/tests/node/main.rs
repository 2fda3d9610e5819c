//! The commands on a node: the demonstration, and a user's own data.

mod claims;
mod faults;
mod fixtures;
#[cfg(unix)]
mod interrupt;
mod learning;
mod repair;
mod safety;
mod shapes;
mod store;
mod watching;
