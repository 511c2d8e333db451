/** The event log as text: one JSON object a line, bytes in base64. The format of `reticle look --json`. */
import { toBase64 } from '../base/base64.ts'
import type { Event } from '../base/events.ts'

/** The log as JSON, one event a line; octets are written in base64. The same events give the same text. */
export function eventLines(events: readonly Event[]): string {
  return events.map((event) => `${JSON.stringify(event, bytesAsBase64)}\n`).join('')
}

function bytesAsBase64(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? toBase64(value) : value
}
