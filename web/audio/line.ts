/**
 * Sound over the socket: says what is to be played, takes what comes, and grants more. Comes back by itself when
 * the connection breaks.
 */
import { SOUND, type Command, type Told } from "../gen/api.js"

/** A message of sound. */
export interface Piece {
  epoch: number
  frame: number
  planes: Float32Array[]
  /** What it cost of what was granted. */
  bytes: number
}

export interface LineEvents {
  told(what: Told): void
  piece(piece: Piece): void
  /** The connection is gone. */
  lost(): void
}

/** How long a server may take to answer on the socket, in ms. */
const PATIENCE_MS = 5000

/** Whether the server can be reached this way: what stands before it may not let it. */
export function reachable(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new WebSocket(address())
    const done = (is: boolean) => {
      clearTimeout(late)
      socket.close()
      resolve(is)
    }
    const late = setTimeout(() => done(false), PATIENCE_MS)
    socket.onopen = () => done(true)
    socket.onerror = () => done(false)
  })
}

const address = () => `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`

const TOLD = new Set(["state", "opened", "ended", "error", "pong"])

export class Line {
  private socket: WebSocket | null = null
  private unsaid: Command[] = []

  constructor(private readonly events: LineEvents) {}

  say(command: Command): void {
    const { socket } = this
    if (socket?.readyState === WebSocket.OPEN) return socket.send(JSON.stringify(command))
    this.unsaid.push(command)
    if (!socket) this.connect()
  }

  private connect(): void {
    const socket = new WebSocket(address())
    socket.binaryType = "arraybuffer"
    socket.onopen = () => this.unsaid.splice(0).forEach((command) => socket.send(JSON.stringify(command)))
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (data instanceof ArrayBuffer) this.events.piece(piece_of(data))
      else this.hear(JSON.parse(data) as { event: string })
    }
    socket.onclose = () => {
      if (this.socket !== socket) return
      this.socket = null
      this.unsaid = []
      this.events.lost()
    }
    this.socket = socket
  }

  /** What happens in the house comes this way too, and is for others. */
  private hear(said: { event: string }): void {
    if (TOLD.has(said.event)) this.events.told(said as Told)
  }
}

function piece_of(data: ArrayBuffer): Piece {
  const { fields, header_bytes } = SOUND
  const view = new DataView(data)
  const n = view.getUint32(fields.frames.at, true)
  const plane = (channel: number) => new Float32Array(data, header_bytes + 4 * n * channel, n)
  return {
    epoch: view.getUint32(fields.epoch.at, true),
    frame: Number(view.getBigUint64(fields.first_frame.at, true)),
    planes: [plane(0), plane(1)],
    bytes: data.byteLength,
  }
}
