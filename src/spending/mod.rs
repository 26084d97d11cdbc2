//! What does a dollar buy?
