//! Settings on their way: every retune is a straight line of a fixed length,
//! counted in frames, so that it sounds the same however blocks are cut.

/// `N` numbers that move together to where they are told.
#[derive(Clone, Debug)]
pub struct Glide<const N: usize> {
    now: [f32; N],
    target: [f32; N],
    step: [f32; N],
    n_left: u32,
}

impl<const N: usize> Glide<N> {
    /// At rest at `at`.
    pub fn new(at: [f32; N]) -> Self {
        Glide { now: at, target: at, step: [0.0; N], n_left: 0 }
    }

    /// Moves to `target` over `n_frames` ticks; 0 is at once.
    pub fn to(&mut self, target: [f32; N], n_frames: u32) {
        self.target = target;
        self.n_left = n_frames;
        if n_frames == 0 {
            self.now = target;
            return;
        }
        self.step = std::array::from_fn(|i| (target[i] - self.now[i]) / n_frames as f32);
    }

    /// The numbers now.
    #[inline(always)]
    pub fn now(&self) -> &[f32; N] {
        &self.now
    }

    /// Where they are going.
    pub fn target(&self) -> &[f32; N] {
        &self.target
    }

    /// Whether they stand still.
    #[inline(always)]
    pub fn resting(&self) -> bool {
        self.n_left == 0
    }

    /// One frame on; lands exactly on the target.
    #[inline(always)]
    pub fn tick(&mut self) {
        match self.n_left {
            0 => {}
            1 => self.finish(),
            _ => {
                self.n_left -= 1;
                for i in 0..N {
                    self.now[i] += self.step[i];
                }
            }
        }
    }

    /// Lands at once.
    pub fn finish(&mut self) {
        self.now = self.target;
        self.n_left = 0;
    }
}
