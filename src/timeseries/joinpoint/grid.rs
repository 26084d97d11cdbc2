//! Least squares over every admissible set of joinpoints, by one walk through a tree of orthogonal hinges.

use crate::error::{Error, Result};

/// Sets of joinpoints that are searched at most.
const MOST: usize = 4_000_000;
/// Candidates times periods at most, a column being kept for each: a gigabyte.
const CELLS: usize = 1 << 27;

/// Which observations may be joinpoints, and how far apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Room {
    /// Observations strictly outside the first and the last joinpoint.
    pub ends: usize,
    /// Observations strictly between two joinpoints.
    pub between: usize,
    /// Every so-manieth observation is a candidate.
    pub step: usize,
}

impl Room {
    /// The candidates among `n` observations.
    pub(super) fn candidates(self, n: usize) -> Vec<usize> {
        (self.ends..n.saturating_sub(self.ends)).step_by(self.step.max(1)).collect()
    }

    /// How many joinpoints fit at most.
    pub(super) fn most(self, n: usize) -> usize {
        let mut last: Option<usize> = None;
        let mut count = 0;
        for j in self.candidates(n) {
            if last.is_none_or(|l| self.apart(l, j)) {
                last = Some(j);
                count += 1;
            }
        }
        count
    }

    pub(super) fn apart(self, left: usize, right: usize) -> bool {
        right > left + self.between
    }
}

/// The sets of joinpoints as a tree: a node adds one joinpoint to the right of its parent's.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    /// Joinpoints of a node, 1 for the first floor.
    pub depth: Vec<u8>,
    /// Its last joinpoint, as a position in the candidates.
    pub last: Vec<u32>,
    pub candidates: Vec<usize>,
}

impl Tree {
    /// All sets of at most `most` joinpoints, parents before children.
    pub(super) fn new(n: usize, room: Room, most: usize) -> Result<Self> {
        let candidates = room.candidates(n);
        if most > 0 && candidates.len().saturating_mul(n) > CELLS {
            return Err(Error::Argument {
                argument: "step".into(),
                value: room.step.to_string(),
                must: format!("larger: {} candidates in {n} periods are too many", candidates.len()),
            });
        }
        let mut tree = Self { depth: Vec::new(), last: Vec::new(), candidates };
        tree.grow(0, None, room, most)?;
        Ok(tree)
    }

    fn grow(&mut self, depth: usize, last: Option<usize>, room: Room, most: usize) -> Result<()> {
        if depth == most {
            return Ok(());
        }
        let from = last.map_or(0, |l| l + 1);
        for c in from..self.candidates.len() {
            if last.is_some_and(|l| !room.apart(self.candidates[l], self.candidates[c])) {
                continue;
            }
            if self.depth.len() == MOST {
                return Err(Error::Argument {
                    argument: "max_joinpoints".into(),
                    value: most.to_string(),
                    must: format!(
                        "fewer, or step larger: more than {MOST} sets of joinpoints among {} candidates",
                        self.candidates.len()
                    ),
                });
            }
            self.depth.push(u8::try_from(depth + 1).unwrap_or(u8::MAX));
            self.last.push(u32::try_from(c).unwrap_or(u32::MAX));
            self.grow(depth + 1, Some(c), room, most)?;
        }
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        self.depth.len()
    }

    /// The observations that are joinpoints at a node.
    pub(super) fn joints(&self, node: usize) -> Vec<usize> {
        let mut joints = vec![self.candidates[self.last[node] as usize]];
        let mut depth = self.depth[node];
        for before in (0..node).rev() {
            if depth == 1 {
                break;
            }
            if self.depth[before] == depth - 1 {
                depth -= 1;
                joints.push(self.candidates[self.last[before] as usize]);
            }
        }
        joints.reverse();
        joints
    }
}

/// The least sum of squares with a number of joinpoints, and the node that has it; none without joinpoints.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Best {
    pub sse: f64,
    pub node: Option<usize>,
}

/// The search for one set of times and weights; any number of outcomes.
#[derive(Debug, Clone)]
pub(super) struct Search {
    pub tree: Tree,
    pub most: usize,
    n: usize,
    /// Orthonormal columns that span what every model has: constant and time, weighted.
    line: Vec<Vec<f64>>,
    /// Hinges orthogonal to the line, candidate by candidate.
    hinges: Vec<f64>,
    /// For each node its hinge's parts along its ancestors' directions, then one over the length of the rest.
    parts: Vec<f64>,
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn remove(v: &mut [f64], direction: &[f64]) -> f64 {
    let part = dot(v, direction);
    v.iter_mut().zip(direction).for_each(|(v, d)| *v -= part * d);
    part
}

fn normalise(v: &mut [f64]) {
    let length = dot(v, v).sqrt();
    v.iter_mut().for_each(|x| *x /= length);
}

impl Search {
    /// Times and square roots of the weights.
    pub(super) fn new(times: &[f64], roots: &[f64], room: Room, most: usize) -> Result<Self> {
        let tree = Tree::new(times.len(), room, most)?;
        let slope = times.iter().zip(roots).map(|(t, r)| (t - times[0]) * r).collect();
        let hinge = |&j: &usize| times.iter().zip(roots).map(|(t, r)| (t - times[j]).max(0.0) * r).collect();
        let hinges = tree.candidates.iter().map(hinge).collect();
        Ok(Self::over(tree, most, vec![roots.to_vec(), slope], hinges))
    }

    /// Weighted columns that every model has, and a weighted hinge for each candidate of the tree.
    pub(super) fn over(tree: Tree, most: usize, always: Vec<Vec<f64>>, bends: Vec<Vec<f64>>) -> Self {
        let n = always[0].len();
        let mut line: Vec<Vec<f64>> = Vec::new();
        for mut column in always {
            for direction in line.iter().chain(&line) {
                remove(&mut column, direction);
            }
            normalise(&mut column);
            line.push(column);
        }
        let mut hinges = Vec::with_capacity(bends.len() * n);
        for mut hinge in bends {
            for direction in line.iter().chain(&line) {
                remove(&mut hinge, direction);
            }
            hinges.extend(hinge);
        }
        let stride = most.max(1);
        let mut parts = vec![0.0; tree.len() * stride];
        let mut path = vec![vec![0.0; n]; most];
        for node in 0..tree.len() {
            let depth = tree.depth[node] as usize;
            let c = tree.last[node] as usize;
            let (above, here) = path.split_at_mut(depth - 1);
            let here = &mut here[0];
            here.copy_from_slice(&hinges[c * n..(c + 1) * n]);
            let part = &mut parts[node * stride..(node + 1) * stride];
            for (d, direction) in above.iter().enumerate() {
                part[d] = remove(here, direction);
            }
            for direction in above.iter() {
                remove(here, direction);
            }
            part[depth - 1] = 1.0 / dot(here, here).sqrt();
            normalise(here);
        }
        Self { tree, most, n, line, hinges, parts }
    }

    /// The part of a weighted outcome that the line does not explain, and its products with the hinges.
    fn project(&self, y: &[f64], rest: &mut [f64], products: &mut [f64]) -> f64 {
        rest.copy_from_slice(y);
        for direction in &self.line {
            remove(rest, direction);
        }
        for (product, hinge) in products.iter_mut().zip(self.hinges.chunks_exact(self.n)) {
            *product = dot(hinge, rest);
        }
        dot(rest, rest)
    }

    /// Visits every node with the part of the sum of squares that its joinpoints take away.
    fn walk(&self, products: &[f64], mut visit: impl FnMut(usize, usize, f64)) {
        let stride = self.most.max(1);
        let mut along = [0.0_f64; 256];
        let mut taken = [0.0_f64; 257];
        let nodes = self.tree.depth.iter().zip(&self.tree.last).zip(self.parts.chunks_exact(stride));
        for (node, ((&depth, &last), part)) in nodes.enumerate() {
            let depth = depth as usize;
            let mut rest = products[last as usize];
            for d in 0..depth - 1 {
                rest -= part[d] * along[d];
            }
            let z = rest * part[depth - 1];
            along[depth - 1] = z;
            taken[depth] = taken[depth - 1] + z * z;
            visit(node, depth, taken[depth]);
        }
    }

    /// The best fit of a weighted outcome with 0, 1, … `most` joinpoints.
    pub(super) fn best(&self, y: &[f64]) -> Vec<Best> {
        let (mut rest, mut products) = self.scratch();
        let mut best = vec![Best { sse: 0.0, node: None }; self.most + 1];
        self.best_into(y, &mut rest, &mut products, &mut best);
        best
    }

    pub(super) fn scratch(&self) -> (Vec<f64>, Vec<f64>) {
        (vec![0.0; self.n], vec![0.0; self.tree.candidates.len()])
    }

    /// [`best`](Self::best) without allocation.
    pub(super) fn best_into(&self, y: &[f64], rest: &mut [f64], products: &mut [f64], best: &mut [Best]) {
        let all = self.project(y, rest, products);
        let mut most = [-1.0_f64; 257];
        for b in best.iter_mut() {
            *b = Best { sse: f64::INFINITY, node: None };
        }
        self.walk(products, |node, depth, taken| {
            if taken > most[depth] {
                most[depth] = taken;
                best[depth].node = Some(node);
            }
        });
        best[0].sse = all;
        for (depth, b) in best.iter_mut().enumerate().skip(1) {
            if b.node.is_some() {
                b.sse = (all - most[depth]).max(0.0);
            }
        }
    }

    /// The least sum of squares with `k` joinpoints of which the `which`-th is each candidate; infinite where none is.
    pub(super) fn profile(&self, y: &[f64], k: usize) -> Vec<Vec<f64>> {
        let (mut rest, mut products) = self.scratch();
        let all = self.project(y, &mut rest, &mut products);
        let mut least = vec![vec![f64::INFINITY; self.tree.candidates.len()]; k];
        let mut path = vec![0_usize; self.most];
        self.walk(&products, |node, depth, taken| {
            path[depth - 1] = self.tree.last[node] as usize;
            if depth == k {
                for (which, &c) in path[..k].iter().enumerate() {
                    least[which][c] = least[which][c].min(all - taken);
                }
            }
        });
        least
    }
}
