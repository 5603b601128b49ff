//! Speed: decoding per format, the fingerprint, each stage, the whole chain, the
//! player with its pre-roll, `enhance` from file to file and of an album, large
//! libraries, the native stream under load, jobs, and the core in WebAssembly. A
//! table, and `target/bench.json`.

mod clock;
mod house;
mod jobs;
mod library;
mod material;
mod native;
mod scan;
mod streams;
mod table;
mod wasm;

use material::Material;
use table::Table;

fn main() {
    let filters: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let material = Material::new();
    let mut table = Table::new(&filters);
    native::decoding(&mut table, &material);
    native::fingerprinting(&mut table, &material);
    native::stages(&mut table, &material);
    native::rendering(&mut table, &material);
    native::enhancing(&mut table, &material);
    native::enhancing_folder(&mut table);
    library::rows(&mut table, &material);
    scan::first(&mut table);
    streams::rows(&mut table);
    jobs::rows(&mut table);
    wasm::in_node(&mut table, &material);
    wasm::in_worker(&mut table, &material);
    wasm::in_worklet(&mut table, &material);
    table.print();
}
