//! The server itself, and its library as a whole.

use super::doc::{Doc, delete, get, post};
use crate::catalog::{FaultSort, MissingSort};
use crate::dto::{
    FaultDto, FolderDto, ForgottenDto, HealthDto, List, MissingDto, RetriedDto, ScanDto, StatisticsDto,
    VersionDto,
};
use crate::handlers::ListQuery;
use crate::handlers::library::FoldersQuery;

/// Anything: the document says what it is by itself.
type Document = serde_json::Map<String, serde_json::Value>;

pub(super) fn docs() -> Vec<Doc> {
    vec![
        get("/api/health", "health", "It lives").json::<HealthDto>(200, "It does"),
        get("/api/ready", "ready", "Its catalog answers").json::<HealthDto>(200, "It does").or(&[503]),
        get("/api/version", "version", "Which program this is").json::<VersionDto>(200, "This one"),
        get("/api/openapi.json", "openapi", "This document").whole_json::<Document>("The document"),
        get("/metrics", "metrics", "What is counted, for Prometheus")
            .text("Counters in the text format", &["text/plain"]),
        get("/api/library/scan", "scan", "How far scanning and measuring have come")
            .json::<ScanDto>(200, "This far"),
        post("/api/library/scan", "start_scan", "Scan the library now")
            .json::<ScanDto>(202, "It begins")
            .or(&[429]),
        delete("/api/library/scan", "stop_scan", "Stop the scan; what it has read stays")
            .json::<ScanDto>(200, "It has stopped"),
        get("/api/library/folders", "folders", "The library's folders, or what lies right in a directory")
            .query::<FoldersQuery>()
            .json::<FolderDto>(200, "A part of them, and the way to it")
            .or(&[404]),
        get("/api/library/statistics", "statistics", "The library in figures")
            .json::<StatisticsDto>(200, "The figures"),
        get("/api/library/missing", "missing", "Tracks whose files are gone")
            .query::<ListQuery<MissingSort>>()
            .json::<List<MissingDto>>(200, "A part of them"),
        delete("/api/library/missing", "forget_missing", "Forget them, with all that was known of them")
            .json::<ForgottenDto>(200, "They are forgotten"),
        get("/api/library/faults", "faults", "Files that could not be opened or measured")
            .query::<ListQuery<FaultSort>>()
            .json::<List<FaultDto>>(200, "A part of them"),
        post("/api/library/faults/retry", "retry_faults", "Try them again")
            .json::<RetriedDto>(202, "It begins"),
        post("/api/library/faults/{id}/retry", "retry_fault", "Try one of them again")
            .json::<RetriedDto>(202, "It begins"),
    ]
}
