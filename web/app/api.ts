/** The server's JSON, and the requests for it, a file for each of its rooms. */
export { Problem } from "./api/ask";
export * from "./api/groups";
export * from "./api/jobs";
export * from "./api/library";
export * from "./api/listening";
export * from "./api/playlists";
export * from "./api/queue";
export * from "./api/tracks";
export type * from "./api/types";
