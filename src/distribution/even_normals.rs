//! Few normal points that lie evenly.

use crate::distribution::Normal;
use crate::random::{Generator, uniform};
use ndarray::Array2;

/// Points of a standard normal, points × dimensions, that lie evenly along every dimension: of few of them means of smooth
/// functions are as good as of many that are independent. Each point is standard normal by itself.
///
/// A Latin hypercube (`McKay`, Beckman & Conover 1979): a random place in each of as many equal shares of the probability as
/// there are points, the shares of every dimension in an order of their own.
pub(crate) fn even_normals(points: usize, dimensions: usize, generator: &mut Generator) -> Array2<f64> {
    let mut out = Array2::zeros((points, dimensions));
    for mut column in out.columns_mut() {
        let mut order: Vec<(u64, usize)> =
            (0..points).map(|share| (uniform(generator).to_bits(), share)).collect();
        order.sort_unstable();
        for (value, (_, share)) in column.iter_mut().zip(order) {
            let u = (share as f64 + uniform(generator)) / points as f64;
            // An end of the unit interval, which a uniform number can be, has no quantile.
            *value = Normal::standard().quantile(u.clamp(f64::EPSILON / 4.0, 1.0 - f64::EPSILON / 2.0));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream;

    /// A hundred points have means and variances of the normal where independent ones have them to a tenth and a seventh;
    /// over the seeds each point is normal, and dimensions know nothing of each other.
    #[test]
    fn even_points_have_the_moments_of_the_normal() {
        let (points, dimensions, seeds) = (100, 4, 200);
        let mut first = [0.0; 2];
        for seed in 0..seeds {
            let rows = even_normals(points, dimensions, &mut stream(seed, 0));
            for column in rows.columns() {
                let squares = column.dot(&column) / points as f64;
                assert!(column.sum().abs() < 0.05 * points as f64 && (squares - 1.0).abs() < 0.25, "{seed}");
            }
            let row = rows.row(7);
            first[0] += row[0] * row[0] / seeds as f64;
            first[1] += row[1] * row[2] / seeds as f64;
        }
        // Four standard errors of 200.
        assert!((first[0] - 1.0).abs() < 0.4 && first[1].abs() < 0.28, "{first:?}");
        assert_eq!(even_normals(1, 2, &mut stream(1, 0)).dim(), (1, 2));
    }
}
