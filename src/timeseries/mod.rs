//! Models of one series over time.
