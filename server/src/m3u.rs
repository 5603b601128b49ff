//! Playlists in files (M3U8): written with paths relative to the library, read
//! with paths that stay in it. A playlist names files; nothing is opened for it.

use std::path::Path;

use crate::catalog::{Listed, Place};
use crate::media::path_of;

/// Lines of one file at most.
pub const MAX_LINES: usize = 100_000;

/// The beginning of a playlist's file.
pub fn head(name: &str) -> Vec<u8> {
    format!("#EXTM3U\n#PLAYLIST:{}\n", one_line(name)).into_bytes()
}

/// Writes one track into a playlist's file that lies in the library's folder. If
/// there are several `folders`, the path begins with the name of its own.
pub fn write(file: &mut Vec<u8>, track: &Listed, folders: &[Vec<u8>]) {
    let name = [track.artists.join(", ").as_str(), &track.title].join(" - ");
    file.extend(format!("#EXTINF:{},{}\n", track.duration_s.round(), one_line(&name)).bytes());
    if folders.len() > 1 {
        file.extend(base_name(&track.place.folder));
        file.push(b'/');
    } else if track.place.path.starts_with(b"#") {
        // Or it would be a comment.
        file.extend(b"./");
    }
    file.extend(&track.place.path);
    file.push(b'\n');
}

fn one_line(text: &str) -> String {
    text.replace(|c: char| c.is_control(), " ")
}

/// The paths in a playlist, each with the title that is written of it, or none.
pub fn read(bytes: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    let (mut paths, mut title) = (Vec::new(), "");
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(told) = line.strip_prefix("#EXTINF:") {
            let name = told.split_once(',').map_or("", |(_, name)| name);
            title = name.split_once(" - ").map_or(name, |(_, title)| title).trim();
        } else if !line.starts_with('#') {
            paths.push((line.to_owned(), std::mem::take(&mut title).to_owned()));
        }
    }
    paths
}

/// Where `path` may mean, as a playlist in the directory `base` of the library
/// has it; nowhere, if it leads out of the library.
pub fn places(path: &str, base: &str, folders: &[Vec<u8>]) -> Vec<Place> {
    let path = match path.strip_prefix("file://") {
        Some(url) => decoded(url),
        None if path.contains("://") => return Vec::new(),
        None => path.as_bytes().to_vec(),
    };
    let path: Vec<u8> = path.into_iter().map(|byte| if byte == b'\\' { b'/' } else { byte }).collect();
    if path.starts_with(b"/") {
        let within = |folder: &Vec<u8>| {
            let rest = path.strip_prefix(folder.as_slice())?.strip_prefix(b"/")?;
            Some(Place { folder: folder.clone(), path: normal(rest)? })
        };
        return folders.iter().filter_map(within).collect();
    }
    let from_base = normal(&[base.as_bytes(), b"/", &path].concat());
    let Some(path) = from_base else { return Vec::new() };
    let mut places: Vec<Place> =
        folders.iter().map(|folder| Place { folder: folder.clone(), path: path.clone() }).collect();
    for folder in folders {
        // As it is written where there are several folders.
        let rest = path.strip_prefix(base_name(folder).as_slice()).and_then(|rest| rest.strip_prefix(b"/"));
        places.extend(rest.map(|rest| Place { folder: folder.clone(), path: rest.to_vec() }));
    }
    places
}

fn base_name(folder: &[u8]) -> Vec<u8> {
    let name = path_of(folder).file_name().map(|name| crate::media::bytes_of(Path::new(name)));
    name.unwrap_or_default()
}

/// Without `.` and `..`; none: it leads out.
fn normal(path: &[u8]) -> Option<Vec<u8>> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    Some(parts.join(&b'/'))
}

/// The path of a `file://` address.
fn decoded(url: &str) -> Vec<u8> {
    let path = url.find('/').map_or("", |at| &url[at..]);
    let (mut bytes, mut rest) = (Vec::new(), path.as_bytes());
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.filter(|_| *first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(folder: &str, path: &str) -> Place {
        Place { folder: folder.into(), path: path.into() }
    }

    #[test]
    fn paths_mean_files_in_the_library_and_no_others() {
        let one = [b"/music".to_vec()];
        for (path, base, meant) in [
            ("a/b.flac", "", vec![place("/music", "a/b.flac")]),
            ("../c.flac", "lists", vec![place("/music", "c.flac")]),
            ("..\\c.flac", "lists", vec![place("/music", "c.flac")]),
            ("./a/./b.flac", "", vec![place("/music", "a/b.flac")]),
            ("/music/a.flac", "", vec![place("/music", "a.flac")]),
            ("file:///music/a%20b.flac", "", vec![place("/music", "a b.flac")]),
            ("../../etc/passwd", "lists", vec![]),
            ("/etc/passwd", "", vec![]),
            ("/music/../etc/passwd", "", vec![]),
            ("/musical/a.flac", "", vec![]),
            ("http://example.org/a.flac", "", vec![]),
            ("a\0b", "", vec![place("/music", "a\0b")]),
        ] {
            assert_eq!(places(path, base, &one), meant, "{path}");
        }
        let two = [b"/music".to_vec(), b"/mnt/more".to_vec()];
        assert!(places("more/a.flac", "", &two).contains(&place("/mnt/more", "a.flac")));
    }

    #[test]
    fn what_is_written_is_read() {
        let written = |paths: &[&str], folders: &[Vec<u8>]| {
            let mut file = head("L");
            for path in paths {
                let (artists, title) = (vec!["A".to_owned(), "B".to_owned()], "C\nD".to_owned());
                let place = place("/mnt/more", path);
                write(&mut file, &Listed { place, duration_s: 1.6, title, artists }, folders);
            }
            file
        };
        let folders = [b"/music".to_vec(), b"/mnt/more".to_vec()];
        let file = written(&["a.flac", "#b.flac"], &folders);
        assert!(file.starts_with(b"#EXTM3U\n#PLAYLIST:L\n#EXTINF:2,A, B - C D\nmore/a.flac\n"));
        let told = |path: &str, title: &str| (path.to_owned(), title.to_owned());
        assert_eq!(read(&file), [told("more/a.flac", "C D"), told("more/#b.flac", "C D")]);
        let alone = written(&["#b.flac"], &folders[1..]);
        let read = read(&alone);
        assert!(places(&read[0].0, "", &folders[1..]).contains(&place("/mnt/more", "#b.flac")));
        assert_eq!(super::read(b"\xef\xbb\xbf#EXTM3U\r\n a.mp3 \r\n\r\n"), [told("a.mp3", "")]);
        assert_eq!(super::read(b"#EXTINF:3,A - B - C\na\nb"), [told("a", "B - C"), told("b", "")]);
    }
}
