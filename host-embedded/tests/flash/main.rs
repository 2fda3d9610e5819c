//! Stores in flash, under the model of flash that their documentation states.

mod events;
mod images;
mod mock;
