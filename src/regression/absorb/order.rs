//! The order that rows are fitted in: one and the same for every order that the caller may have them in.
//!
//! Sums of floating-point numbers depend on the order of their terms, so rows are sorted by what they hold, never by
//! where they stand: by the level of the largest effect, then by the levels of the others, then by the values of all
//! columns that enter the fit. Rows that are still equal are interchangeable, bit by bit. Data sorted by unit and period
//! are in that order as they come, which one pass sees.

use ndarray::{CowArray, Ix1};

use super::block::Block;

/// Columns that tell rows of one cell apart; all of those that enter the fit.
#[derive(Default)]
pub(crate) struct Values<'a> {
    columns: Vec<CowArray<'a, f64, Ix1>>,
    /// Where a row stands in the columns.
    places: Option<&'a [usize]>,
}

impl<'a> Values<'a> {
    /// Columns of which `places` are the rows.
    pub(crate) fn new(columns: Vec<CowArray<'a, f64, Ix1>>, places: &'a [usize]) -> Self {
        Self { columns, places: Some(places) }
    }

    fn bits(&self, row: u32) -> impl Iterator<Item = u64> {
        let place = self.places.map_or(row as usize, |places| places[row as usize]);
        self.columns.iter().map(move |column| column[place].to_bits())
    }

    /// A number made of all the values of a row: as good an order as any, and cheaper than comparing them.
    fn digest(&self, row: u32) -> u64 {
        self.bits(row).fold(0x9E37_79B9_7F4A_7C15, mixed)
    }
}

/// One step of a multiplicative hash.
fn mixed(state: u64, value: u64) -> u64 {
    let product = u128::from(state ^ value.wrapping_mul(0xD6E8_FEB8_6659_FD93)) * 0xA076_1D64_78BD_642F_u128;
    (product as u64) ^ ((product >> 64) as u64)
}

/// A row and what it is sorted by.
type Keyed = (u64, u32);

/// More rows than this to sort by digest are first dealt out by its leading bits.
const MANY: usize = 4_096;

/// The order of fitting, or `None` where the rows are in it already.
pub(super) fn sorting(
    blocks: &[&Block],
    lead: Option<usize>,
    rows: usize,
    values: &Values<'_>,
) -> Option<Vec<u32>> {
    let cell = Cell::new(blocks, lead);
    let codes = lead.map(|lead| blocks[lead].codes.as_slice());
    if let Some(codes) = codes
        && cell.ascending(codes)
    {
        return None;
    }
    let (mut order, starts) = match lead.map(|lead| blocks[lead]) {
        Some(lead) => by_code(&lead.codes, lead.levels),
        None => ((0..rows as u32).collect(), vec![0, rows as u32]),
    };
    let mut keyed: Vec<Keyed> = Vec::new();
    for group in starts.windows(2) {
        let mine = &mut order[group[0] as usize..group[1] as usize];
        keyed.clear();
        keyed.extend(mine.iter().map(|&row| (cell.key(row as usize), row)));
        if keyed.is_sorted_by(|a, b| a.0 < b.0) {
            continue;
        }
        if !keyed.is_sorted_by_key(|k| k.0) {
            keyed.sort_unstable_by_key(|k| k.0);
        }
        keyed.chunk_by_mut(|a, b| a.0 == b.0).filter(|tied| tied.len() > 1).for_each(|tied| {
            tied.iter_mut().for_each(|(key, row)| *key = values.digest(*row));
            by_digest(tied, values);
        });
        mine.iter_mut().zip(&keyed).for_each(|(slot, &(_, row))| *slot = row);
    }
    let as_given = order.iter().zip(0..).all(|(&row, place)| row == place);
    (!as_given).then_some(order)
}

/// Sorts rows by their digests, and by all values where these are equal.
fn by_digest(rows: &mut [Keyed], values: &Values<'_>) {
    let sort = |rows: &mut [Keyed]| {
        rows.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| values.bits(a.1).cmp(values.bits(b.1))));
    };
    if rows.len() <= MANY {
        sort(rows);
        return;
    }
    // Digests are spread evenly: few rows to a bucket.
    let shift = 64 - (rows.len() / 4).ilog2();
    let buckets: Vec<u32> = rows.iter().map(|(digest, _)| (digest >> shift) as u32).collect();
    let (order, starts) = by_code(&buckets, 1 << (64 - shift));
    let mut dealt: Vec<Keyed> = order.iter().map(|&i| rows[i as usize]).collect();
    starts.windows(2).for_each(|bucket| sort(&mut dealt[bucket[0] as usize..bucket[1] as usize]));
    rows.copy_from_slice(&dealt);
}

/// Rows by code, in the order they stand in within one, and where every code begins.
fn by_code(codes: &[u32], levels: usize) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0_u32; levels + 1];
    for &code in codes {
        starts[code as usize + 1] += 1;
    }
    for level in 0..levels {
        starts[level + 1] += starts[level];
    }
    if codes.is_sorted() {
        return ((0..codes.len() as u32).collect(), starts);
    }
    let mut next = starts.clone();
    let mut order = vec![0; codes.len()];
    for (row, &code) in codes.iter().enumerate() {
        let place = &mut next[code as usize];
        order[*place as usize] = row as u32;
        *place += 1;
    }
    (order, starts)
}

/// The levels of the effects other than the largest, as one number.
struct Cell<'a> {
    codes: Vec<(&'a [u32], u64)>,
    /// Whether the pairs of levels are too many to number.
    vast: bool,
}

impl<'a> Cell<'a> {
    fn new(blocks: &[&'a Block], lead: Option<usize>) -> Self {
        let others = blocks.iter().enumerate().filter(|(b, _)| Some(*b) != lead);
        let codes: Vec<(&[u32], u64)> = others.map(|(_, b)| (&b.codes[..], b.levels as u64)).collect();
        let vast = codes.iter().try_fold(1_u64, |all, (_, levels)| all.checked_mul(*levels)).is_none();
        Self { codes, vast }
    }

    fn key(&self, row: usize) -> u64 {
        let next = |key: u64, (codes, levels): &(&[u32], u64)| {
            let code = u64::from(codes[row]);
            if self.vast { mixed(key, code) } else { key * levels + code }
        };
        self.codes.iter().fold(0, next)
    }

    /// Whether all rows ascend, none equal to another.
    fn ascending(&self, lead: &[u32]) -> bool {
        let mut before = None;
        lead.iter().enumerate().all(|(row, &code)| {
            let mine = Some((code, self.key(row)));
            let ascends = before < mine;
            before = mine;
            ascends
        })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::ArrayView1;

    use super::*;

    fn block(codes: Vec<u32>, levels: usize) -> Block {
        Block { codes, levels, intercept: true, slopes: Vec::new() }
    }

    /// What the rows hold, in the order of fitting, for rows that stand in a given order.
    fn arranged(places: &[usize], levels: [u32; 2]) -> Vec<(u32, u32, u64)> {
        let held = |i: usize| (i as u32 * 7 % levels[0], i as u32 * 5 % levels[1], ((i % 90) as f64).sin());
        let a = block(places.iter().map(|&i| held(i).0).collect(), levels[0] as usize);
        let b = block(places.iter().map(|&i| held(i).1).collect(), levels[1] as usize);
        let column: Vec<f64> = places.iter().map(|&i| held(i).2).collect();
        let all: Vec<usize> = (0..places.len()).collect();
        let values = Values::new(vec![ArrayView1::from(&column).into()], &all);
        let blocks = [&a, &b];
        let lead = (levels[0] > 1).then_some(0);
        let order = sorting(if lead.is_some() { &blocks } else { &[] }, lead, places.len(), &values);
        let order = order.unwrap_or_else(|| (0..places.len() as u32).collect());
        order.iter().map(|&p| held(places[p as usize])).map(|(a, b, v)| (a, b, v.to_bits())).collect()
    }

    #[test]
    fn rows_are_fitted_in_one_order_whatever_the_order_they_come_in() {
        // Cells of several rows, cells of one, equal rows, one group of many rows.
        for (rows, levels) in [(600, [11, 3]), (600, [61, 1]), (30_000, [7, 1]), (30_000, [1, 1])] {
            let plain: Vec<usize> = (0..rows).collect();
            let turned: Vec<usize> = (0..rows).rev().collect();
            let strided: Vec<usize> = (0..rows).map(|i| i * 7_919 % rows).collect();
            let expected = arranged(&plain, levels);
            assert!(levels[0] == 1 || expected.is_sorted_by_key(|(a, b, _)| (*a, *b)));
            assert!(arranged(&turned, levels) == expected, "{levels:?}");
            assert!(arranged(&strided, levels) == expected, "{levels:?}");
        }
    }

    #[test]
    fn sorted_panels_are_left_as_they_are() {
        let (unit, time) = (block(vec![0, 0, 1, 1], 2), block(vec![0, 1, 0, 1], 2));
        assert_eq!(sorting(&[&unit, &time], Some(0), 4, &Values::default()), None);
        assert_eq!(sorting(&[&time, &unit], Some(0), 4, &Values::default()), Some(vec![0, 2, 1, 3]));
    }
}
