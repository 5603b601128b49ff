//! The grid: lines across the track, 64 frames apart, on which a stage does
//! what it need not do for every frame. They are the track's, not a block's, so
//! that every chain over the same frames and any cut of them work alike.

/// Frames between two lines: 1.5 ms at 44.1 kHz. Gains of the dynamics are
/// worked out once in these, and the fastest of their attacks takes 1 ms.
pub const GRID: usize = 64;

/// Where a stage stands between two lines.
#[derive(Clone, Copy, Debug, Default)]
pub struct Grid {
    /// Frames until the next line; 0: on it.
    n_to_line: usize,
}

impl Grid {
    /// Says which frame of the track comes next.
    pub fn seek(&mut self, frame: i64) {
        let into = frame.rem_euclid(GRID as i64) as usize;
        self.n_to_line = (GRID - into) % GRID;
    }

    /// How many of `n_left` frames can be done before something is due, and
    /// whether a line is due first.
    pub fn next(&mut self, n_left: usize) -> (usize, bool) {
        let on_line = self.n_to_line == 0;
        if on_line {
            self.n_to_line = GRID;
        }
        let n = n_left.min(self.n_to_line);
        self.n_to_line -= n;
        (n, on_line)
    }
}

/// Hands out frames piece by piece as the grid cuts them: `act(on a line, left, right)`.
#[inline(always)]
pub fn by_lines(
    grid: &mut Grid,
    left: &mut [f32],
    right: &mut [f32],
    mut act: impl FnMut(bool, &mut [f32], &mut [f32]),
) {
    let mut at = 0;
    while at < left.len() {
        let (n, on_line) = grid.next(left.len() - at);
        act(on_line, &mut left[at..at + n], &mut right[at..at + n]);
        at += n;
    }
}
