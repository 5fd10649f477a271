//! What do others send us, and want back?
