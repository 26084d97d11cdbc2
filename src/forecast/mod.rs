//! What next?
