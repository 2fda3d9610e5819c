//! Lines to a table: the second step of what is read in columns.
//!
//! | module | what |
//! |---|---|
//! | [`split`] | lines into the fields of a record |
//! | [`number`] | numbers as people write them |
//! | `header` | where the header is, if there is one |
//! | [`dialect`] | how a table is written, told from its first lines |

pub mod dialect;
mod header;
pub mod number;
pub mod split;
