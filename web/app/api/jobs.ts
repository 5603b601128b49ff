/** Jobs: copies that the server makes on request, to be fetched. */
import { ask, query } from "./ask";
import type { Job, JobNew, JobPreview, List } from "./types";

const PATH = "/api/jobs";
const one = (id: string) => `${PATH}/${encodeURIComponent(id)}`;

/** The newest first. */
export const jobs = (offset: number, limit: number, signal: AbortSignal) => ask<List<Job>>(`${PATH}${query({ limit, offset })}`, signal);
export const new_job = (told: JobNew, signal: AbortSignal) => ask<Job>(PATH, signal, "POST", told);
/** What would come of one; nothing is begun. */
export const preview_job = (told: JobNew, signal: AbortSignal) => ask<JobPreview>(`${PATH}/preview`, signal, "POST", told);
export const cancel_job = (id: string, signal: AbortSignal) => ask<Job>(`${one(id)}/cancel`, signal, "POST");
export const delete_job = (id: string, signal: AbortSignal) => ask<unknown>(one(id), signal, "DELETE");
/** Address of what came of one. */
export const job_file = (id: string) => `${one(id)}/file`;
