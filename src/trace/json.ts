/** The event log as text: one JSON object a line, bytes in base64. The format of `reticle look --json`. */
import type { Event } from '../base/events.ts'

export function eventLines(events: readonly Event[]): string {
  return events.map((event) => `${JSON.stringify(event, bytesAsBase64)}\n`).join('')
}

function bytesAsBase64(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value
}
