//! What one packet decodes to: planes of `f32`, made exactly.

use symphonia::core::audio::{Audio, AudioBuffer, GenericAudioBufferRef, sample::Sample};

/// Decoded frames, `channels × frames`. Its memory is kept from packet to
/// packet.
#[derive(Default)]
pub(super) struct Planes {
    planes: Vec<Vec<f32>>,
    n_frames: usize,
}

impl Planes {
    /// How many channels.
    pub fn n_channels(&self) -> usize {
        self.planes.len()
    }
    /// How many frames.
    pub fn n_frames(&self) -> usize {
        self.n_frames
    }
    /// One channel.
    pub fn plane(&self, channel: usize) -> &[f32] {
        &self.planes[channel]
    }
    /// One channel, to write.
    pub fn plane_mut(&mut self, channel: usize) -> &mut [f32] {
        &mut self.planes[channel]
    }

    /// Takes another shape; the content is whatever it was.
    pub fn resize(&mut self, n_channels: usize, n_frames: usize) {
        self.planes.resize_with(n_channels, Vec::new);
        for plane in &mut self.planes {
            plane.resize(n_frames, 0.0);
        }
        self.n_frames = n_frames;
    }

    /// Takes symphonia's frames. Integers of b bits become x ÷ 2^(b−1), exactly
    /// up to 24 bits and rounded to the nearest above; floats stay what they
    /// are, whatever they are.
    pub fn take(&mut self, buffer: &GenericAudioBufferRef<'_>) {
        const S8: f32 = 128.0;
        const S16: f32 = 32_768.0;
        const S24: f32 = 8_388_608.0;
        const S32: f32 = 2_147_483_648.0;
        use GenericAudioBufferRef as Buffer;
        match buffer {
            Buffer::U8(b) => self.copy(b, |x| (f32::from(x) - S8) / S8),
            Buffer::U16(b) => self.copy(b, |x| (f32::from(x) - S16) / S16),
            Buffer::U24(b) => self.copy(b, |x| (x.inner() as i32 - (1 << 23)) as f32 / S24),
            Buffer::U32(b) => self.copy(b, |x| (x ^ 0x8000_0000) as i32 as f32 / S32),
            Buffer::S8(b) => self.copy(b, |x| f32::from(x) / S8),
            Buffer::S16(b) => self.copy(b, |x| f32::from(x) / S16),
            Buffer::S24(b) => self.copy(b, |x| x.inner() as f32 / S24),
            Buffer::S32(b) => self.copy(b, |x| x as f32 / S32),
            Buffer::F32(b) => self.copy(b, |x| x),
            Buffer::F64(b) => self.copy(b, |x| x as f32),
        }
    }

    fn copy<S: Sample>(&mut self, buffer: &AudioBuffer<S>, convert: impl Fn(S) -> f32) {
        self.resize(buffer.num_planes(), buffer.frames());
        for (plane, source) in self.planes.iter_mut().zip(buffer.iter_planes()) {
            for (out, &x) in plane.iter_mut().zip(source) {
                *out = convert(x);
            }
        }
    }
}
