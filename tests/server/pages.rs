//! Pages of the list: whatever their length and order, together they are the
//! list, and each says whether more follows.

use auralis_core::encode::Format;
use serde_json::Value;

use crate::house::{House, sound};

const N: usize = 23;
/// The orders, each with the field that it goes by; what has none comes last.
const ORDERS: [(&str, &str); 17] = [
    ("album", "album"),
    ("title", "title"),
    ("artist", "artists"),
    ("path", "title"),
    ("duration", "duration_s"),
    ("year", "year"),
    ("added", "added_at"),
    ("lufs", "lufs"),
    ("lra", ""),
    ("crest", ""),
    ("bpm", "bpm"),
    ("rating", "rating"),
    ("plays", "n_plays"),
    ("played", "played_at"),
    ("favored", "favorite_at"),
    ("rate", "sample_rate"),
    ("bits", ""),
];

fn house() -> House {
    // Alike in most that they are ordered by.
    let files: Vec<(String, Vec<u8>)> = (0..N)
        .map(|n| (format!("{n:02}.wav"), sound(Format::Wav16, n as u64 % 5, 0.5 + 0.1 * (n % 3) as f64)))
        .collect();
    let named: Vec<(&str, &[u8])> = files.iter().map(|(name, file)| (name.as_str(), &file[..])).collect();
    House::served(&named, &[])
}

fn ids(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().expect("items");
    items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn pages_are_the_list_in_every_order_both_ways() {
    let house = house();
    house.settled(N as u64);
    for (order, field) in ORDERS
        .into_iter()
        .flat_map(|(order, field)| [(order.to_owned(), field), (format!("-{order}"), field)])
    {
        let list = house.get(&format!("/api/tracks?sort={order}&limit=500")).json();
        let whole = ids(&list);
        assert_eq!(whole.len(), N);
        let items = list["items"].as_array().expect("items");
        // By number or by text, as the field is.
        let known = |two: &[Value]| !two[0][field].is_null() && !two[1][field].is_null();
        for two in items.windows(2).filter(|two| known(two)) {
            let [a, b] = [&two[0][field], &two[1][field]];
            let is_up = match (a.as_f64(), b.as_f64()) {
                (Some(a), Some(b)) => a <= b,
                _ => format!("{a}") <= format!("{b}"),
            };
            let is_same = a == b;
            assert!(is_same || is_up != order.starts_with('-'), "{a} before {b} by {order}");
        }
        let n_known = items.iter().take_while(|item| !item[field].is_null()).count();
        assert!(
            items[n_known..].iter().all(|item| item[field].is_null()),
            "what is not known comes last by {order}"
        );
        for limit in [1, 7, N - 1, N, N + 1] {
            let mut pages = Vec::new();
            for offset in (0..N).step_by(limit) {
                let page = house.get(&format!("/api/tracks?sort={order}&limit={limit}&offset={offset}"));
                pages.extend(ids(&page.json()));
            }
            assert_eq!(pages, whole, "{order} by {limit}");
        }
    }
}

#[test]
fn a_page_says_whether_more_follows() {
    let house = house();
    for limit in [1, 2, N - 1, N, N + 1, 500] {
        for offset in [0, 1, limit, N.saturating_sub(limit), N - 1, N, N + 1, (1 << 53) - 1] {
            let page = house.get(&format!("/api/tracks?limit={limit}&offset={offset}")).json();
            let n_left = N.saturating_sub(offset);
            assert_eq!(ids(&page).len(), n_left.min(limit), "{limit} from {offset}");
            assert_eq!((&page["total"], &page["has_more"]), (&N.into(), &(n_left > limit).into()), "{page}");
        }
    }
}

#[test]
fn totals_follow_what_comes_and_goes() {
    let house = House::served(&[("a.wav", &sound(Format::Wav16, 1, 0.5))], &[]);
    let total = |query: &str| house.get(&format!("/api/tracks{query}")).json()["total"].clone();
    assert_eq!((total(""), total("?q=b")), (1.into(), 0.into()));
    house.put("b.wav", &sound(Format::Wav16, 2, 0.5));
    house.scanned(2);
    assert_eq!((total(""), total("?q=b")), (2.into(), 1.into()));
    std::fs::remove_file(house.library.path().join("a.wav")).expect("it was there");
    house.scanned(1);
    assert_eq!((total(""), total("?q=b")), (1.into(), 1.into()));
}
