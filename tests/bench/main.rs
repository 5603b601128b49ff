//! Speed, as multiples of real time on one core: decoding per format, the
//! fingerprint, each stage, the whole chain, the player with its pre-roll,
//! `enhance` from file to file, and the engine in WebAssembly. One table, and
//! `target/bench.json`.

mod clock;
mod material;

use std::path::Path;

use auralis_core::block::Block;
use auralis_core::chain::{Chain, Dynamics, Equaliser, Gain, Image, Limiter, Rider, Saturator};
use auralis_core::flow::{Processor, Source};
use auralis_core::geometry::Geometry;
use auralis_core::player::Render;
use auralis_core::{decode, fingerprint};
use auralis_tests::signals::{Memory, Planes};

use clock::Table;
use material::Material;

fn main() {
    let filters: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let material = Material::new();
    let mut table = Table::new(&filters);
    decoding(&mut table, &material);
    fingerprinting(&mut table, &material);
    stages(&mut table, &material);
    rendering(&mut table, &material);
    programs(&mut table, &material);
    table.print();
}

fn decoding(table: &mut Table, material: &Material) {
    for (format, path) in material.files() {
        let Ok(bytes) = std::fs::read(path) else { continue };
        table.row(&format!("decode {format}"), None, material.seconds, || {
            let media = Box::new(std::io::Cursor::new(bytes.clone()));
            let decoder = decode::open(media, Some(bytes.len() as u64), None);
            read(&mut decoder.expect("a file that was just made opens"), 4_096);
        });
    }
}

fn fingerprinting(table: &mut Table, material: &Material) {
    table.row("fingerprint", Some(520.0), material.seconds, || {
        let mut source = Memory::new(material.rate, material.planes.clone());
        std::hint::black_box(fingerprint::measure(&mut source, &mut |_| true).expect("sound is measured"));
    });
}

fn stages(table: &mut Table, material: &Material) {
    let (rate, plan) = (material.rate, &material.stages);
    let mut stage = |name: &str, stage: &mut dyn Processor| {
        table.row(&format!("stage {name}, by 128"), None, material.seconds, || {
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
    for size in [128, 4_096] {
        let mut chain = Chain::new(rate, plan).expect("the plan's stages are valid");
        table.row(&format!("chain, by {size}"), Some(520.0), material.seconds, || {
            process(&mut chain, &material.planes, size);
        });
    }
}

fn rendering(table: &mut Table, material: &Material) {
    let n_frames = material.planes[0].len() as u64;
    table.row("player with pre-roll, by 4096", None, material.seconds, || {
        let source = Memory::new(material.rate, material.planes.clone());
        let geometry = Geometry::at(material.rate);
        let render = Render::new(source, &material.stages, n_frames, geometry);
        read(&mut render.expect("the plan's stages are valid"), 4_096);
    });
}

/// Whole programs: the time they take on the wall.
fn programs(table: &mut Table, material: &Material) {
    if let Some(program) = std::env::var_os("AURALIS_PROGRAM") {
        for (format, aim) in [("flac", Some(150.0)), ("wav", None)] {
            for is_pinned in [true, false] {
                let cores = if is_pinned { "one core" } else { "all cores" };
                let name = format!("enhance, flac to {format}, {cores}");
                table.row_on_the_wall(&name, aim.filter(|_| is_pinned), material.seconds, || {
                    enhance(&program, material, format, is_pinned);
                });
            }
        }
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/engine.mjs");
    let (plan, pcm) = material.for_engine();
    table.reported("engine in wasm with pre-roll, by 128", Some(180.0), material.seconds, || {
        let node = std::process::Command::new("node").arg(&script).arg(&plan).arg(&pcm).output().ok()?;
        let said = String::from_utf8_lossy(&node.stdout).into_owned();
        if !node.status.success() {
            eprintln!("{}", String::from_utf8_lossy(&node.stderr));
        }
        said.split_whitespace().map(|seconds| seconds.parse().ok()).collect()
    });
}

/// Runs `auralis enhance`; pinned to one core by `taskset` of util-linux.
fn enhance(program: &std::ffi::OsStr, material: &Material, format: &str, is_pinned: bool) {
    let out = material.folder().join(format!("enhanced.{format}"));
    let mut enhance = std::process::Command::new(if is_pinned { "taskset".as_ref() } else { program });
    if is_pinned {
        enhance.args(["-c", "0"]).arg(program);
    }
    enhance.arg("enhance").arg(material.flac()).arg("-o").arg(&out).arg("--force");
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

fn process(stage: &mut dyn Processor, planes: &Planes, size: usize) {
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
