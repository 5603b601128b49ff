/** What is needed before the first sound. */
/** How long a sound device may take to start. */
const AWAKE_MS = 5000

/** A context with nothing to play on, or not allowed to, never wakes and never says so. */
export async function awake(context: AudioContext): Promise<void> {
  let late = 0
  const asleep = new Promise<never>((_, reject) => {
    const words = "The sound does not start: is there a sound device, and may this page use it?"
    late = window.setTimeout(() => reject(new Error(words)), AWAKE_MS)
  })
  await Promise.race([context.resume(), asleep]).finally(() => clearTimeout(late))
}

export async function compile(path: string): Promise<WebAssembly.Module> {
  const response = await fetch(path)
  if (!response.ok) throw new Error(`the server has no ${path}`)
  return WebAssembly.compileStreaming(response)
}
