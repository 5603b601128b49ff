//! What the chunks leave in the sound, beside one chain that heard the whole
//! track: level steps, corners, and the residual.

use auralis_core::geometry::Geometry;
use auralis_tests::signals::Planes;

/// Below this a window or its curvature is silence: no step can be heard, and
/// no ratio means anything. Mean square of −90 dBFS.
const SILENT_POWER: f64 = 1e-9;
/// See [`SILENT_POWER`]: linear, −120 dBFS.
const SILENT_CURVATURE: f32 = 1e-6;

/// What the joins of one rendering come to.
#[derive(Clone, Copy, Debug)]
pub struct Joins {
    /// How many there are.
    pub n: u64,
    /// Largest difference of level over 50 ms around a join, in dB.
    pub step_db: f64,
    /// Highest second difference at a join over what is usual around it (see
    /// [`curvature_ratio`]).
    pub curvature: f64,
    /// The same where no join is: the highest at the same places of the
    /// continuous rendering.
    pub curvature_of_music: f64,
    /// Largest difference of any sample, in dBFS; −300 where there is none.
    pub residual_dbfs: f64,
}

impl Joins {
    /// Those in `chunked`, beside `continuous`.
    pub fn between(chunked: &Planes, continuous: &Planes, rate: u32, geometry: &Geometry) -> Joins {
        let n_frames = chunked[0].len() as u64;
        let n = geometry.n_chunks(n_frames) - 1;
        let mut joins = Joins {
            n,
            step_db: 0.0,
            curvature: 0.0,
            curvature_of_music: 0.0,
            residual_dbfs: residual_dbfs(chunked, continuous),
        };
        for k in 1..=n {
            let begin = k * geometry.interval;
            // A fade has a corner at either end.
            for corner in [begin, begin + geometry.crossfade] {
                joins.curvature = joins.curvature.max(curvature_ratio(chunked, rate, corner));
                joins.curvature_of_music =
                    joins.curvature_of_music.max(curvature_ratio(continuous, rate, corner));
            }
            // Before, across either end, and within the fade.
            let window = u64::from(rate) / 20;
            for from in [begin - window, begin - window / 2, begin, begin + window / 2, begin + window] {
                let level = |planes| mean_square(planes, from, from + window);
                let (a, b) = (level(chunked), level(continuous));
                if b > SILENT_POWER {
                    joins.step_db = joins.step_db.max((10.0 * (a / b).log10()).abs());
                }
            }
        }
        joins
    }
}

impl Joins {
    /// How much more of a corner there is than usual, or than the music itself
    /// has at the place: test signals change their level on a whole second.
    pub fn corner(&self) -> f64 {
        self.curvature / self.curvature_of_music.max(1.0)
    }
}

fn residual_dbfs(a: &Planes, b: &Planes) -> f64 {
    let differences = a.iter().zip(b).flat_map(|(a, b)| a.iter().zip(b)).map(|(a, b)| (a - b).abs());
    (20.0 * f64::from(differences.fold(0.0, f32::max)).log10()).max(-300.0)
}

fn mean_square(planes: &Planes, from: u64, upto: u64) -> f64 {
    let range = |plane: &Vec<f32>| (from as usize).min(plane.len())..(upto as usize).min(plane.len());
    let squares = planes.iter().flat_map(|plane| &plane[range(plane)]).map(|x| f64::from(*x).powi(2));
    squares.sum::<f64>() / (2 * (upto - from)) as f64
}

/// The highest second difference within 2 frames of `at`, over the 99.9th
/// hundredth of those within 100 ms: what a click raises first. The higher of
/// both channels; music without a join has about 0.8, an audible join 2.5.
fn curvature_ratio(planes: &Planes, rate: u32, at: u64) -> f64 {
    let (at, reach) = (at as usize, rate as usize / 10);
    let of_plane = |plane: &Vec<f32>| {
        let (from, upto) = (at.saturating_sub(reach).max(1), (at + reach).min(plane.len() - 1));
        if at + 3 > upto {
            return 0.0;
        }
        let curvature = |n: usize| (plane[n + 1] - 2.0 * plane[n] + plane[n - 1]).abs();
        let near = (at - 2..=at + 2).map(curvature).fold(0.0, f32::max);
        let mut around: Vec<f32> = (from..upto).map(curvature).collect();
        let rank = around.len() - 1 - around.len() / 1_000;
        let (_, usual, _) = around.select_nth_unstable_by(rank, f32::total_cmp);
        if *usual > SILENT_CURVATURE { f64::from(near / *usual) } else { 0.0 }
    };
    planes.iter().map(of_plane).fold(0.0, f64::max)
}
