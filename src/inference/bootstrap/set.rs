//! The values that a test does not reject, where they need not be an interval.

use crate::error::Result;

/// Units from the centre past which nothing is looked for.
const FAR: f64 = 1e4;
/// Directions looked at first: equal steps of `θ`, a value being `centre + unit · tan θ`.
const DIRECTIONS: usize = 64;
/// Values looked at between two of which one is rejected and the other not, and how often that is done again.
const BETWEEN: usize = 3;
const ROUNDS: usize = 10;

/// The pieces of a confidence set, ascending, with infinite ends where nothing is rejected as far as is looked.
///
/// `scales` are centres with their units: where what is looked for may lie, and how wide it may be. Every round asks
/// `kept` for all its values at once, because bootstraps answer many for little more than one. The set may miss pieces
/// and gaps that lie between two neighbours of the first round.
pub(crate) fn pieces(
    scales: &[(f64, f64)],
    mut kept: impl FnMut(&[f64]) -> Result<Vec<bool>>,
) -> Result<Vec<(f64, f64)>> {
    let half = (DIRECTIONS / 2) as f64;
    let angle = |i: usize| FAR.atan() * (i as f64 - half) / half;
    let around = |&(centre, unit): &(f64, f64)| (0..=DIRECTIONS).map(move |i| centre + unit * angle(i).tan());
    let mut values: Vec<f64> = scales.iter().flat_map(around).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    let inside = kept(&values)?;
    // Cells are divided evenly near the first centre, and evenly by order of magnitude far from it.
    let unit = scales.iter().map(|s| s.1).fold(f64::INFINITY, f64::min);
    let place = |value: f64| ((value - scales[0].0) / unit).asinh();
    let value = |place: f64| scales[0].0 + unit * place.sinh();
    let changes = (1..values.len()).filter(|&i| inside[i - 1] != inside[i]);
    let cell = |i: usize| (place(values[i - 1]), place(values[i]), inside[i - 1]);
    let mut cells: Vec<(f64, f64, bool)> = changes.map(cell).collect();
    let step = |&(low, high, _): &(f64, f64, bool)| (high - low) / (BETWEEN + 1) as f64;
    for _ in 0..ROUNDS {
        let between = |cell: &(f64, f64, bool)| {
            let (low, step) = (cell.0, step(cell));
            (1..=BETWEEN).map(move |i| value(low + step * i as f64)).collect::<Vec<_>>()
        };
        let asked: Vec<f64> = cells.iter().flat_map(between).collect();
        let found = kept(&asked)?;
        for (cell, found) in cells.iter_mut().zip(found.chunks(BETWEEN)) {
            let step = step(cell);
            let before = found.iter().position(|&f| f != cell.2).unwrap_or(BETWEEN) as f64;
            let low = cell.0 + step * before;
            *cell = (low, low + step, cell.2);
        }
    }
    let mut pieces = Vec::new();
    let mut start = inside[0].then_some(f64::NEG_INFINITY);
    for (low, high, inside_first) in cells {
        // The end is the outermost value that is known to be kept.
        match start.take() {
            Some(start) if inside_first => pieces.push((start, value(low))),
            _ => start = Some(value(high)),
        }
    }
    pieces.extend(start.map(|start| (start, f64::INFINITY)));
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(set: impl Fn(f64) -> bool) -> Vec<(f64, f64)> {
        pieces(&[(1.0, 2.0), (-10.0, 0.1)], |values| Ok(values.iter().map(|&v| set(v)).collect()))
            .expect("no errors")
    }

    #[test]
    fn every_shape_is_found() {
        let [(low, high)] = found(|v| (-3.25..=7.5).contains(&v))[..] else { panic!("one piece") };
        assert!((low + 3.25).abs() < 1e-5 && (high - 7.5).abs() < 1e-5);
        let rays = found(|v| !(2.0..=5.0).contains(&v));
        assert_eq!(rays.len(), 2);
        assert!(rays[0].0.is_infinite() && rays[1].1.is_infinite());
        assert!((rays[0].1 - 2.0).abs() < 1e-5 && (rays[1].0 - 5.0).abs() < 1e-5);
        let small = found(|v| (-10.001..=-9.997).contains(&v));
        assert_eq!(small.len(), 1, "seen by its own scale");
        assert_eq!(found(|_| true), [(f64::NEG_INFINITY, f64::INFINITY)]);
        assert!(found(|_| false).is_empty());
    }
}
