//! The frame without sound that an MP3 begins with: how many frames follow, what of
//! them is the encoder's delay and what fills the last one, so that a player gives
//! back what went in and no more. "Info" is Xing's, for a bit rate that stays; what
//! follows it is LAME's ("Mp3 Info Tag rev 1", gabriel.mp3-tech.org/mp3infotag.html).
//! All of it can be told beforehand, for LAME is asked for nothing that it may choose.

/// Sound that one MPEG frame holds (ISO/IEC 11172-3, section 2.4.2.1).
const PER_FRAME: u64 = 1_152;
/// Frames that LAME begins with before the sound (libmp3lame 3.100, encoder.h).
const DELAY: u64 = 576;
/// The least that it ends with after it, for the overlap (lame.c, lame_encode_flush).
const LEAST_PADDING: u64 = 576;
/// The rates, in the order of their numbers (section 2.4.2.3).
const RATES: [u32; 3] = [44_100, 48_000, 32_000];
/// The bit rates, in kb/s, in the order of their numbers; the first is number 1.
const BIT_RATES: [u32; 14] = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
/// The least bit rate in kb/s whose frames have room for the head at all rates.
const ROOMY: u32 = 64;
/// Where the tag begins: after the header and the side information of two channels.
const TAG: usize = 4 + 32;
/// Where its end is, which is a checksum of all before.
const CHECKSUM: usize = TAG + 154;

/// What is known of a file before it is written.
pub struct Head {
    rate: u32,
    /// In kb/s.
    bit_rate: u32,
    /// MPEG frames, without the head.
    n_mpeg: u32,
    padding: u32,
    /// Bytes of the file, with the head.
    pub n_bytes: u64,
}

impl Head {
    /// Of a file of `n_frames` at `rate` and `bit_rate`; none: too long.
    pub fn new(rate: u32, bit_rate: u32, n_frames: u64) -> Option<Self> {
        // lame_encode_flush: fills the frame, and one more if that is too little.
        let sounding = n_frames.checked_add(DELAY)?;
        let mut padding = PER_FRAME - sounding % PER_FRAME;
        if padding < LEAST_PADDING {
            padding += PER_FRAME;
        }
        let n_mpeg = u32::try_from(sounding.checked_add(padding)? / PER_FRAME).ok()?;
        // lame_init_params and lame_encode_mp3_frame: a frame has one byte more as
        // soon as the fractions come to one, the first has none.
        let bits = PER_FRAME / 8 * u64::from(bit_rate);
        let (whole, part) = (bits / u64::from(rate), bits % u64::from(rate));
        let n_longer = ((u64::from(n_mpeg) - 1) * part).div_ceil(u64::from(rate));
        let mut head = Head { rate, bit_rate: bit_rate / 1_000, n_mpeg, padding: padding as u32, n_bytes: 0 };
        head.n_bytes = head.len() as u64 + u64::from(n_mpeg) * whole + n_longer;
        u32::try_from(head.n_bytes).is_ok().then_some(head)
    }

    /// The bit rate of the head itself, in kb/s.
    fn own_bit_rate(&self) -> u32 {
        self.bit_rate.max(ROOMY)
    }

    fn len(&self) -> usize {
        (144_000 * self.own_bit_rate() / self.rate) as usize
    }

    /// The frame.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.len());
        bytes.extend(self.header());
        bytes.resize(TAG, 0);
        bytes.extend(b"Info");
        // All four of what follows are there.
        bytes.extend(15_u32.to_be_bytes());
        bytes.extend(self.n_mpeg.to_be_bytes());
        bytes.extend((self.n_bytes as u32).to_be_bytes());
        // At which 256th of the bytes each hundredth of the time begins.
        bytes.extend((0..100_u32).map(|i| (256 * i / 100) as u8));
        // LAME's word for its quality 3, which is its usual one.
        bytes.extend(57_u32.to_be_bytes());
        bytes.extend(b"LAME3.100");
        // Revision 0, one bit rate; the low-pass, peaks, gains and flags are not told.
        bytes.push(1);
        bytes.extend([0; 10]);
        bytes.push(self.bit_rate.min(255) as u8);
        bytes.extend(&((DELAY as u32) << 12 | self.padding).to_be_bytes()[1..]);
        // The rate of what it was made of, joint stereo.
        let source = match self.rate {
            32_000 => 0,
            44_100 => 1,
            _ => 2,
        };
        bytes.push(source << 6 | 3 << 2);
        bytes.extend([0; 3]);
        bytes.extend((self.n_bytes as u32).to_be_bytes());
        // No checksum of the sound: it is not there yet.
        bytes.extend([0; 2]);
        bytes.extend(crc(&bytes[..CHECKSUM]).to_be_bytes());
        bytes.resize(self.len(), 0);
        bytes
    }

    /// MPEG-1 layer III without checksums, joint stereo, an original.
    fn header(&self) -> [u8; 4] {
        let number = |at: Option<usize>| at.unwrap_or(0) as u8;
        let bit_rate = number(BIT_RATES.iter().position(|&rate| rate == self.own_bit_rate())) + 1;
        let rate = number(RATES.iter().position(|&rate| rate == self.rate));
        [0xff, 0xfb, bit_rate << 4 | rate << 2, 1 << 6 | 1 << 2]
    }
}

/// CRC-16 with 0x8005, the least bit first, from 0 on (VbrTag.c).
fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, &byte| {
        (0..8).fold(crc ^ u16::from(byte), |crc, _| crc >> 1 ^ if crc & 1 == 1 { 0xa001 } else { 0 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_that_catalogues_know() {
        // CRC-16/ARC.
        assert_eq!(crc(b"123456789"), 0xbb3d);
    }

    #[test]
    fn what_cannot_be_counted_has_no_head() {
        assert!(Head::new(44_100, 256_000, 100 << 30).is_none());
        assert!(Head::new(44_100, 256_000, u64::MAX).is_none());
    }
}
