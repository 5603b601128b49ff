//! The analyst in the Worker: opens files, gives PCM, measures and plans.
//!
//! Long work yields to the Worker's event loop between slices, so that a seek
//! or a cancel is heard.

use auralis_core::block::Block;
use auralis_core::decode::{self, Decoder};
use auralis_core::error::{Error, Kind};
use auralis_core::fingerprint::{Fingerprint, Measurer};
use auralis_core::flow::{Processor, Source, Stereo};
use auralis_core::geometry::Geometry;
use auralis_core::plan::{self, Plan, Stages, Taste};
use auralis_core::player::{Player, Render};
use auralis_core::units::Seconds;
use js_sys::{Float32Array, Function, Promise, Reflect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::{JsCast, JsError, JsValue, wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

use crate::remote::Remote;

/// Frames decoded between two looks at the event loop.
const SLICE: usize = 16_384;

/// An error as it crosses the border: `{kind, message, frame}`.
fn fault(error: Error) -> JsValue {
    let object = js_sys::Object::new();
    let frame = error.frame.map_or(JsValue::NULL, |frame| JsValue::from_f64(frame as f64));
    let mut message = error.message.clone();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        message = format!("{message}: {inner}");
        cause = inner.source();
    }
    for (key, value) in [("kind", error.kind.name().into()), ("message", message.into()), ("frame", frame)] {
        // Setting a property of a fresh object cannot fail.
        let _ = Reflect::set(&object, &key.into(), &value);
    }
    object.into()
}

fn to_js<T: Serialize>(value: &T) -> Result<JsValue, JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    value
        .serialize(&serializer)
        .map_err(|cause| fault(Error::invalid("a value cannot cross over").because(cause.to_string())))
}

fn from_js<T: DeserializeOwned>(what: &str, value: JsValue) -> Result<T, JsValue> {
    serde_wasm_bindgen::from_value(value)
        .map_err(|cause| fault(Error::invalid(format!("not a {what}")).because(cause.to_string())))
}

/// Lets everything else that waits in this Worker run first.
async fn breathe() -> Result<(), JsValue> {
    let promise = Promise::new(&mut |resolve: Function, _| {
        let global = js_sys::global();
        let timeout =
            Reflect::get(&global, &"setTimeout".into()).ok().and_then(|f| f.dyn_into::<Function>().ok());
        match timeout {
            Some(timeout) => drop(timeout.call2(&global, &resolve, &JsValue::from_f64(0.0))),
            None => drop(resolve.call0(&JsValue::UNDEFINED)),
        }
    });
    JsFuture::from(promise).await.map(drop)
}

fn open_media(
    media: Box<dyn decode::Media>,
    n_bytes: u64,
    extension: Option<&str>,
) -> Result<Decoder, JsValue> {
    decode::open(media, Some(n_bytes), extension).map_err(fault)
}

fn open_url(url: &str, extension: Option<&str>) -> Result<Decoder, JsValue> {
    let remote = Remote::open(url)
        .map_err(|cause| fault(Error::new(Kind::Io, "the file cannot be fetched").because(cause)))?;
    let n_bytes = remote.n_bytes();
    open_media(Box::new(remote), n_bytes, extension)
}

/// One open file, heard in stereo.
#[wasm_bindgen]
pub struct Track {
    source: Stereo<Decoder>,
    block: Block,
}

#[wasm_bindgen]
impl Track {
    /// Opens the file behind `url`.
    pub async fn open(url: String, extension: Option<String>) -> Result<Track, JsValue> {
        breathe().await?;
        let source = Stereo::new(open_url(&url, extension.as_deref())?);
        Ok(Track { source, block: Block::new(2, 0) })
    }

    /// Opens a file held in memory.
    pub fn from_bytes(bytes: Vec<u8>, extension: Option<String>) -> Result<Track, JsValue> {
        let n_bytes = bytes.len() as u64;
        let source =
            Stereo::new(open_media(Box::new(std::io::Cursor::new(bytes)), n_bytes, extension.as_deref())?);
        Ok(Track { source, block: Block::new(2, 0) })
    }

    /// Frames per second.
    #[wasm_bindgen(getter)]
    pub fn rate(&self) -> u32 {
        self.source.spec().rate
    }

    /// Frames as far as known before they are counted; −1: unknown.
    #[wasm_bindgen(getter)]
    pub fn expected_frames(&self) -> f64 {
        self.source.expected_frames().map_or(-1.0, |n| n as f64)
    }

    /// The codec's name.
    #[wasm_bindgen(getter)]
    pub fn format(&self) -> String {
        self.source.inner().format().to_owned()
    }

    /// Damaged packets replaced by silence so far.
    #[wasm_bindgen(getter)]
    pub fn concealed(&self) -> f64 {
        self.source.inner().n_concealed() as f64
    }

    /// Fills `planes` (left, then right, each half of it) with the next
    /// frames; returns how many. Fewer than half its length: the end.
    pub fn read(&mut self, planes: &Float32Array) -> Result<u32, JsValue> {
        let half = planes.length() / 2;
        if self.block.capacity() != half as usize {
            self.block = Block::new(2, half as usize);
        }
        self.source.read(&mut self.block).map_err(fault)?;
        let n = self.block.n_frames() as u32;
        for channel in 0..2 {
            let start = channel * half;
            planes.subarray(start, start + n).copy_from(self.block.plane(channel as usize));
        }
        Ok(n)
    }

    /// Moves to `frame`.
    pub fn seek(&mut self, frame: f64) -> Result<(), JsValue> {
        self.source.seek(frame.max(0.0) as u64).map_err(fault)
    }
}

/// The first frame to feed so that `frame` may be heard, with at most
/// `at_most_s` of pre-roll for the chunk it is in; see [`Player::hears_from`].
/// `n_frames` < 0: not known.
#[wasm_bindgen]
pub fn hears_from(rate: u32, frame: f64, n_frames: f64, at_most_s: f64) -> f64 {
    let n_frames = (n_frames >= 0.0).then_some(n_frames as u64);
    let at_most = Some(Seconds(at_most_s).frames(rate));
    Player::hears_from(&Geometry::at(rate), frame.max(0.0) as u64, n_frames, at_most) as f64
}

/// The chunk that `frame` of a track is in: its number, the first of its frames,
/// and one past its last.
#[wasm_bindgen]
pub fn chunk_at(rate: u32, frame: f64, n_frames: f64) -> Vec<f64> {
    let (geometry, n_frames) = (Geometry::at(rate), n_frames.max(0.0) as u64);
    let chunk = geometry.place(frame.max(0.0) as u64, n_frames).chunk;
    let frames = geometry.chunk(chunk, n_frames);
    vec![chunk as f64, frames.start as f64, frames.end as f64]
}

/// Measures the file behind `url`. `progress(frames)` is called between
/// slices; if it returns `false` the work stops with kind `cancelled`.
#[wasm_bindgen]
pub async fn measure(url: String, extension: Option<String>, progress: Function) -> Result<JsValue, JsValue> {
    breathe().await?;
    let decoder = open_url(&url, extension.as_deref())?;
    let fingerprint = measured(decoder, Some(progress)).await?;
    to_js(&fingerprint)
}

/// Measures a file held in memory.
#[wasm_bindgen]
pub async fn measure_bytes(bytes: Vec<u8>, extension: Option<String>) -> Result<JsValue, JsValue> {
    let n_bytes = bytes.len() as u64;
    let decoder = open_media(Box::new(std::io::Cursor::new(bytes)), n_bytes, extension.as_deref())?;
    to_js(&measured(decoder, None).await?)
}

async fn measured(mut decoder: Decoder, progress: Option<Function>) -> Result<Fingerprint, JsValue> {
    let mut measurer = Measurer::new(decoder.spec()).map_err(fault)?;
    let mut block = Block::new(decoder.spec().n_channels, SLICE);
    let mut n_done = 0;
    loop {
        decoder.read(&mut block).map_err(fault)?;
        measurer.push(&block);
        n_done += block.n_frames();
        if block.n_frames() < block.capacity() {
            return Ok(measurer.finish());
        }
        if let Some(progress) = &progress {
            let go_on = progress.call1(&JsValue::UNDEFINED, &JsValue::from_f64(n_done as f64))?;
            if go_on == JsValue::FALSE {
                return Err(fault(Error::new(Kind::Cancelled, "measuring was stopped")));
            }
            breathe().await?;
        }
    }
}

/// The plan for a fingerprint and a taste, as the server would make it.
#[wasm_bindgen]
pub fn plan(fingerprint: JsValue, taste: JsValue) -> Result<JsValue, JsValue> {
    let fingerprint: Fingerprint = from_js("fingerprint", fingerprint)?;
    let taste: Taste = from_js("taste", taste)?;
    to_js(&plan::plan(&fingerprint, &taste).map_err(fault)?)
}

/// The numbers of a plan for the engine: its stages, then the compare gains.
#[wasm_bindgen]
pub fn plan_numbers(plan: JsValue) -> Result<Float32Array, JsValue> {
    let plan: Plan = from_js("plan", plan)?;
    plan.stages.validate().map_err(fault)?;
    let mut numbers = plan.stages.to_floats();
    numbers.extend([plan.compare.original_db, plan.compare.enhanced_db]);
    Ok(Float32Array::from(numbers.as_slice()))
}

/// A fingerprint or plan there and back: what a border may not change.
#[wasm_bindgen]
pub fn same_fingerprint(fingerprint: JsValue) -> Result<JsValue, JsValue> {
    to_js(&from_js::<Fingerprint>("fingerprint", fingerprint)?)
}

/// Renders a file in memory through a plan, natively chunked and joined; the
/// left plane, then the right. For the workshop and for tests of parity.
#[wasm_bindgen]
pub fn render_bytes(
    bytes: Vec<u8>,
    extension: Option<String>,
    plan: JsValue,
    n_frames: f64,
) -> Result<Float32Array, JsValue> {
    let plan: Plan = from_js("plan", plan)?;
    let n_bytes = bytes.len() as u64;
    let decoder = open_media(Box::new(std::io::Cursor::new(bytes)), n_bytes, extension.as_deref())?;
    let geometry = Geometry::at(decoder.spec().rate);
    let mut render =
        Render::new(Stereo::new(decoder), &plan.stages, n_frames as u64, geometry).map_err(fault)?;
    let mut block = Block::new(2, n_frames as usize);
    render.read(&mut block).map_err(fault)?;
    let out = Float32Array::new_with_length(2 * block.n_frames() as u32);
    let n = block.n_frames() as u32;
    out.subarray(0, n).copy_from(block.plane(0));
    out.subarray(n, 2 * n).copy_from(block.plane(1));
    Ok(out)
}

/// How fast this device runs the chain with a plan's stages, in × real time:
/// the median over slices of 25 ms of the PCM at hand (left, then right), the
/// first ones left out. `now()` gives milliseconds.
#[wasm_bindgen]
pub fn calibrate(
    planes: &Float32Array,
    rate: u32,
    numbers: &Float32Array,
    now: Function,
) -> Result<f64, JsValue> {
    /// Slices in which the code is still being compiled, and those that say
    /// enough where each takes its time: 200 ms of sound.
    const N_WARM: usize = 4;
    const N_ENOUGH: usize = N_WARM + 8;
    /// So long it may take then, in ms.
    const LONG: f64 = 50.0;
    let numbers = numbers.to_vec();
    let stages =
        numbers.get(..plan::STAGES_FLOATS).map_or_else(|| Ok(Stages::neutral()), Stages::from_floats);
    let mut chain = auralis_core::chain::Chain::new(rate, &stages.map_err(fault)?).map_err(fault)?;
    let pcm = planes.to_vec();
    let (left, right) = pcm.split_at(pcm.len() / 2);
    let slice = (rate as usize / 40).max(128);
    let clock = || now.call0(&JsValue::UNDEFINED).ok().and_then(|ms| ms.as_f64()).unwrap_or(f64::NAN);
    let mut speeds = Vec::new();
    let began = clock();
    for (left, right) in left.chunks_exact(slice).zip(right.chunks_exact(slice)) {
        // Several times over: a browser's clock is coarse.
        let mut block = Block::from_planes(&[left, right]);
        let start = clock();
        for _ in 0..4 {
            chain.process(&mut block);
        }
        speeds.push(4.0 * 25.0 / (clock() - start).max(0.005));
        if speeds.len() >= N_ENOUGH && clock() - began > LONG {
            break;
        }
    }
    let warm = speeds.get(N_WARM..).filter(|rest| !rest.is_empty()).unwrap_or(&speeds);
    let mut warm = warm.to_vec();
    warm.sort_by(f64::total_cmp);
    warm.get(warm.len() / 2).copied().ok_or_else(|| JsError::new("too little sound to calibrate").into())
}
