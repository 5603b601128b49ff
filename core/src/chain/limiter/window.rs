//! Windows that slide over integers and samples, a run of values at a time.

/// A delay line.
#[derive(Clone, Debug)]
pub struct Ring<T> {
    slots: Box<[T]>,
    at: usize,
}

impl<T: Copy + Default> Ring<T> {
    /// A delay of `n`, full of nothing.
    pub fn new(n: usize) -> Self {
        Ring { slots: vec![T::default(); n].into_boxed_slice(), at: 0 }
    }

    /// Its delay.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Takes these values in and gives those of `len` ago in their place.
    pub fn exchange(&mut self, mut values: &mut [T]) {
        while !values.is_empty() {
            let n = values.len().min(self.slots.len() - self.at);
            let (now, later) = values.split_at_mut(n);
            now.swap_with_slice(&mut self.slots[self.at..self.at + n]);
            self.at = if self.at + n == self.slots.len() { 0 } else { self.at + n };
            values = later;
        }
    }

    /// Empties it.
    pub fn reset(&mut self) {
        self.slots.fill(T::default());
        self.at = 0;
    }
}

/// The running sum of the last `n` integers.
#[derive(Clone, Debug)]
pub struct Average<T> {
    ring: Ring<T>,
    sum: i64,
}

impl<T: Copy + Default + Into<i64>> Average<T> {
    /// Over `n` values.
    pub fn new(n: usize) -> Self {
        Average { ring: Ring::new(n), sum: 0 }
    }

    /// Takes these values in and gives the sum at each; the values are lost.
    pub fn push(&mut self, values: &mut [T], sums: &mut [i64]) {
        for (sum, &value) in sums.iter_mut().zip(&*values) {
            *sum = value.into();
        }
        self.ring.exchange(values);
        for (sum, &old) in sums.iter_mut().zip(&*values) {
            self.sum += *sum - old.into();
            *sum = self.sum;
        }
    }

    /// Empties it.
    pub fn reset(&mut self) {
        self.ring.reset();
        self.sum = 0;
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
        let all = numbers(500);
        for window in [1, 2, 7, 64, 120] {
            for piece in [1, 3, 64, 500] {
                let (mut largest, mut average) = (SlidingMax::new(window), Average::<u32>::new(window));
                let mut ring = Ring::new(window);
                let (mut maxima, mut sums, mut late) = (Vec::new(), Vec::new(), Vec::new());
                for values in all.chunks(piece) {
                    let mut out = vec![0; values.len()];
                    average.push(&mut values.to_vec(), &mut out);
                    sums.extend(out);
                    let mut values = values.to_vec();
                    let mut old = values.clone();
                    largest.push(&mut values);
                    ring.exchange(&mut old);
                    maxima.extend(values);
                    late.extend(old);
                }
                for n in 0..all.len() {
                    let seen = &all[(n + 1).saturating_sub(window)..=n];
                    assert_eq!(maxima[n], *seen.iter().max().expect("one at least"), "{window}, {piece}");
                    assert_eq!(sums[n], seen.iter().map(|&x| i64::from(x)).sum::<i64>(), "{window}, {piece}");
                    assert_eq!(late[n], if n < window { 0 } else { all[n - window] }, "{window}, {piece}");
                }
            }
        }
    }
}
