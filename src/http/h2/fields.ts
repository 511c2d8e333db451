/** Fields of ours as HTTP/2 has them: pseudo-header fields first, and nothing that is about one connection. */
import { mayBeTrailer } from '../machine/chunks.ts'
import { sameName } from '../machine/names.ts'
import type { Lines } from '../machine/writer.ts'

const STATUSES: readonly string[] = Array.from({ length: 1_000 }, (_, status) => String(status))

export function statusText(status: number): string {
  return STATUSES[status]!
}

/** RFC 9113 §8.2.2: fields that mean a connection of HTTP/1.1; and the length, which is said apart. */
export function isLeftOut(name: string): boolean {
  switch (name.length) {
    case 2:
      return sameName(name, 0, 'te')
    case 4:
      return sameName(name, 0, 'host')
    case 7:
      return sameName(name, 0, 'upgrade')
    case 10:
      return sameName(name, 0, 'connection') || sameName(name, 0, 'keep-alive')
    case 14:
      return sameName(name, 0, 'content-length')
    case 16:
      return sameName(name, 0, 'proxy-connection')
    case 17:
      return sameName(name, 0, 'transfer-encoding')
    default:
      return false
  }
}

/** Adds the fields of a message. @param said the Content-Length to state; -1 for none */
export function addFields(to: string[], { fields }: Lines, said: number): void {
  for (let i = 0; i < fields.length; i += 2) if (!isLeftOut(fields[i]!)) to.push(fields[i]!, fields[i + 1]!)
  if (said >= 0) to.push('content-length', String(said))
}

/** Trailers that were put together as text: `Name: value CRLF` each. */
export function trailerFields(text: string): readonly string[] {
  if (text === '') return []
  const fields: string[] = []
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon > 0 && !isLeftOut(line.slice(0, colon))) fields.push(line.slice(0, colon), line.slice(colon + 2))
  }
  return fields
}

/** Fields as they came, for who knows only names and values. Crumbs of a cookie are one field again (RFC 9113 §8.2.3). */
export function linesOfFields(fields: readonly { readonly name: string; readonly value: string }[]): string[] {
  const lines: string[] = []
  let cookie = -1
  for (const { name, value } of fields)
    if (name === 'cookie' && cookie >= 0) lines[cookie] += `; ${value}`
    else {
      if (name === 'cookie') cookie = lines.length + 1
      lines.push(name, value)
    }
  return lines
}

/** RFC 9110 §6.5.1: what may not be merged into the head is left out. */
export function fitTrailers(fields: readonly string[]): string[] {
  const kept: string[] = []
  for (let i = 0; i < fields.length; i += 2) if (mayBeTrailer(fields[i]!)) kept.push(fields[i]!, fields[i + 1]!)
  return kept
}
