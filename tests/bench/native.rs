//! The core and the program, natively.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use auralis_core::block::Block;
use auralis_core::chain::{Chain, Dynamics, Equaliser, Gain, Image, Limiter, Rider, Saturator};
use auralis_core::flow::{Processor, Source};
use auralis_core::geometry::Geometry;
use auralis_core::player::Render;
use auralis_core::{decode, fingerprint};
use auralis_tests::signals::{Character, Memory, Planes, track};

use crate::material::Material;
use crate::table::{Goal, Table};

/// Every format, from memory to frames.
pub fn decoding(table: &mut Table, material: &Material) {
    for (format, path) in material.files() {
        let Ok(bytes) = std::fs::read(path) else { continue };
        table.row(&format!("decode {format}"), Goal::NONE, material.seconds, || {
            let media = Box::new(std::io::Cursor::new(bytes.clone()));
            let decoder = decode::open(media, Some(bytes.len() as u64), None);
            read(&mut decoder.expect("a file that was just made opens"), 4_096);
        });
    }
}

/// All that is measured of a track, from its frames.
pub fn fingerprinting(table: &mut Table, material: &Material) {
    let mut print = |name: &str, goal, rate, seconds, planes: &Planes| {
        table.row(name, goal, seconds, || {
            let mut source = Memory::new(rate, planes.clone());
            std::hint::black_box(fingerprint::measure(&mut source, &mut |_| true).expect("it is measured"));
        });
    };
    let Material { rate, seconds, planes, .. } = material;
    print("fingerprint", Goal::of(400.0, 520.0), *rate, *seconds, planes);
    for rate in [96_000, 192_000] {
        let seconds = 20.0;
        let planes = track(Character::Boomy, 1, rate, seconds);
        print(&format!("fingerprint at {} kHz", rate / 1_000), Goal::NONE, rate, seconds, &planes);
    }
}

/// Each stage, then the chain of all.
pub fn stages(table: &mut Table, material: &Material) {
    let (rate, plan) = (material.rate, &material.stages);
    let mut stage = |name: &str, stage: &mut dyn Processor| {
        table.row(&format!("stage {name}, by 128"), Goal::NONE, material.seconds, || {
            process(stage, &material.planes, 128);
        });
    };
    stage("gain", &mut Gain::new(plan.input_gain_db));
    stage("ride", &mut Rider::new(rate, &plan.ride));
    stage("equaliser", &mut Equaliser::new(rate, &plan.eq));
    stage("dynamics", &mut Dynamics::new(rate, &plan.dynamics));
    stage("saturation", &mut Saturator::new(rate, &plan.saturation));
    stage("stereo", &mut Image::new(rate, &plan.stereo));
    stage("limiter", &mut Limiter::new(rate, &plan.limiter));
    for (stages, what, goal) in
        [(plan, "all stages on", Goal::of(400.0, 1_000.0)), (&material.adaptive, "adaptive plan", Goal::NONE)]
    {
        let mut chain = Chain::new(rate, stages).expect("the plan's stages are valid");
        for size in [128, 4_096] {
            table.row(&format!("chain, {what}, by {size}"), goal, material.seconds, || {
                process(&mut chain, &material.planes, size);
            });
        }
    }
}

/// The chain in chunks, each with its pre-roll, joined.
pub fn rendering(table: &mut Table, material: &Material) {
    let n_frames = material.planes[0].len() as u64;
    let name = "player with pre-roll, all stages on, by 4096";
    table.row(name, Goal::NONE, material.seconds, || {
        let source = Memory::new(material.rate, material.planes.clone());
        let geometry = Geometry::at(material.rate);
        let render = Render::new(source, &material.stages, n_frames, geometry);
        read(&mut render.expect("the plan's stages are valid"), 4_096);
    });
}

/// The whole program, from file to file.
pub fn enhancing(table: &mut Table, material: &Material) {
    let Some(program) = std::env::var_os("AURALIS_PROGRAM") else { return };
    for (format, goal) in [("flac", Goal::of(70.0, 150.0)), ("wav", Goal::NONE)] {
        for is_pinned in [true, false] {
            let (cores, goal) = if is_pinned { ("one core", goal) } else { ("all cores", Goal::NONE) };
            let name = format!("enhance 3 minutes, flac to {format}, {cores}");
            table.row_of_programs(&name, goal, material.long_seconds(), is_pinned, || {
                enhance(&program, material, format, is_pinned);
            });
        }
    }
}

/// The same of a folder: the album that the program composes, all of it.
pub fn enhancing_folder(table: &mut Table) {
    const NAME: &str = "enhance an album, flac to flac, all cores";
    let Some(program) = std::env::var_os("AURALIS_PROGRAM") else { return };
    if !table.wants(NAME) {
        return;
    }
    let (music, out) = (auralis_tests::folder(), auralis_tests::folder());
    auralis_server::demo::ensure(music.path(), &|_| true).expect("it is composed");
    let seconds = seconds_in(music.path());
    table.row_of_programs(NAME, Goal::of(120.0, 250.0), seconds, false, || {
        let mut enhance = Command::new(&program);
        enhance.arg("enhance").arg(music.path()).arg("-o").arg(out.path()).arg("--force");
        let output = enhance.output().expect("the program starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    });
}

/// The length of all sound in a folder.
fn seconds_in(folder: &Path) -> f64 {
    let paths = std::fs::read_dir(folder).expect("it is there").map(|entry| entry.expect("an entry").path());
    let flacs = paths.filter(|path| path.extension().is_some_and(|extension| extension == "flac"));
    flacs
        .map(|path| {
            let file = std::fs::File::open(path).expect("it is there");
            let flac = decode::open(Box::new(file), None, Some("flac")).expect("it is sound");
            flac.expected_frames().expect("it says so") as f64 / f64::from(flac.spec().rate)
        })
        .sum()
}

/// Runs `auralis enhance`; pinned to one core by `taskset` of util-linux.
fn enhance(program: &OsStr, material: &Material, format: &str, is_pinned: bool) {
    let out = material.folder().join(format!("enhanced.{format}"));
    let mut enhance = Command::new(if is_pinned { "taskset".as_ref() } else { program });
    if is_pinned {
        enhance.args(["-c", "0"]).arg(program);
    }
    enhance.arg("enhance").arg(material.long_flac()).arg("-o").arg(&out).arg("--force");
    let output = enhance.output().expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn read(source: &mut dyn Source, size: usize) {
    let mut block = Block::new(source.spec().n_channels, size);
    loop {
        source.read(&mut block).expect("the source reads");
        std::hint::black_box(block.plane(0));
        if block.n_frames() < size {
            return;
        }
    }
}

/// From the beginning of the track: behind its end a ride would rest.
fn process(stage: &mut dyn Processor, planes: &Planes, size: usize) {
    stage.reset();
    let mut block = Block::new(2, size);
    for start in (0..planes[0].len()).step_by(size) {
        let end = planes[0].len().min(start + size);
        block.set_frames(end - start);
        for (channel, plane) in planes.iter().enumerate() {
            block.plane_mut(channel).copy_from_slice(&plane[start..end]);
        }
        stage.process(&mut block);
        std::hint::black_box(block.plane(0));
    }
}
