//! Scout.
