//! Sensilla in the browser.
//!
//! Typed arrays go in and out; nothing crosses the boundary as JSON.
