//! A taste with its company: what of it depends on other tracks.

use auralis_core::fingerprint::Fingerprint;
use auralis_core::plan::{AlbumLoudness, Taste};

use crate::catalog::{Catalog, Result};

/// `taste` for the track of this row, with the loudness of its album if that is
/// wished, and with the fingerprint of the track that it shall sound like.
pub fn in_company(
    catalog: &Catalog,
    row: i64,
    mut taste: Taste,
    with_album: bool,
    reference: Option<&str>,
) -> Result<Taste> {
    if with_album {
        let mut tracks: Vec<Fingerprint> = Vec::new();
        for json in catalog.album_fingerprints(row)? {
            tracks.push(serde_json::from_str(&json)?);
        }
        taste.album = AlbumLoudness::of(&tracks);
    }
    taste.reference = match reference {
        Some(json) => Some(Box::new(serde_json::from_str(json)?)),
        None => None,
    };
    Ok(taste)
}
