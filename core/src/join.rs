//! The join: how one rendering of a signal becomes the next.
//!
//! Both sides are the same music through nearly the same chain, so the gains
//! are linear and sum to 1; equal power would lift the middle by 3 dB. A convex
//! mix of two signals under a ceiling stays under it.

/// Fades `heard` into `fresh`, in place. `n_in` is how many frames ago (at the
/// slices' first frame) the fade began; before it there is only `heard`, after
/// `crossfade` frames only `fresh`, both to the bit.
pub fn join(heard: &mut [f32], fresh: &[f32], n_in: i64, crossfade: u64) {
    let crossfade = crossfade as i64;
    let begin = (-n_in).clamp(0, heard.len() as i64) as usize;
    let end = (crossfade - n_in).clamp(0, heard.len() as i64) as usize;
    for (i, (a, &b)) in heard[..end].iter_mut().zip(fresh).enumerate().skip(begin) {
        let share = (n_in + i as i64) as f32 / crossfade as f32;
        *a += (b - *a) * share;
    }
    heard[end..].copy_from_slice(&fresh[end..]);
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn any_cut_gives_the_same_fade() {
        let heard: Vec<f32> = (0..40).map(|i| (i as f32).sqrt()).collect();
        let fresh: Vec<f32> = (0..40).map(|i| 3.0 - i as f32 * 0.1).collect();
        let mut whole = heard.clone();
        join(&mut whole, &fresh, -7, 20);
        for cut in 0..=40 {
            let mut parts = heard.clone();
            join(&mut parts[..cut], &fresh[..cut], -7, 20);
            join(&mut parts[cut..], &fresh[cut..], cut as i64 - 7, 20);
            assert_eq!(parts, whole, "cut at {cut}");
        }
        assert_eq!(whole[..8], heard[..8]);
        assert_eq!(whole[27..], fresh[27..]);
    }

    #[test]
    fn a_signal_joined_with_itself_is_itself() {
        let signal: Vec<f32> = (0..100).map(|i| (i as f32 * 0.7).cos()).collect();
        let mut joined = signal.clone();
        join(&mut joined, &signal, 0, 50);
        assert_eq!(joined, signal);
    }
}
