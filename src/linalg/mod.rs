//! Dense linear algebra: `ndarray` outside, `faer` inside, sequential and therefore bit-reproducible.
//!
//! faer's factorisations are generic and compile into whichever file calls them, so only this room does.

mod cholesky;
mod eigen;
mod qr;
mod semidefinite;

pub use cholesky::{Cholesky, solve_positive_definite};
pub use eigen::{eigen_symmetric, eigenvalue_moduli, nearest_positive_semidefinite};
pub use qr::{PivotedQr, TallTriangle, least_squares};
pub use semidefinite::SemidefiniteCholesky;
