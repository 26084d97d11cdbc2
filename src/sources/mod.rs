//! Readers: files as agencies publish them, turned into frames.
