//! From packets to planes, whichever codec: symphonia's, or Opus.

use symphonia::core::codecs::audio::well_known as id;
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as Foreign;
use symphonia::core::packet::Packet;

use super::guard::guarded;
use super::opus;
use super::planes::Planes;
use crate::error::{Error, Kind, Result};
use crate::flow::Spec;

/// What a packet came to.
pub(super) enum Decoded {
    /// Its frames are in the planes.
    Frames,
    /// It is damaged: its time is silence.
    Nothing(String),
}

/// A decoder at work.
pub(super) enum Codec {
    /// One of symphonia's.
    Native(Box<dyn AudioDecoder>),
    /// Opus.
    Opus(Box<opus::Stream>),
}

impl Codec {
    /// A fresh decoder for a track.
    pub fn new(params: &AudioCodecParameters) -> Result<Codec> {
        if params.codec == id::CODEC_ID_OPUS {
            let head = opus::Head::parse(params.extra_data.as_deref().unwrap_or_default())?;
            return Ok(Codec::Opus(Box::new(opus::Stream::new(&head)?)));
        }
        // Trimming is ours: the number of frames a packet gives is then its own.
        let options = AudioDecoderOptions::default().gapless(false);
        let made =
            guarded("decoder", || symphonia::default::get_codecs().make_audio_decoder(params, &options))?;
        made.map(Codec::Native).map_err(|error| {
            let name = name(params.codec);
            match &error {
                Foreign::Unsupported(_) if params.codec == id::CODEC_ID_AAC => Error::new(
                    Kind::Unsupported,
                    "this kind of aac (he-aac or more than two channels) is not supported",
                ),
                Foreign::Unsupported(why) => Error::new(Kind::Unsupported, format!("{name}: {why}")),
                other => Error::new(Kind::Damaged, format!("{name}: {other}")),
            }
            .because(error)
        })
    }

    /// Decodes `packet` into `planes`. An error means that this decoder is
    /// beyond use.
    pub fn decode(&mut self, packet: &Packet, planes: &mut Planes) -> Result<Decoded> {
        let decoded = guarded("decoder", || match self {
            Codec::Native(decoder) => match decoder.decode(packet) {
                Ok(buffer) => {
                    planes.take(&buffer);
                    Ok(())
                }
                Err(error) => Err(error.to_string()),
            },
            Codec::Opus(stream) => stream.decode(&packet.data, planes),
        })?;
        Ok(match decoded {
            Ok(()) => Decoded::Frames,
            Err(why) => Decoded::Nothing(why),
        })
    }

    /// What the decoder knows of its track, better than the container.
    pub fn params(&self) -> Option<&AudioCodecParameters> {
        match self {
            Codec::Native(decoder) => Some(decoder.codec_params()),
            Codec::Opus(_) => None,
        }
    }
}

/// The codec's name.
pub(super) fn name(codec: AudioCodecId) -> &'static str {
    match codec {
        id::CODEC_ID_OPUS => "opus",
        id::CODEC_ID_VORBIS => "vorbis",
        id::CODEC_ID_MP1 => "mp1",
        id::CODEC_ID_MP2 => "mp2",
        id::CODEC_ID_MP3 => "mp3",
        id::CODEC_ID_AAC => "aac",
        id::CODEC_ID_ALAC => "alac",
        id::CODEC_ID_FLAC => "flac",
        id::CODEC_ID_ADPCM_MS | id::CODEC_ID_ADPCM_IMA_WAV | id::CODEC_ID_ADPCM_IMA_QT => "adpcm",
        codec if is_pcm(codec) => "pcm",
        id::CODEC_ID_AC3 => "ac-3",
        id::CODEC_ID_EAC3 => "e-ac-3",
        id::CODEC_ID_DCA => "dts",
        id::CODEC_ID_WAVPACK => "wavpack",
        id::CODEC_ID_SPEEX => "speex",
        id::CODEC_ID_WMA => "wma",
        _ => "an unknown codec",
    }
}

/// Whether the codec is uncompressed.
pub(super) fn is_pcm(codec: AudioCodecId) -> bool {
    use id::*;
    matches!(
        codec,
        CODEC_ID_PCM_S32LE
            | CODEC_ID_PCM_S32BE
            | CODEC_ID_PCM_S24LE
            | CODEC_ID_PCM_S24BE
            | CODEC_ID_PCM_S16LE
            | CODEC_ID_PCM_S16BE
            | CODEC_ID_PCM_S8
            | CODEC_ID_PCM_U32LE
            | CODEC_ID_PCM_U32BE
            | CODEC_ID_PCM_U24LE
            | CODEC_ID_PCM_U24BE
            | CODEC_ID_PCM_U16LE
            | CODEC_ID_PCM_U16BE
            | CODEC_ID_PCM_U8
            | CODEC_ID_PCM_F32LE
            | CODEC_ID_PCM_F32BE
            | CODEC_ID_PCM_F64LE
            | CODEC_ID_PCM_F64BE
            | CODEC_ID_PCM_ALAW
            | CODEC_ID_PCM_MULAW
    )
}

/// How many frames a packet of this codec gives, told from its bytes alone;
/// `None` where only decoding tells.
pub(super) fn n_frames(codec: AudioCodecId, packet: &[u8]) -> Option<u64> {
    match codec {
        id::CODEC_ID_OPUS => opus::n_frames(packet),
        id::CODEC_ID_AAC => Some(AAC_FRAMES),
        id::CODEC_ID_MP3 => {
            // ISO 11172-3 §2.4.2.3: two version bits, 3 is MPEG-1 with two
            // granules of 576, the others have one.
            let version = (*packet.get(1)? >> 3) & 3;
            Some(if version == 3 { 1_152 } else { 576 })
        }
        _ => None,
    }
}

/// Whether a packet's own header says the shape of the stream, as far as it
/// says any. Packets of another shape in midstream are not played: at another
/// rate they would be out of tune, and a decoder that begins there would take
/// their shape for the stream's.
pub(super) fn fits(codec: AudioCodecId, packet: &[u8], spec: Spec) -> bool {
    let &[_, b1, b2, b3, ..] = packet else { return true };
    let (rate, n_channels) = match codec {
        id::CODEC_ID_MP3 => {
            // ISO 11172-3 §2.4.2.3 and 13818-3 §2.4.2.3: MPEG-2 halves the
            // rates, 2.5 halves them again; mode 3 is mono.
            let base = [44_100, 48_000, 32_000, 0][usize::from((b2 >> 2) & 3)];
            let rate = match (b1 >> 3) & 3 {
                3 => base,
                2 => base / 2,
                _ => base / 4,
            };
            (rate, if b3 >> 6 == 3 { 1 } else { 2 })
        }
        id::CODEC_ID_FLAC => {
            // RFC 9639 §9.1.2 and §9.1.3; rates that are not in the table are
            // not looked at.
            const RATES: [u32; 12] =
                [0, 88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000];
            let rate = RATES.get(usize::from(b2 & 15)).copied().unwrap_or(0);
            let assignment = usize::from(b3 >> 4);
            (rate, if assignment < 8 { assignment + 1 } else { 2 })
        }
        _ => return true,
    };
    (rate == 0 || rate == spec.rate) && n_channels == spec.n_channels
}

/// Frames per AAC packet (960 is refused by the decoder).
pub(super) const AAC_FRAMES: u64 = 1_024;
