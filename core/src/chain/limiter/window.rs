//! Windows that slide over integers and samples, a run of values at a time.

use super::STRIDE;

/// What was heard lately, in one straight run: only when it has come to the end of
/// its memory it is moved to the front.
#[derive(Clone, Debug)]
pub struct Line {
    samples: Box<[f32]>,
    head: usize,
    n_past: usize,
}

impl Line {
    /// Runs in its memory between two moves, and the room behind the newest.
    const RUNS: usize = 8;

    /// Remembers `n_past` frames before the newest run of up to [`STRIDE`].
    pub fn new(n_past: usize) -> Self {
        let samples = vec![0.0; n_past + (Self::RUNS + 1) * STRIDE].into_boxed_slice();
        Line { samples, head: n_past, n_past }
    }

    /// Takes a run in.
    pub fn push(&mut self, run: &[f32]) {
        if self.head + 2 * STRIDE > self.samples.len() {
            self.samples.copy_within(self.head - self.n_past..self.head, 0);
            self.head = self.n_past;
        }
        self.samples[self.head..self.head + run.len()].copy_from_slice(run);
        self.head += run.len();
    }

    /// The newest `n` frames, and more: behind the end lies what is to be
    /// overwritten: numbers without a meaning.
    pub fn newest(&self, n: usize) -> &[f32] {
        &self.samples[self.head - n..]
    }

    /// Forgets all.
    pub fn reset(&mut self) {
        self.samples.fill(0.0);
        self.head = self.n_past;
    }
}

/// The running sum of the last `n` integers. It must stay below 2³².
#[derive(Clone, Debug)]
pub struct Sum {
    ring: Box<[u32]>,
    at: usize,
    sum: u32,
}

impl Sum {
    /// Over `n` values.
    pub fn new(n: usize) -> Self {
        Sum { ring: vec![0; n].into_boxed_slice(), at: 0, sum: 0 }
    }

    /// Replaces each value by the sum of the last `n` up to it.
    pub fn push(&mut self, mut values: &mut [u32]) {
        while !values.is_empty() {
            let n = values.len().min(self.ring.len() - self.at);
            let (now, later) = values.split_at_mut(n);
            for (slot, value) in self.ring[self.at..self.at + n].iter_mut().zip(now) {
                // What leaves is part of the sum.
                self.sum = self.sum - std::mem::replace(slot, *value) + *value;
                *value = self.sum;
            }
            self.at = if self.at + n == self.ring.len() { 0 } else { self.at + n };
            values = later;
        }
    }

    /// Empties it.
    pub fn reset(&mut self) {
        self.ring.fill(0);
        (self.at, self.sum) = (0, 0);
    }
}

/// The largest of the last `n` numbers, two comparisons each (van Herk 1992;
/// Gil & Werman 1993).
#[derive(Clone, Debug)]
pub struct SlidingMax {
    /// The block being filled; from `at` on, of the block before the largest
    /// that came after each place.
    ring: Box<[u32]>,
    at: usize,
    /// Largest of the block being filled.
    prefix: u32,
}

impl SlidingMax {
    /// Over `n` numbers.
    pub fn new(n: usize) -> Self {
        SlidingMax { ring: vec![0; n].into_boxed_slice(), at: 0, prefix: 0 }
    }

    /// Replaces each value by the largest of the last `n` up to it.
    pub fn push(&mut self, mut values: &mut [u32]) {
        while !values.is_empty() {
            let n = values.len().min(self.ring.len() - self.at);
            let (now, later) = values.split_at_mut(n);
            for (slot, value) in self.ring[self.at..self.at + n].iter_mut().zip(now) {
                self.prefix = self.prefix.max(*value);
                let before = std::mem::replace(slot, *value);
                *value = self.prefix.max(before);
            }
            self.at += n;
            if self.at == self.ring.len() {
                let mut after = 0;
                for slot in self.ring.iter_mut().rev() {
                    after = after.max(std::mem::replace(slot, after));
                }
                (self.at, self.prefix) = (0, 0);
            }
            values = later;
        }
    }

    /// Forgets them.
    pub fn reset(&mut self) {
        self.ring.fill(0);
        (self.at, self.prefix) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look random.
    fn numbers(n: usize) -> Vec<u32> {
        (0..n as u32).map(|i| i.wrapping_mul(2_654_435_761).rotate_left(13) % 1_000).collect()
    }

    #[test]
    fn windows_agree_with_their_plain_definitions_however_they_are_fed() {
        let all = numbers(3_000);
        for window in [1, 2, 7, 64, 120] {
            for piece in [1, 3, 63, 64, 500] {
                let (mut largest, mut sum) = (SlidingMax::new(window), Sum::new(window));
                let mut line = Line::new(window);
                let (mut maxima, mut sums, mut late) = (Vec::new(), Vec::new(), Vec::new());
                for values in all.chunks(piece) {
                    let (mut of_max, mut of_sum) = (values.to_vec(), values.to_vec());
                    largest.push(&mut of_max);
                    sum.push(&mut of_sum);
                    maxima.extend(of_max);
                    sums.extend(of_sum);
                    for run in values.chunks(STRIDE) {
                        line.push(&run.iter().map(|&x| x as f32).collect::<Vec<_>>());
                        late.extend_from_slice(&line.newest(window + run.len())[..run.len()]);
                    }
                }
                for n in 0..all.len() {
                    let seen = &all[(n + 1).saturating_sub(window)..=n];
                    assert_eq!(maxima[n], *seen.iter().max().expect("one at least"), "{window}, {piece}");
                    assert_eq!(sums[n], seen.iter().sum::<u32>(), "{window}, {piece}");
                    let then = if n < window { 0 } else { all[n - window] };
                    assert_eq!(late[n], then as f32, "{window}, {piece}");
                }
            }
        }
    }
}
