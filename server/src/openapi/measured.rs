//! What the core defines, told by hand: the core knows no JSON Schema. Ranges
//! come from its constants and its own tables; tests hold the rest against what
//! it really writes.

use std::borrow::Cow;

use auralis_core::fingerprint::{Descriptors, MAX_CLUSTERS, N_THIRD_OCTAVES, NAMES};
use auralis_core::plan::{N_DYNAMIC_BANDS, N_EQ_BANDS, RIDE_KNOTS};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

/// A fingerprint.
pub(super) struct Fingerprint;

/// Its waveform.
pub(super) struct Waveform;

/// A plan.
pub(super) struct Plan;

impl JsonSchema for Waveform {
    fn schema_name() -> Cow<'static, str> {
        "Waveform".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        record(
            "Peaks along the track, for drawing.",
            json!({
                "hop_frames": said("Frames behind each peak.", json!({ "type": "integer", "minimum": 1 })),
                "peaks": said(
                    "Highest absolute sample of either channel.",
                    json!({ "type": "array", "items": number(0.0, 1.0) }),
                ),
            }),
        )
    }
}

impl JsonSchema for Fingerprint {
    fn schema_name() -> Cow<'static, str> {
        "Fingerprint".into()
    }

    fn json_schema(types: &mut SchemaGenerator) -> Schema {
        let level = || json!({ "type": ["number", "null"] });
        let range = || json!({ "type": "number", "minimum": 0 });
        let count = |least: u32| json!({ "type": "integer", "minimum": least });
        let levels = json!({
            "lufs": said("Integrated loudness in LUFS; null is silence.", level()),
            "lra_lu": said("Loudness range in LU.", range()),
            "true_peak_dbtp": said("True peak in dBTP; null is silence.", level()),
            "sample_peak_dbfs": said("Sample peak in dBFS; null is silence.", level()),
            "max_momentary": said("Highest momentary loudness in LUFS; null is silence.", level()),
            "max_short_term": said("Highest short-term loudness in LUFS; null is silence.", level()),
        });
        let mut all = json!({
            "version": said("Of what is measured, and how.", count(1)),
            "sample_rate": said("Frames per second.", count(1)),
            "channels": said("Channels of the file.", count(1)),
            "n_frames": said("Frames, counted.", count(0)),
            "descriptors": descriptors(),
            "as_filed": record("The levels of the file's own channels.", levels.clone()),
            "loudness_hop_s": said("Seconds between the values of the loudness curve.", count(1)),
            "loudness_curve": said(
                "Short-term loudness in LUFS; null is silence.",
                json!({ "type": "array", "items": level() }),
            ),
            "waveform": types.subschema_for::<Waveform>(),
            "third_octaves": said(
                "Power in dB of the whole, in third-octaves from 20 Hz to 20 kHz.",
                list(number(-120.0, 0.0), N_THIRD_OCTAVES, N_THIRD_OCTAVES),
            ),
            "sketch": said("The gating blocks of 400 ms, in clusters, the quietest first.",
                list(cluster(), 0, MAX_CLUSTERS)),
        });
        for name in ["true_peak_dbtp", "sample_peak_dbfs", "lra_lu", "max_momentary", "max_short_term"] {
            all[name] = levels[name].clone();
        }
        record("What was measured of a whole track.", all)
    }
}

fn descriptors() -> Schema {
    let of = |name: &&str| {
        let (least, most) = Descriptors::range(name).unwrap_or((f64::MIN, f64::MAX));
        let mut schema = number(least, most);
        if *name == "lufs" {
            schema["type"] = json!(["number", "null"]);
        }
        ((*name).to_owned(), schema)
    };
    let all: Map<String, Value> = NAMES.iter().map(of).collect();
    record("What the track is like.", all.into())
}

fn cluster() -> Value {
    let any = || json!({ "type": "number" });
    let cluster = json!({
        "n": said("How many blocks.", json!({ "type": "integer", "minimum": 1 })),
        "lufs": said("Loudness of their mean energy in LUFS.", any()),
        "bands_lufs": said("What each of four bands contributes, in LUFS.", list(any(), 4, 4)),
        "true_peak_dbtp": said("Highest true peak among them in dBTP.", any()),
        "usual_peak_dbtp": said("Their usual true peak in dBTP.", any()),
        "limited_lu": said("Loudness lost if 3 dB are taken off each one's peak, in LU.", number(0.0, 3.01)),
    });
    record("Gating blocks that are alike.", cluster).to_value()
}

impl JsonSchema for Plan {
    fn schema_name() -> Cow<'static, str> {
        "Plan".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let text = |says: &str| said(says, json!({ "type": "string" }));
        let number = |says: &str| said(says, json!({ "type": "number" }));
        let known = |says: &str| said(says, json!({ "type": ["number", "null"] }));
        let promise = json!({
            "lufs": known("Integrated loudness in LUFS."),
            "lra_lu": known("Loudness range in LU."),
            "true_peak_dbtp": known("True peak in dBTP."),
        });
        let compare = json!({
            "original_db": number("Gain of the original in dB."),
            "enhanced_db": number("Gain of the enhanced in dB while comparing."),
        });
        let stage = ["gain", "ride", "eq", "dynamics", "saturation", "stereo", "limiter"];
        let reason = json!({
            "stage": said("The stage that moves.", json!({ "type": "string", "enum": stage })),
            "measured": text("What was measured, with its unit."),
            "wanted": text("What is wanted."),
            "done": text("What is done."),
            "text": text("All three in a sentence."),
        });
        let plan = json!({
            "version": said("Of the rules that made it.", json!({ "type": "integer", "minimum": 1 })),
            "id": said("What stands for all that makes the sound.", json!({ "type": "string", "pattern": "^[0-9a-f]{16}$" })),
            "stages": stages(),
            "promise": record("What the enhanced track will measure; null where nothing can be known.", promise),
            "trim_db": number("What a rendering taught of its loudness, in LU."),
            "trim_lra_lu": number("What a rendering taught of its loudness range, in LU."),
            "compare": record("Gains that make original and enhanced equally loud.", compare),
            "reasons": said("Why, one per move.", json!({ "type": "array", "items": record("Why one move is made.", reason) })),
            "summary": text("All of it in one sentence."),
        });
        record("What is done to a track, what comes of it, and why.", plan)
    }
}

/// The settings of the chain; their ranges are those of `Stages::validate`.
fn stages() -> Schema {
    let shape = || json!({ "type": "string", "enum": ["low_shelf", "bell", "high_shelf"] });
    let band = json!({
        "shape": shape(), "hz": number(10.0, 20_000.0), "gain_db": number(-24.0, 24.0), "q": number(0.1, 10.0),
    });
    let dynamic = json!({
        "shape": shape(),
        "hz": number(10.0, 20_000.0),
        "threshold_db": number(-100.0, 0.0),
        "slope": number(0.0, 1.0),
        "range_db": number(0.0, 24.0),
        "lift_below_db": number(-100.0, 0.0),
        "lift": number(0.0, 1.0),
        "lift_range_db": number(0.0, 24.0),
        "attack_ms": number(1.0, 200.0),
        "release_ms": number(10.0, 200.0),
    });
    let stereo = json!({
        "width": number(0.0, 2.0),
        "width_high": number(0.0, 2.0),
        "bass_mono": number(0.0, 1.0),
        "bass_hz": number(40.0, 300.0),
        "high_hz": number(1_000.0, 12_000.0),
    });
    let ride = json!({
        "hop_s": number(0.05, 86_400.0),
        "gain_db": list(number(-60.0, 40.0), 0, RIDE_KNOTS),
    });
    let band = record("One static band; 0 dB is identity.", band).to_value();
    let dynamic = record("One band whose gain moves with the level in it.", dynamic).to_value();
    let stages = json!({
        "input_gain_db": number(-60.0, 40.0),
        "ride": record("A slow gain curve: straight lines in linear gain between knots.", ride),
        "eq": list(band, N_EQ_BANDS, N_EQ_BANDS),
        "dynamics": list(dynamic, N_DYNAMIC_BANDS, N_DYNAMIC_BANDS),
        "saturation": record("How much of the cubic curve is mixed in.", json!({ "drive": number(0.0, 1.0) })),
        "stereo": record("Gains of the side signal, in three bands.", stereo),
        "output_gain_db": number(-60.0, 40.0),
        "limiter": record("True peak never to be exceeded.", json!({ "ceiling_dbtp": number(-20.0, 24.0) })),
    });
    record("All stages, in the order in which sound passes through them.", stages)
}

/// An object with exactly these fields.
fn record(says: &str, fields: Value) -> Schema {
    let names: Vec<&String> = fields.as_object().map(|fields| fields.keys().collect()).unwrap_or_default();
    json_schema!({
        "description": says,
        "type": "object",
        "required": names,
        "properties": fields,
        "additionalProperties": false,
    })
}

fn said(says: &str, mut schema: Value) -> Value {
    schema["description"] = says.into();
    schema
}

fn number(least: f64, most: f64) -> Value {
    json!({ "type": "number", "minimum": least, "maximum": most })
}

fn list(items: Value, least: usize, most: usize) -> Value {
    json!({ "type": "array", "items": items, "minItems": least, "maxItems": most })
}
