//! What is served after an edit: bytes that did not change are the very same, and nothing that did is kept.
