//! The result of a run as one self-contained web page.
