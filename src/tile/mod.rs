//! What bytes is this square?
