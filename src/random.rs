//! Seeds and streams: replicate *i* owns ChaCha stream *i*, so the answer does not depend on who ran it.

use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

/// The generator of every random procedure here.
pub type Generator = ChaCha8Rng;

/// The generator of replicate `index` under `seed`.
///
/// ```
/// use averted::random::{stream, uniform};
/// assert_eq!(uniform(&mut stream(1, 7)).to_bits(), uniform(&mut stream(1, 7)).to_bits());
/// assert_ne!(uniform(&mut stream(1, 7)).to_bits(), uniform(&mut stream(1, 8)).to_bits());
/// ```
pub fn stream(seed: u64, index: u64) -> Generator {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(index);
    generator
}

/// A seed from the operating system, to be recorded on the result.
pub fn fresh_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    // The hasher's keys come from the operating system; 53 bits survive a trip through JSON.
    RandomState::new().hash_one(std::time::SystemTime::now()) >> 11
}

/// Uniform on [0, 1).
pub fn uniform(generator: &mut Generator) -> f64 {
    (generator.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

/// Standard normal.
pub fn normal(generator: &mut Generator) -> f64 {
    use rand_distr::Distribution;
    rand_distr::StandardNormal.sample(generator)
}

/// Chi-squared with these degrees of freedom; NaN unless they are positive.
pub fn chi_squared(generator: &mut Generator, degrees: f64) -> f64 {
    use rand_distr::Distribution;
    rand_distr::ChiSquared::new(degrees).map_or(f64::NAN, |chi| chi.sample(generator))
}

/// [`chi_squared`] for many draws: what depends on the degrees alone is worked out once.
pub(crate) fn chi_squared_of(degrees: f64) -> impl Fn(&mut Generator) -> f64 {
    use rand_distr::Distribution;
    let chi = rand_distr::ChiSquared::new(degrees);
    move |generator| chi.as_ref().map_or(f64::NAN, |chi| chi.sample(generator))
}
