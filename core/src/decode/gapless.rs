//! Where sound begins and ends in what a codec gives back (law L3): encoders
//! put a run-in before it and fill up the last packet.

use symphonia::core::codecs::audio::well_known::{CODEC_ID_MP3, CODEC_ID_OPUS};

use super::demux::{Demuxer, Next};
use super::{mkv, mp4, opus};
use crate::error::Result;

/// The frames of a stream that are sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Trim {
    /// The place of the first on the track's axis.
    pub start: i64,
    /// How many there are, where that is stated and to be believed.
    pub n_frames: Option<u64>,
    /// How many are to be expected, by whatever the file says.
    pub n_expected: Option<u64>,
}

/// Finds the trim of the demuxer's track, which stands before its first packet.
pub(super) fn trim(demuxer: &mut Demuxer) -> Result<Trim> {
    let is_stamped = demuxer.can_jump();
    let first = match demuxer.peek()? {
        Next::Piece(piece) if is_stamped => piece.ts.saturating_add(piece.packet.trim_start.get() as i64),
        _ => 0,
    };
    if demuxer.container() == "matroska" {
        demuxer.handle().allow(super::demux::OPEN_ALLOWANCE);
        let rate = demuxer.params().sample_rate.unwrap_or(0);
        let margins = mkv::margins(demuxer.handle(), demuxer.track().id, rate);
        demuxer.pad(margins.padding);
        return Ok(Trim { start: margins.delay as i64, n_frames: None, n_expected: None });
    }
    let track = demuxer.track();
    let params = demuxer.params();
    let rate = params.sample_rate.unwrap_or(0);
    // A stream cut from a longer one may begin late; it may not begin early.
    let first = first.max(0);
    let stated = track.num_frames;
    let (delay, n_frames) = match demuxer.container() {
        "isomp4" => {
            demuxer.handle().allow(super::demux::OPEN_ALLOWANCE);
            mp4::read(demuxer.handle(), track.id).map_or((0, None), |times| times.trim(rate))
        }
        // Without LAME's mark symphonia's count is an estimate.
        _ if params.codec == CODEC_ID_MP3 => (u64::from(track.delay.unwrap_or(0)), track.delay.and(stated)),
        _ if params.codec == CODEC_ID_OPUS => {
            let head = opus::Head::parse(params.extra_data.as_deref().unwrap_or_default());
            (head.map_or(0, |head| head.pre_skip), None)
        }
        "caf" => (u64::from(track.delay.unwrap_or(0)), None),
        _ => (0, None),
    };
    let n_expected = n_frames.or_else(|| match demuxer.container() {
        "ogg" | "isomp4" => stated.map(|n| n.saturating_sub(delay)),
        _ => stated,
    });
    Ok(Trim { start: first + delay as i64, n_frames, n_expected })
}
