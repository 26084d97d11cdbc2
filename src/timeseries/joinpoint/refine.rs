//! Joinpoints moved off the grid: coordinate by coordinate, to the optimum near the best set of observations.

use super::grid::Room;

/// Golden-section steps of one move: the bracket shrinks by 1e-9.
const STEPS: usize = 44;

/// Where `objective` is least near `start`, each joinpoint keeping its distance; and its value there.
pub(super) fn places(
    times: &[f64],
    room: Room,
    start: &[f64],
    objective: impl Fn(&[f64]) -> f64,
) -> (Vec<f64>, f64) {
    let n = times.len();
    let mut at = start.to_vec();
    let mut value = objective(&at);
    let spread = times[n - 1] - times[0];
    for _ in 0..200 {
        let before = at.clone();
        for j in 0..at.len() {
            // Observations strictly outside and between keep their number.
            let after = |time: f64, count: usize| {
                times[(times.partition_point(|&t| t <= time) + count - 1).min(n - 1)]
            };
            let upto =
                |time: f64, count: usize| times[times.partition_point(|&t| t < time).saturating_sub(count)];
            let low = if j == 0 { times[room.ends - 1] } else { after(at[j - 1], room.between) };
            let high = at.get(j + 1).map_or(times[n - room.ends], |&next| upto(next, room.between));
            let here = times.partition_point(|&t| t < at[j]).min(n - 1);
            for left in here.saturating_sub(2)..(here + 2).min(n - 1) {
                let (a, b) = (times[left].max(low), times[left + 1].min(high));
                if b - a <= 1e-9 * spread {
                    continue;
                }
                let mut trial = at.clone();
                let mut along = |t: f64| {
                    trial[j] = t;
                    objective(&trial)
                };
                let (place, found) = golden(a, b, &mut along);
                if found < value {
                    (at[j], value) = (place, found);
                }
            }
        }
        let moved = at.iter().zip(&before).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        if moved <= 1e-9 * spread {
            break;
        }
    }
    (at, value)
}

fn golden(mut a: f64, mut b: f64, f: &mut impl FnMut(f64) -> f64) -> (f64, f64) {
    const RATIO: f64 = 0.618_033_988_749_894_9;
    let (ends, inset) = ([a, b], 1e-9 * (b - a));
    let (mut left, mut right) = (b - RATIO * (b - a), a + RATIO * (b - a));
    let (mut low, mut high) = (f(left), f(right));
    for _ in 0..STEPS {
        if low <= high {
            (b, right, high) = (right, left, low);
            left = b - RATIO * (b - a);
            low = f(left);
        } else {
            (a, left, low) = (left, right, high);
            right = a + RATIO * (b - a);
            high = f(right);
        }
    }
    let mut best = if low <= high { (left, low) } else { (right, high) };
    // An end of the bracket is an observation: exactly there, not a hair beside it.
    for end in ends {
        if (best.0 - end).abs() <= 1e3 * inset {
            let value = f(end);
            if value <= best.1 {
                best = (end, value);
            }
        }
    }
    best
}
