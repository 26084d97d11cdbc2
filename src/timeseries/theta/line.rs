//! The running least-squares line of what was seen.

/// Sums of a line through the points so far, by the updates of Welford (1962).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Line {
    count: f64,
    t: f64,
    y: f64,
    tt: f64,
    ty: f64,
}

impl Line {
    /// One more point.
    pub(super) fn push(&mut self, t: f64, y: f64) {
        self.count += 1.0;
        let (dt, dy) = (t - self.t, y - self.y);
        self.t += dt / self.count;
        self.y += dy / self.count;
        self.tt += dt * (t - self.t);
        self.ty += dy * (t - self.t);
    }

    /// The same points with all values zero: what a shock moves.
    pub(super) fn flat(&self) -> Self {
        Self { y: 0.0, ty: 0.0, ..*self }
    }

    /// Level at period 0 and slope; a single point has no slope.
    pub(super) fn at(&self) -> (f64, f64) {
        let slope = if self.tt > 0.0 { self.ty / self.tt } else { 0.0 };
        (self.y - slope * self.t, slope)
    }
}

#[cfg(test)]
mod tests {
    use super::Line;

    #[test]
    fn points_on_a_line_give_it_back() {
        let mut line = Line::default();
        assert_eq!(line.at(), (0.0, 0.0));
        for t in [1.0, 2.0, 5.0, 11.0] {
            line.push(t, 3.0 - 0.5 * t);
        }
        let (level, slope) = line.at();
        assert!((level - 3.0).abs() < 1e-13 && (slope + 0.5).abs() < 1e-13);
    }
}
