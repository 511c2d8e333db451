/** Heads on their way out: every string is checked before it can reach the wire, and framing is decided here. */
import { HttpMisuse } from '../errors.ts'
import type { FieldLines } from '../exchange.ts'
import { isTargetCode, isToken } from '../fields/characters.ts'
import { checkField, checkPairs } from '../fields/lines.ts'
import { splitList } from '../fields/list.ts'
import { isBodiless, statusLine } from '../status.ts'
import { mayBeTrailer } from './chunks.ts'
import { parseLength } from './framing.ts'
import { sameName } from './names.ts'

/** Field lines as they go out, and what the caller said in them about the things that the sender decides. */
export interface Lines {
  /** As the caller gave them: name, value, name, value. */
  readonly fields: FieldLines
  /** `Name: value CRLF` each, without Connection, Keep-Alive. */
  text: string
  /** The Content-Length given; -1 when there was none. */
  length: number
  hasDate: boolean
  hasHost: boolean
  /** There is a Proxy-Authorization, which no origin may see. */
  forProxy: boolean
  /** `Connection: close` was asked for. */
  close: boolean
}

/**
 * @throws HttpMisuse for what cannot be framed: a bad name or value, Transfer-Encoding (which is the sender's), a
 * Content-Length that is no number.
 */
export function formatFields(fields: FieldLines): Lines {
  checkPairs(fields)
  const lines: Lines = { fields, text: '', length: -1, hasDate: false, hasHost: false, forProxy: false, close: false }
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!
    const value = fields[i + 1]!
    checkField(name, value)
    if (isOurs(name) && !take(lines, name, value)) continue
    lines.text += `${name}: ${value}\r\n`
  }
  return lines
}

function isOurs(name: string): boolean {
  switch (name.length) {
    case 4:
      return sameName(name, 0, 'date') || sameName(name, 0, 'host')
    case 10:
      return sameName(name, 0, 'connection') || sameName(name, 0, 'keep-alive')
    case 14:
      return sameName(name, 0, 'content-length')
    case 17:
      return sameName(name, 0, 'transfer-encoding')
    case 19:
      return sameName(name, 0, 'proxy-authorization')
    default:
      return false
  }
}

/** Notes what such a field says; false when the line itself is not sent as given. */
function take(lines: Lines, name: string, value: string): boolean {
  switch (name.toLowerCase()) {
    case 'date':
      return (lines.hasDate = true)
    case 'proxy-authorization':
      return (lines.forProxy = true)
    case 'host':
      if (lines.hasHost)
        throw new HttpMisuse('HTTP_INVALID_FIELD', 'more than one Host: a server and a proxy could use different ones')
      return (lines.hasHost = true)
    case 'connection':
      lines.close ||= splitList(value.toLowerCase()).includes('close')
      return false
    case 'keep-alive':
      return false
    case 'content-length': {
      const length = parseLength(value)
      if (length === null || (lines.length >= 0 && lines.length !== length))
        throw new HttpMisuse(
          'HTTP_INVALID_LENGTH',
          `Content-Length must be one decimal number, not ${JSON.stringify(value)}`,
        )
      lines.length = length
      return false
    }
    default:
      throw new HttpMisuse(
        'HTTP_INVALID_FIELD',
        'Transfer-Encoding is set by the sender: leave it out, and the body is chunked where it must be',
      )
  }
}

export type OutgoingBody = 'none' | 'sized' | 'chunked' | 'until close'

/** How a body that comes in pieces is framed (RFC 9112 §6). */
export function outgoingFraming(status: number, method: string, minor: number, length: number): OutgoingBody {
  if (isBodiless(status) || method === 'HEAD') return 'none'
  if (length >= 0) return 'sized'
  return minor === 0 ? 'until close' : 'chunked'
}

/** @param connection the Connection line or lines, '' for none. */
export function responseHead(status: number, date: string, lines: Lines, framing: string, connection: string): string {
  return `${statusLine(status)}${lines.hasDate ? '' : date}${lines.text}${framing}${connection}\r\n`
}

/** @throws HttpMisuse for a method or target that would not come out as the one line it should be. */
export function requestLine(method: string, target: string): string {
  if (!isToken(method))
    throw new HttpMisuse('HTTP_INVALID_METHOD', `method ${JSON.stringify(method)} is not a token (RFC 9110 §9.1)`)
  for (let i = 0; i < target.length; i++) {
    const code = target.charCodeAt(i)
    if (isTargetCode(code) && code < 128) continue
    const what = `target ${JSON.stringify(target)} has a character at index ${i} that a URI cannot have`
    throw new HttpMisuse('HTTP_INVALID_TARGET', `${what}: percent-encode it`)
  }
  if (target === '') throw new HttpMisuse('HTTP_INVALID_TARGET', 'the request target is empty: the shortest is "/"')
  return `${method} ${target} HTTP/1.1\r\n`
}

/** The lines of trailer fields. @throws HttpMisuse for one that frames, routes or describes the message. */
export function formatTrailers(fields: FieldLines): string {
  for (let i = 0; i < fields.length; i += 2)
    if (!mayBeTrailer(fields[i]!))
      throw new HttpMisuse('HTTP_INVALID_TRAILER', `${fields[i]} may not be a trailer (RFC 9110 §6.5.1)`)
  return formatFields(fields).text
}

/** The size line before a chunk's data. */
export function chunkSize(length: number): string {
  return `${length.toString(16)}\r\n`
}
