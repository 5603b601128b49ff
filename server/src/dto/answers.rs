//! Answers of one or two fields.

use schemars::JsonSchema;
use serde::Serialize;

/// How the server is.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Health")]
pub struct HealthDto {
    /// `ok`, `ready`.
    #[schemars(extend("enum" = ["ok", "ready"]))]
    pub status: &'static str,
}

/// Which program this is.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Version")]
pub struct VersionDto {
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Of what it measures, and how.
    pub fingerprint_version: u32,
    /// Of the rules by which it plans.
    pub plan_version: u32,
    /// Where it is had over https, by the name under which it was asked; null if it is not.
    pub https: Option<String>,
}

/// Items that came.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Came")]
pub struct CameDto {
    /// Their ids, in the order of the tracks.
    pub item_ids: Vec<String>,
}

/// What came of a play that was told.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Counted")]
pub struct CountedDto {
    /// Whether it counts: half of the track, or four minutes.
    pub counted: bool,
}

/// Faults that are tried again.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Retried")]
pub struct RetriedDto {
    /// How many.
    pub retried: usize,
}

/// Missing tracks that are forgotten.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Forgotten")]
pub struct ForgottenDto {
    /// How many.
    pub forgotten: usize,
}

/// The dominant colour of a picture.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Colour")]
pub struct ColourDto {
    /// As `#rrggbb`; null where there is no picture.
    #[schemars(regex(pattern = "^#[0-9a-f]{6}$"))]
    pub colour: Option<String>,
}
