//! A set of rows, a bit each.

/// A set of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bits {
    words: Vec<u64>,
}

impl Bits {
    /// None of up to `len` rows.
    pub fn none(len: usize) -> Self {
        Bits { words: vec![0; len.div_ceil(64)] }
    }

    /// These, of up to `len` rows.
    pub fn of(len: usize, rows: impl Iterator<Item = usize>) -> Self {
        let mut bits = Bits::none(len);
        rows.for_each(|row| bits.insert(row));
        bits
    }

    /// Adds a row, if there is room for it.
    pub fn insert(&mut self, row: usize) {
        if let Some(word) = self.words.get_mut(row / 64) {
            *word |= 1 << (row % 64);
        }
    }

    /// Adds or takes away, making room where needed.
    pub fn set(&mut self, row: usize, is_in: bool) {
        if row / 64 >= self.words.len() {
            self.words.resize(row / 64 + 1, 0);
        }
        match is_in {
            true => self.words[row / 64] |= 1 << (row % 64),
            false => self.words[row / 64] &= !(1 << (row % 64)),
        }
    }

    /// Whether a row is in it.
    pub fn contains(&self, row: usize) -> bool {
        self.words.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// All rows in it, upwards.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.words.iter().enumerate().flat_map(|(at, &word)| {
            let rest = std::iter::successors(Some(word), |word| Some(word & word.wrapping_sub(1)));
            rest.take_while(|word| *word != 0).map(move |word| 64 * at + word.trailing_zeros() as usize)
        })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Keeps those that are in `other` too.
    pub fn and(&mut self, other: &Bits) {
        self.each(other, |own, other| own & other);
    }

    /// Adds those of `other`, as far as there is room.
    pub fn or(&mut self, other: &Bits) {
        self.each(other, |own, other| own | other);
    }

    /// Takes those of `other` away.
    pub fn and_not(&mut self, other: &Bits) {
        self.each(other, |own, other| own & !other);
    }

    fn each(&mut self, other: &Bits, join: impl Fn(u64, u64) -> u64) {
        let others = other.words.iter().copied().chain(std::iter::repeat(0));
        for (own, other) in self.words.iter_mut().zip(others) {
            *own = join(*own, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(bits: &Bits) -> Vec<usize> {
        let rows: Vec<usize> = bits.iter().collect();
        assert_eq!(rows, (0..1_000).filter(|row| bits.contains(*row)).collect::<Vec<_>>());
        rows
    }

    fn of(rows: &[usize]) -> Bits {
        let mut bits = Bits::default();
        rows.iter().for_each(|row| bits.set(*row, true));
        bits
    }

    #[test]
    fn sets_of_any_lengths_meet() {
        let (few, many) = (of(&[0, 63, 64]), of(&[63, 64, 65, 200]));
        let met = |join: fn(&mut Bits, &Bits), mut own: Bits, other: &Bits| {
            join(&mut own, other);
            rows(&own)
        };
        assert_eq!(met(Bits::and, few.clone(), &many), [63, 64]);
        assert_eq!(met(Bits::and, many.clone(), &few), [63, 64]);
        assert_eq!(met(Bits::or, many.clone(), &few), [0, 63, 64, 65, 200]);
        assert_eq!(met(Bits::and_not, many.clone(), &few), [65, 200]);
        assert_eq!(
            (many.count(), many.contains(65), many.contains(66), many.contains(1_000)),
            (4, true, false, false)
        );
        let mut none = Bits::none(10);
        none.insert(9);
        none.insert(99);
        assert_eq!(rows(&none), [9]);
    }
}
