/** Wishes that overtake each other. */

/** Runs `work` at once, or once more when the running one is done: only the latest wish counts. */
export function latest(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let again: Promise<void> | null = null;
  const run = (): Promise<void> => {
    if (!running) {
      running = work().finally(() => (running = null));
      return running;
    }
    again ??= running
      .catch(() => {})
      .then(() => {
        again = null;
        return run();
      });
    return again;
  };
  return run;
}
