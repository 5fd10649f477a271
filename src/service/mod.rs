//! What can a person do?
