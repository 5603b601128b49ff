//! Reading a library of 2,000 tagged FLAC files for the first time.

use std::fs;
use std::path::Path;

use auralis_core::block::Block;
use auralis_core::encode::{Format, encoder};
use auralis_core::fingerprint::VERSION;
use auralis_core::flow::Spec;
use auralis_server::catalog::Catalog;
use auralis_server::events::Events;
use auralis_server::media::bytes_of;
use auralis_server::scan::Scanner;
use auralis_tests::folder;
use auralis_tests::signals::{Character, track};
use lofty::config::WriteOptions;
use lofty::tag::{Accessor, Tag, TagExt, TagType};

use crate::clock;
use crate::table::{Goal, Table, Unit};

const FIRST: &str = "first scan of 2,000 FLAC files";
const N_FIRST: usize = 2_000;
const RATE: u32 = 44_100;

/// Tags and contents of files that nobody has seen.
pub fn first(table: &mut Table) {
    if !table.wants(FIRST) {
        return;
    }
    eprintln!("{FIRST} …");
    let library = folder();
    write_flacs(library.path());
    let runs = clock::on_the_thread(|| {
        let data = folder();
        let catalog = opened(data.path(), library.path());
        let status = Scanner::new(catalog, Events::default(), || {}).scan().expect("a scan");
        assert_eq!((status.read, status.unreadable), (N_FIRST as u64, 0));
    });
    let speeds = runs.into_iter().map(|took| N_FIRST as f64 / took).collect();
    table.note(FIRST, Unit::Files, Goal::of(1_000.0, 2_000.0), speeds);
}

fn opened(data: &Path, library: &Path) -> Catalog {
    let catalog = Catalog::open(data, VERSION).expect("a catalog");
    catalog.open_folders(&[bytes_of(library)]).expect("it is opened");
    catalog
}

/// One file of two seconds, again and again, with other bytes among its sound
/// and other tags.
fn write_flacs(library: &Path) {
    let planes = track(Character::Boomy, 1, RATE, 2.0);
    let path = library.join("one.flac");
    let file = fs::File::create(&path).expect("a file");
    let spec = Spec { rate: RATE, n_channels: 2 };
    let mut flac =
        encoder(Format::Flac16, spec, planes[0].len() as u64, false, Box::new(file)).expect("FLAC");
    flac.write(&Block::from_planes(&[&planes[0], &planes[1]])).expect("it is written");
    flac.finish().expect("it is written");
    let mut bytes = fs::read(&path).expect("it is read");
    fs::remove_file(path).expect("it is no more of use");
    for n in 0..N_FIRST {
        let (album, end) = (n / 12, bytes.len());
        bytes[end - 8..].copy_from_slice(&(n as u64).to_le_bytes());
        let folder = library.join(format!("artist {}/album {album}", n / 120));
        fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join(format!("{n:04}.flac"));
        fs::write(&path, &bytes).expect("a file");
        let mut tag = Tag::new(TagType::VorbisComments);
        tag.set_title(format!("Track {n}"));
        tag.set_artist(format!("Artist {}", n / 120));
        tag.set_album(format!("Album {album}"));
        tag.set_genre("Test".to_owned());
        tag.set_track(n as u32 % 12 + 1);
        tag.save_to_path(&path, WriteOptions::default()).expect("it is tagged");
    }
}
