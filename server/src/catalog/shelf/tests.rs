//! What a shelf tells, and that keeping it up to date tells the same.

use std::collections::HashSet;

use super::*;
use crate::catalog::{
    Entry, Folder, GroupQuery, GroupSort, Measurable, Measured, Name, Orders, Placed, Query,
};
use crate::rule::{Rule, parse};

const VERSION: u32 = 9;

/// A catalog in a folder of its own.
struct Own {
    catalog: Catalog,
    folder: Folder,
    data: std::path::PathBuf,
}

impl Own {
    fn new(name: &str) -> Self {
        let data = std::env::temp_dir().join(format!("auralis-shelf-{name}-{}", std::process::id()));
        let catalog = Catalog::open(&data, VERSION).unwrap();
        let folder = catalog.open_folders(&[b"/music".to_vec()]).unwrap().remove(0);
        Own { catalog, folder, data }
    }

    fn put(&self, entries: &[Entry]) -> Vec<Placed> {
        self.catalog.put(&self.folder, entries, &mut HashSet::new()).unwrap()
    }

    fn query(&self, rule: &str, sort: Option<Sort>) -> Query {
        Query { rule: parse(rule, 1_733_011_200).unwrap(), sort, limit: 500, ..Query::default() }
    }

    fn titles(&self, query: &Query) -> Vec<String> {
        let page = self.catalog.tracks(query).unwrap().unwrap();
        assert!(page.items.len() as u64 <= page.total);
        page.items.into_iter().map(|track| track.title).collect()
    }

    fn found(&self, rule: &str) -> Vec<String> {
        let mut titles = self.titles(&self.query(rule, Some(Sort::Title)));
        titles.sort();
        titles
    }

    fn measured(&self, placed: &Placed, entry: &Entry, lufs: f64, tempo_bpm: f64) {
        let of = Measurable {
            row: placed.row,
            key: placed.key.clone(),
            title: String::new(),
            folder: b"/music".to_vec(),
            path: entry.path.clone(),
            size: entry.size,
            mtime_ns: entry.mtime_ns,
            codec: "flac".to_owned(),
            has_art: false,
            cut: (0, None),
        };
        let json = format!(r#"{{"lra_lu":7.5,"descriptors":{{"tempo_bpm":{tempo_bpm},"crest_db":12.25}}}}"#);
        let measured = Measured {
            version: VERSION,
            n_frames: 1,
            sample_rate: 44_100,
            lufs: Some(lufs),
            true_peak_dbtp: None,
            json,
        };
        assert!(self.catalog.put_fingerprint(&of, &measured).unwrap());
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.data).unwrap();
    }
}

fn entry(n: u32, title: &str, artist: &str, album: &str) -> Entry {
    Entry {
        path: format!("{n}.flac").into_bytes(),
        mtime_ns: i64::from(n),
        content: Some([n as u8; 16]),
        title: title.to_owned(),
        artists: if artist.is_empty() { Vec::new() } else { vec![artist.into()] },
        album: (!album.is_empty()).then(|| album.to_owned()),
        album_artist: Some(artist.to_owned()).filter(|_| !album.is_empty()),
        track_no: Some(n),
        codec: Some("flac".to_owned()),
        sample_rate: Some(44_100),
        channels: Some(2),
        bits: Some(16),
        duration_s: 100.0 + f64::from(n),
        ..Entry::default()
    }
}

fn library() -> Vec<Entry> {
    let mut entries = vec![
        entry(1, "So What", "Miles Davis", "Kind of Blue"),
        entry(2, "Blue in Green", "Miles Davis", "Kind of Blue"),
        entry(3, "Blue", "Joni Mitchell", "Blue"),
        entry(4, "Jóga", "Björk", "Homogenic"),
        entry(5, "Don't Stop", "The Beatles", "Live"),
        entry(6, "上を向いて歩こう", "坂本九", ""),
        entry(7, "Nothing known", "", ""),
    ];
    entries[0].genres = vec!["Jazz".to_owned(), "Modal".to_owned()];
    entries[0].year = Some(1959);
    entries[1].genres = vec!["Jazz".to_owned()];
    entries[1].year = Some(1959);
    entries[2].year = Some(1971);
    entries[2].lyrics = Some("[00:01]Songs are like tattoos".to_owned());
    entries[3].year = Some(1997);
    entries[3].bpm = Some(90.0);
    entries[4].is_compilation = true;
    entries[4].composers = vec![Name { name: "Somebody Else".to_owned(), sort: None }];
    entries[5].codec = Some("mp3".to_owned());
    entries
}

#[test]
fn rules_choose_what_they_mean() {
    let own = Own::new("rules");
    let entries = library();
    let placed = own.put(&entries);
    own.measured(&placed[2], &entries[2], -18.3, 120.0);
    own.measured(&placed[3], &entries[3], -9.0, 181.0);
    let all = own.found("");
    assert_eq!(all.len(), 7);
    for (rule, titles) in [
        ("blue", &["Blue", "Blue in Green", "So What"][..]),
        ("title:blue", &["Blue", "Blue in Green"]),
        // What is and is not so of a track's own values, looked at together.
        ("year:>1950 -year:1971 -bpm:>85", &["Blue in Green", "So What"]),
        ("-is:compilation -codec:flac", &["上を向いて歩こう"]),
        ("\"blue in\"", &["Blue in Green"]),
        ("\"in blue\"", &[]),
        ("\"blu\"", &[]),
        ("blu", &["Blue", "Blue in Green", "So What"]),
        ("BJORK", &["Jóga"]),
        ("joga björk", &["Jóga"]),
        ("miles green", &["Blue in Green"]),
        ("dont", &["Don't Stop"]),
        ("don’t", &["Don't Stop"]),
        ("向い", &["上を向いて歩こう"]),
        ("坂本", &["上を向いて歩こう"]),
        ("tattoos", &["Blue"]),
        ("lyrics:\"like tattoos\"", &["Blue"]),
        ("title:tattoos", &[]),
        ("composer:somebody", &["Don't Stop"]),
        ("genre:jazz", &["Blue in Green", "So What"]),
        ("genre:jazz -genre:modal", &["Blue in Green"]),
        ("genre:jazz OR artist:joni", &["Blue", "Blue in Green", "So What"]),
        ("-(genre:jazz OR artist:joni) year:>0", &["Jóga"]),
        ("year:1959..1971", &["Blue", "Blue in Green", "So What"]),
        ("lufs:<-18", &["Blue"]),
        ("lufs:-18", &["Blue"]),
        ("lra:7.5 crest:>12", &["Blue", "Jóga"]),
        // A tag outweighs the measurement.
        ("bpm:90", &["Jóga"]),
        ("bpm:120", &["Blue"]),
        ("is:measured", &["Blue", "Jóga"]),
        ("is:compilation", &["Don't Stop"]),
        ("is:lyrics", &["Blue"]),
        ("codec:mp3", &["上を向いて歩こう"]),
        ("-is:lossless", &["上を向いて歩こう"]),
        ("duration:<102", &["So What"]),
        ("plays:0 year:1997", &["Jóga"]),
        ("added:>2020 title:jóga", &["Jóga"]),
        ("added:2019", &[]),
    ] {
        assert_eq!(own.found(rule), titles, "{rule}");
    }
}

#[test]
fn orders_have_what_is_not_known_last_both_ways() {
    let own = Own::new("orders");
    own.put(&library());
    let titles = |sort: Sort, descending: bool| {
        let mut query = own.query("", Some(sort));
        query.descending = descending;
        own.titles(&query)
    };
    assert_eq!(titles(Sort::Year, false)[..4], ["So What", "Blue in Green", "Blue", "Jóga"]);
    assert_eq!(titles(Sort::Year, true)[..4], ["Jóga", "Blue", "So What", "Blue in Green"]);
    // Without their articles: Beatles, Björk, Joni, Miles.
    let by_artist =
        ["Don't Stop", "Jóga", "Blue", "So What", "Blue in Green", "上を向いて歩こう", "Nothing known"];
    assert_eq!(titles(Sort::Artist, false), by_artist);
    assert_eq!(titles(Sort::Artist, true)[6], "Nothing known");
    assert_eq!(titles(Sort::Album, true)[..2], ["Don't Stop", "Blue in Green"]);
    assert_eq!(titles(Sort::Duration, true)[0], "Nothing known");
    for &(_, sort) in Sort::ALL {
        assert_eq!((titles(sort, false).len(), titles(sort, true).len()), (7, 7), "{sort:?}");
    }
}

#[test]
fn the_best_hits_come_first() {
    let own = Own::new("rank");
    own.put(&library());
    let ranked = |rule: &str| own.titles(&own.query(rule, None));
    assert_eq!(ranked("blue"), ["Blue", "Blue in Green", "So What"]);
    assert_eq!(ranked("miles davis"), ["So What", "Blue in Green"]);
}

/// More hits than are ranked: the one that is called so is found nevertheless.
#[test]
fn what_is_called_so_comes_before_what_mentions_it() {
    let own = Own::new("called");
    let best_first = [
        ["The Beatles", "Somebody", ""],
        ["Something", "The Beatles", "Abbey Road"],
        ["The Beatles in Space", "X", "Y"],
        ["One", "Two", "The Béatles"],
        ["Help", "X", "The Beatles Live"],
        ["Songs of the Beatles", "X", "Z"],
        ["Thesis", "Nobody", "Beatlesque"],
    ];
    // As they would come by album, and the other way round.
    for is_reversed in [false, true] {
        let mut entries: Vec<Entry> =
            (0..).zip(best_first).map(|(n, [title, artist, album])| entry(n, title, artist, album)).collect();
        if is_reversed {
            entries.reverse();
        }
        own.put(&entries);
        let wanted: Vec<&str> = best_first.iter().map(|texts| texts[0]).collect();
        assert_eq!(own.titles(&own.query("The béatles", None)), wanted);
    }
}

#[test]
fn of_very_many_hits_those_that_begin_so_come_first() {
    let own = Own::new("many");
    let mut entries: Vec<Entry> =
        (0..2_500).map(|n| entry(n, &format!("about love {n}"), "Somebody", "Songs of love")).collect();
    entries.push(entry(2_500, "Love", "Nobody", "Zebra"));
    own.put(&entries);
    let all = Query { limit: 3_000, ..own.query("love", None) };
    let told = own.titles(&all);
    assert_eq!(told[0], "Love");
    let distinct: HashSet<&String> = told.iter().collect();
    assert_eq!((told.len(), distinct.len()), (2_501, 2_501));
    // Any part is that part of all.
    for (offset, limit) in
        [(0, 500), (1_990, 5), (1_990, 20), (2_000, 100), (2_400, 500), (2_501, 10), (9_000, 1)]
    {
        let part = Query { offset, limit, ..all.clone() };
        let wanted: Vec<&String> = told.iter().skip(offset as usize).take(limit as usize).collect();
        assert_eq!(own.titles(&part).iter().collect::<Vec<_>>(), wanted, "{limit} after {offset}");
        assert_eq!(own.catalog.tracks(&part).unwrap().unwrap().total, 2_501);
    }
}

/// What is read row by row as it is written is what reading all gives.
#[test]
fn a_shelf_kept_up_to_date_is_one_read_anew() {
    let own = Own::new("fresh");
    let mut entries = library();
    let told = |catalog: &Catalog| {
        let list = |rule: &str, sort: Sort, descending: bool| {
            let rule = parse(rule, 0).unwrap();
            let query = Query { rule, sort: Some(sort), descending, limit: 500, ..Query::default() };
            let page = catalog.tracks(&query).unwrap().unwrap();
            page.items.into_iter().map(|track| track.row).collect::<Vec<_>>()
        };
        let mut told = Vec::new();
        for &(_, sort) in Sort::ALL {
            told.push(list("", sort, false));
            told.push(list("", sort, true));
        }
        for rule in
            ["blue", "is:measured", "is:failed", "genre:jazz", "genre:folk", "shining water", "is:lyrics"]
        {
            told.push(list(rule, Sort::Title, false));
        }
        told
    };
    let groups = |catalog: &Catalog| {
        [Group::Album, Group::Artist, Group::Composer, Group::Genre].map(|group| {
            let query = GroupQuery {
                group,
                words: None,
                rule: Rule::default(),
                within: Vec::new(),
                sort: GroupSort::Name,
                descending: false,
                limit: 500,
                offset: 0,
            };
            let page = catalog.groups(&query).unwrap().unwrap();
            page.items
                .into_iter()
                .map(|one| (one.name, one.artist, one.stat, one.first_track))
                .collect::<Vec<_>>()
        })
    };
    let check = |step: &str| {
        let anew = Catalog::open(&own.data, VERSION).unwrap();
        assert_eq!(told(&own.catalog), told(&anew), "{step}");
        assert_eq!(groups(&own.catalog), groups(&anew), "{step}");
    };
    check("nothing");
    let placed = own.put(&entries);
    check("all come");
    own.measured(&placed[1], &entries[1], -11.0, 0.0);
    check("one is measured");
    own.catalog.put_fault(placed[0].row, (0, 1), "measure", "bad").unwrap();
    check("one fails");
    own.catalog.forget_faults(None).unwrap();
    check("it is to be tried again");
    entries[2].title = "Aaa".to_owned();
    entries[2].genres = vec!["Folk".to_owned()];
    entries[2].artists = vec!["Aaron".into(), "Björk".into()];
    entries[2].mtime_ns += 1;
    own.put(&entries[2..3]);
    check("one is tagged anew");
    assert_eq!(own.found("aaa"), ["Aaa"]);
    // Each alone, as any of them may be all that changes.
    entries[3].genres = vec!["Folk".to_owned()];
    entries[3].mtime_ns += 1;
    own.put(&entries[3..4]);
    check("one is of another genre");
    entries[3].lyrics = Some("Shining water".to_owned());
    entries[3].mtime_ns += 1;
    own.put(&entries[3..4]);
    check("one has lyrics");
    assert_eq!(
        (own.found("genre:folk"), own.found("water")),
        (vec!["Aaa".into(), "Jóga".into()], vec!["Jóga".into()])
    );
    own.catalog.miss(&[placed[4].row]).unwrap();
    entries[4].path = b"0/moved.flac".to_vec();
    assert_eq!(own.put(&entries[4..5])[0].row, placed[4].row);
    check("one is moved");
    assert_eq!(own.titles(&own.query("", Some(Sort::Path)))[..2], ["Don't Stop", "So What"]);
    own.catalog.miss(&[placed[3].row, placed[0].row]).unwrap();
    check("two are missing");
    own.catalog.find_again(&[placed[3].row]).unwrap();
    check("one is found again");
    own.catalog.forget_missing().unwrap();
    check("one is forgotten");
    assert_eq!(own.found("what"), Vec::<String>::new());
    own.catalog.open_folders(&[]).unwrap();
    check("the folder is closed");
    assert_eq!(own.found("").len(), 0);
}

#[test]
fn groups_add_up_what_is_within() {
    let own = Own::new("groups");
    let mut entries = library();
    entries[1].artists.push("Bill Evans".into());
    own.put(&entries);
    let query = |group: Group, within: Vec<(Group, String)>| GroupQuery {
        group,
        words: None,
        rule: Rule::default(),
        within,
        sort: GroupSort::Name,
        descending: false,
        limit: 500,
        offset: 0,
    };
    let named = |query: &GroupQuery| own.catalog.groups(query).unwrap().unwrap().items;
    let names = |query: &GroupQuery| named(query).into_iter().map(|one| one.name).collect::<Vec<_>>();
    let artists = query(Group::Artist, Vec::new());
    assert_eq!(
        names(&artists),
        ["The Beatles", "Bill Evans", "Björk", "Joni Mitchell", "Miles Davis", "坂本九"]
    );
    let miles = named(&artists).remove(4);
    assert_eq!((miles.stat.n_tracks, miles.stat.n_albums, miles.stat.duration_s), (2, 1, 203.0));
    let bill = crate::catalog::name_key("artist", "bill evans");
    let his = named(&query(Group::Album, vec![(Group::Artist, bill.clone())]));
    assert_eq!((his[0].name.as_str(), his[0].stat.n_tracks, his.len()), ("Kind of Blue", 1, 1));
    assert_eq!(names(&query(Group::Genre, vec![(Group::Artist, bill)])), ["Jazz"]);
    assert_eq!(names(&query(Group::Composer, Vec::new())), ["Somebody Else"]);
    let unknown = query(Group::Album, vec![(Group::Genre, "nobody".to_owned())]);
    assert!(own.catalog.groups(&unknown).unwrap().is_none());
    let called = GroupQuery { words: Some("BJÖ".to_owned()), ..artists.clone() };
    assert_eq!(names(&called), ["Björk"]);
    let by_tracks = GroupQuery { sort: GroupSort::Tracks, descending: true, ..artists.clone() };
    assert_eq!(names(&by_tracks)[0], "Miles Davis");
    // Tracks of two albums in turns, as they were found: the album's first comes last.
    let in_turns: Vec<Entry> =
        (0..6).map(|n| entry(20 - n, "T", "Turn", if n % 2 == 0 { "Even" } else { "Odd" })).collect();
    own.put(&in_turns);
    let turn = named(&artists).into_iter().find(|one| one.name == "Turn").unwrap();
    assert_eq!((turn.stat.n_tracks, turn.stat.n_albums), (6, 2));
    let first = own.catalog.track(&turn.first_track).unwrap().unwrap();
    assert_eq!((first.album.as_deref(), first.track_no), (Some("Even"), Some(16)));
}
