//! Jobs.

use auralis_core::encode::HAS_MP3;

use super::doc::{Doc, delete, get, post};
use crate::dto::{JobDto, JobPreviewDto, List};
use crate::handlers::WindowQuery;
use crate::handlers::jobs::New;

const FILES: &[&str] = match HAS_MP3 {
    false => &["audio/wav", "audio/flac", "audio/ogg", "application/zip"],
    true => &["audio/wav", "audio/flac", "audio/ogg", "audio/mpeg", "application/zip"],
};

pub(super) fn docs() -> Vec<Doc> {
    vec![
        get("/api/jobs", "jobs", "What is rendered to files, the newest first")
            .query::<WindowQuery>()
            .json::<List<JobDto>>(200, "A part of it"),
        post("/api/jobs", "create_job", "Render tracks, an album or a playlist to a file")
            .body::<New>()
            .created::<JobDto>("It waits for its turn")
            .or(&[429, 503, 507]),
        post("/api/jobs/preview", "preview_job", "What would come of a job, if it were asked for")
            .body::<New>()
            .json::<JobPreviewDto>(200, "What would come of it")
            .or(&[429]),
        get("/api/jobs/{id}", "job", "One job").json::<JobDto>(200, "It"),
        post("/api/jobs/{id}/cancel", "cancel_job", "Cancel it, unless it has ended")
            .json::<JobDto>(200, "As it is now"),
        delete("/api/jobs/{id}", "delete_job", "Delete it with its files").nothing(),
        get("/api/jobs/{id}/file", "job_file", "What came of it: its file, or a ZIP of its files")
            .whole("The file", FILES)
            .or(&[409]),
    ]
}
