//! What pixels?
