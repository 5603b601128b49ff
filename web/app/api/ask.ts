/** The one way to ask the server. What cannot be had is a `Problem` (RFC 9457), whose `next` says what the caller can do about it. */

/** What the asker can do next: wait and ask again, mend the question, look elsewhere, or reconnect. */
export type Next = "wait" | "mend" | "missing" | "reconnect" | "report";

export class Problem extends Error {
  constructor(
    readonly next: Next,
    message: string,
    readonly status: number,
    readonly retry_after_s: number,
    /** The character of the question at which it is wrong, where that is known. */
    readonly at: number | null = null,
  ) {
    super(message);
  }
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Asks; a body goes as JSON. */
export function ask<T>(path: string, signal: AbortSignal, method: Method = "GET", body?: unknown): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (body === undefined) return sent(path, { method, signal, headers });
  return sent(path, { method, signal, headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(body) });
}

/** Tells something that must arrive though the page goes away; nobody waits for an answer. */
export function leave_word(path: string, method: Method, body: unknown): void {
  const headers = { "content-type": "application/json" };
  void fetch(path, { method, headers, body: JSON.stringify(body), keepalive: true }).catch(() => {});
}

/** Asks as `request` says. */
export async function sent<T>(path: string, request: RequestInit): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, request);
  } catch (error) {
    if (request.signal?.aborted) throw error;
    throw new Problem("reconnect", "The server does not answer.", 0, 1);
  }
  if (answer.ok) {
    const text = await answer.text();
    return (text === "" ? null : JSON.parse(text)) as T;
  }
  throw await problem(answer);
}

async function problem(answer: Response): Promise<Problem> {
  const said: { title?: unknown; detail?: unknown; at?: unknown } = await answer.json().catch(() => ({}));
  const words = [said.detail, said.title].find((word) => typeof word === "string" && word !== "");
  const message = typeof words === "string" ? words : `The server answered ${answer.status}.`;
  const wait = Number(answer.headers.get("retry-after"));
  const at = typeof said.at === "number" ? said.at : null;
  return new Problem(next_of(answer.status), message, answer.status, wait > 0 ? wait : 1, at);
}

function next_of(status: number): Next {
  if (status === 503 || status === 429) return "wait";
  if (status === 404 || status === 410) return "missing";
  if (status === 502 || status === 504) return "reconnect";
  return status < 500 ? "mend" : "report";
}

/** `fields` as a query; what is null is not said. */
export function query(fields: Record<string, string | number | null>): string {
  const said = Object.entries(fields).filter((field): field is [string, string | number] => field[1] !== null);
  const words = new URLSearchParams(said.map(([name, value]) => [name, String(value)])).toString();
  return words === "" ? "" : `?${words}`;
}
