//! The laws of a [`Processor`], held for every stage of the chain and for the
//! player by one checker.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fmt;

use auralis_core::block::Block;
use auralis_core::flow::Processor;

use crate::signals::{Planes, Random, noise};

/// Frames per call in which the sound is cut: one by one, oddly, as a worklet
/// and as the server do, and at random.
const PARTITIONS: [&[usize]; 6] = [&[1], &[7], &[128], &[4096], &[997, 1, 128, 64], &[3, 2048, 31]];
/// What counts as silent after the tail: −140 dBFS, below half a step of 24 bits.
pub const SILENT: f32 = 1e-7;
/// Length of the sound that is played: longer than any look-ahead or delay.
const N_FRAMES: usize = 24_000;

/// A law, and how it was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// 1: cutting the input anywhere yields the same samples.
    Partition(String),
    /// 2: `reset` makes a used stage equal to a new one.
    Reset(String),
    /// 3: at neutral a pure delay of `latency()`, which no setting changes.
    Neutral(String),
    /// 4: `tail()` frames after the input ends all is silent.
    Tail(String),
    /// 5: `process` does not allocate.
    Allocates(u64),
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Broken::Partition(how) => write!(f, "law 1: cutting the input changes the sound: {how}"),
            Broken::Reset(how) => write!(f, "law 2: after reset the stage remembers: {how}"),
            Broken::Neutral(how) => write!(f, "law 3: neutral is no pure delay: {how}"),
            Broken::Tail(how) => write!(f, "law 4: it sounds longer than its tail: {how}"),
            Broken::Allocates(n) => write!(f, "law 5: process allocated {n} times"),
        }
    }
}

/// Holds stereo stages to the laws: `make` builds one at work, `neutral` one
/// whose settings are neutral, both at the same rate.
pub fn lawful<P: Processor>(make: impl Fn() -> P, neutral: impl Fn() -> P) -> Result<(), Broken> {
    let sound = music();
    for build in [&make as &dyn Fn() -> P, &neutral] {
        let whole = play(&mut build(), &sound, &[N_FRAMES]);
        for partition in PARTITIONS {
            same(&play(&mut build(), &sound, partition), &whole)
                .map_err(|how| Broken::Partition(format!("{partition:?}: {how}")))?;
        }
        reset_is_new(build)?;
    }
    is_delay(&make(), &mut neutral(), &sound)?;
    ends(&mut make(), &sound)?;
    let n_allocations = allocations_of(&mut make(), &sound) + allocations_of(&mut neutral(), &sound);
    if n_allocations > 0 { Err(Broken::Allocates(n_allocations)) } else { Ok(()) }
}

/// Sound with everything that stages listen for: noise that swells, steps of
/// level, single full peaks, silence, and a side signal of its own.
pub fn music() -> Planes {
    let mut planes = vec![noise(11, N_FRAMES, 1.0), noise(12, N_FRAMES, 0.7)];
    for plane in &mut planes {
        for (n, x) in plane.iter_mut().enumerate() {
            *x *= match n / 4_000 {
                0 => n as f32 / 4_000.0,
                1 => 1.0,
                2 => 0.05,
                3 => 0.0,
                4 => 0.5,
                _ => 1.4,
            };
        }
    }
    planes
}

/// Full-scale noise hides what a limiter still holds; a slow fade-in from
/// nothing shows it (STYLE §3.3). NaN and infinity must be forgotten as well.
fn reset_is_new<P: Processor>(build: &dyn Fn() -> P) -> Result<(), Broken> {
    let fade = |n: usize| (n as f32 / N_FRAMES as f32).powi(2);
    let fade_in: Planes = [21, 22]
        .map(|seed| noise(seed, N_FRAMES, 0.5).iter().enumerate().map(|(n, x)| x * fade(n)).collect())
        .to_vec();
    let fresh = play(&mut build(), &fade_in, &[128]);
    let mut hostile = vec![noise(31, 6_000, 8.0), noise(32, 6_000, 8.0)];
    for (past, what) in [(hostile.clone(), "loud"), (poison(&mut hostile), "not finite")] {
        let mut used = build();
        play(&mut used, &past, &[512]);
        used.reset();
        same(&play(&mut used, &fade_in, &[128]), &fresh)
            .map_err(|how| Broken::Reset(format!("after a past that was {what}: {how}")))?;
    }
    Ok(())
}

fn poison(planes: &mut Planes) -> Planes {
    let mut random = Random(5);
    for plane in planes.iter_mut() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e-40, f32::MAX] {
            let frame = random.below(plane.len());
            plane[frame] = bad;
        }
    }
    planes.clone()
}

fn is_delay<P: Processor>(working: &P, neutral: &mut P, sound: &Planes) -> Result<(), Broken> {
    let latency = neutral.latency();
    if working.latency() != latency {
        let other = working.latency();
        return Err(Broken::Neutral(format!("its latency is {latency}, but {other} with other settings")));
    }
    let delayed: Planes = sound
        .iter()
        .map(|plane| std::iter::repeat_n(0.0, latency).chain(plane.iter().copied()).take(N_FRAMES).collect())
        .collect();
    same(&play(neutral, sound, &[128]), &delayed).map_err(Broken::Neutral)
}

fn ends<P: Processor>(stage: &mut P, sound: &Planes) -> Result<(), Broken> {
    play(stage, sound, &[128]);
    let n_after = 8_192;
    let tail = stage.tail();
    let silence = vec![vec![0.0; tail + n_after]; 2];
    let after = play(stage, &silence, &[128]);
    for plane in &after {
        if let Some(late) = plane[tail..].iter().position(|x| x.abs() > SILENT || x.is_nan()) {
            let at = tail + late;
            return Err(Broken::Tail(format!("{} at {at} frames, its tail is {tail}", plane[at])));
        }
    }
    Ok(())
}

/// What the stage makes of `sound`, cut into blocks of these sizes in turn.
pub fn play<P: Processor + ?Sized>(stage: &mut P, sound: &Planes, sizes: &[usize]) -> Planes {
    let n_frames = sound.first().map_or(0, Vec::len);
    let mut out = vec![Vec::with_capacity(n_frames); sound.len()];
    let mut frame = 0;
    for &size in sizes.iter().cycle() {
        if frame == n_frames {
            break;
        }
        let end = n_frames.min(frame + size);
        let cut: Vec<&[f32]> = sound.iter().map(|plane| &plane[frame..end]).collect();
        let mut block = Block::from_planes(&cut);
        stage.process(&mut block);
        for (channel, plane) in out.iter_mut().enumerate() {
            plane.extend_from_slice(block.plane(channel));
        }
        frame = end;
    }
    out
}

/// Says where two sounds first differ by a bit. 0 and −0 are the same silence.
pub fn same(got: &Planes, wanted: &Planes) -> Result<(), String> {
    for (channel, (got, wanted)) in got.iter().zip(wanted).enumerate() {
        if got.len() != wanted.len() {
            return Err(format!("{} frames instead of {}", got.len(), wanted.len()));
        }
        let differs = |(a, b): (&f32, &f32)| a.to_bits() != b.to_bits() && !(*a == 0.0 && *b == 0.0);
        if let Some(frame) = got.iter().zip(wanted).position(differs) {
            let (got, wanted) = (got[frame], wanted[frame]);
            return Err(format!("channel {channel}, frame {frame}: {got} instead of {wanted}"));
        }
    }
    Ok(())
}

/// How often `process` allocates over the sound, in blocks of 128. It counts
/// only in a test binary whose global allocator is [`Counting`].
fn allocations_of<P: Processor>(stage: &mut P, sound: &Planes) -> u64 {
    let mut block = Block::new(sound.len(), 128);
    let mut n_allocations = 0;
    for start in (0..N_FRAMES).step_by(128) {
        let end = N_FRAMES.min(start + 128);
        block.set_frames(end - start);
        for (channel, plane) in sound.iter().enumerate() {
            block.plane_mut(channel).copy_from_slice(&plane[start..end]);
        }
        n_allocations += allocations(|| stage.process(&mut block));
    }
    n_allocations
}

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    /// Bytes this thread holds, and the most it held.
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST_HELD: Cell<isize> = const { Cell::new(0) };
}

/// How often this thread allocates while `work` runs.
pub fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

/// The most bytes this thread holds at once while `work` runs, on top of what
/// it held before.
pub fn most_held(work: impl FnOnce()) -> usize {
    let before = HELD.get();
    MOST_HELD.set(before);
    work();
    usize::try_from(MOST_HELD.get() - before).unwrap_or(0)
}

/// The system's allocator, counting what each thread asks of it.
pub struct Counting;

/// Counts an allocation by which the thread holds so many bytes more.
fn count(bytes: isize) {
    // A thread that is being taken down has no counters any more.
    let _ = ALLOCATIONS.try_with(|n| n.set(n.get() + 1));
    hold(bytes);
}

fn hold(bytes: isize) {
    let _ = HELD.try_with(|held| {
        held.set(held.get() + bytes);
        let _ = MOST_HELD.try_with(|most| most.set(most.get().max(held.get())));
    });
}

// SAFETY: every call is handed to the system's allocator unchanged; counting
// touches only thread-local numbers and allocates nothing itself.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller keeps `GlobalAlloc`'s contract, which is the same.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: as above.
        unsafe { System.dealloc(place, layout) }
    }
    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as isize - layout.size() as isize);
        // SAFETY: as above.
        unsafe { System.realloc(place, layout, size) }
    }
}
