/** What a handler answers, and what becomes of it. */

import type { Exchange, FieldLines } from '../../http/index.ts'
import { type RendersHtml, renderHtml, rendersHtml, SafeHtml } from '../../templates/safe.ts'
import { UsageError } from '../errors.ts'
import type { Maybe } from '../ground/maybe.ts'

/** Text, bytes, or HTML of the `html` tag. */
export type Piece = Uint8Array | string | SafeHtml

/** A body that comes in pieces, made when it is to be sent. */
export type Pieces = AsyncIterable<Piece>

/** What is sent after the head: text as UTF-8, bytes, pieces one after another, or nothing. */
export type ReplyContent = string | Uint8Array | Pieces | null

/** A reply on its way: hooks may still change it. */
export class Reply {
  /** The three digits. */
  status: number
  /** Content-Type; '' for none. */
  type: string
  /** Further field lines: name, value, name, value. Null while there are none. */
  lines: string[] | null = null
  /** A promise while it is being made: it is awaited before any hook sees the reply. */
  body: Maybe<ReplyContent>
  /** Nothing in the reply depends on the visitor: a file of a public directory. It is compressed for everybody. */
  forEverybody = false

  constructor(status: number, type: string, body: Maybe<ReplyContent>) {
    this.status = status
    this.type = type
    this.body = body
  }

  /** The value of a field, the first of its lines; the name in any case. */
  header(name: string): string | undefined {
    const wanted = name.toLowerCase()
    if (wanted === 'content-type') return this.type === '' ? undefined : this.type
    const { lines } = this
    if (lines !== null)
      for (let i = 0; i < lines.length; i += 2) if (lines[i]!.toLowerCase() === wanted) return lines[i + 1]
    return undefined
  }

  /** Sets a field, in place of all its lines. */
  setHeader(name: string, value: string): this {
    if (name.toLowerCase() === 'content-type') this.type = value
    else {
      this.removeHeader(name)
      this.appendHeader(name, value)
    }
    return this
  }

  /** Adds a field beside others of its name. */
  appendHeader(name: string, value: string): this {
    this.lines ??= []
    this.lines.push(name, value)
    return this
  }

  /** Takes all lines of a field away. */
  removeHeader(name: string): void {
    const wanted = name.toLowerCase()
    if (wanted === 'content-type') this.type = ''
    const { lines } = this
    if (lines === null) return
    for (let i = lines.length - 2; i >= 0; i -= 2) if (lines[i]!.toLowerCase() === wanted) lines.splice(i, 2)
  }
}

/** In place of a reply: the request becomes something else, a WebSocket. What hooks have set goes with the 101. */
export class SwitchReply extends Reply {
  /** Switches; or answers, where that cannot be. @returns the status. */
  readonly make: (exchange: Exchange, lines: FieldLines) => number

  constructor(make: (exchange: Exchange, lines: FieldLines) => number) {
    super(101, '', null)
    this.make = make
  }
}

/** An object that is sent as JSON: its own properties, or what its `toJSON` gives. Not a Map, a Set, a generator. */
export type JsonObject = object & { readonly [Symbol.iterator]?: never }

/**
 * What a handler may answer: text (sent as plain text), HTML of the `html` tag or a form, a `Reply` of `c.render`,
 * `c.redirect`, `c.json` …, a platform `Response`, bytes, pieces one after another, or an object or array, which is sent
 * as JSON.
 */
export type Answer =
  | string
  | SafeHtml
  | RendersHtml
  | Reply
  | Response
  | Uint8Array
  | Pieces
  | readonly unknown[]
  | JsonObject

export const HTML = 'text/html; charset=utf-8'
export const TEXT = 'text/plain; charset=utf-8'
export const JSON_TYPE = 'application/json'
const BYTES = 'application/octet-stream'

/**
 * @param where the route, or whatever else `who` belongs to
 * @param who whose answer it is
 * @throws UsageError for what is no answer; it says what to do instead.
 */
export function toReply(answer: unknown, where: string, who = 'the handler'): Reply {
  if (answer instanceof Reply) return answer
  if (typeof answer === 'string') return new Reply(200, TEXT, answer)
  if (typeof answer !== 'object' || answer === null) throw noAnswer(answer, `${who} of ${where}`)
  if (answer instanceof SafeHtml) return new Reply(200, HTML, answer.html)
  if (answer instanceof Uint8Array) return new Reply(200, BYTES, answer)
  if (answer instanceof Response) return fromResponse(answer)
  if (Symbol.asyncIterator in answer) return new Reply(200, TEXT, answer as Pieces)
  if (rendersHtml(answer)) return new Reply(200, HTML, answer[renderHtml]().html)
  const why = notJson(answer)
  if (why !== null) throw new UsageError(`${who} of ${where} answered ${why}`)
  return jsonReply(answer, 200)
}

/** @throws UsageError for a value that JSON has no text for, or only an empty one that was not meant. */
export function jsonReply(value: unknown, status: number): Reply {
  if (typeof value === 'object' && value !== null) {
    const why = notJson(value)
    if (why !== null) throw new UsageError(`c.json() was given ${why}`)
    const where = unawaited(value)
    if (where !== null) throw new UsageError(`c.json(): ${where} is a promise or a query, whose JSON is {}: await it`)
  }
  const text = textOf(value)
  if (text === undefined) throw new UsageError(`c.json(): a ${typeof value} cannot be converted to JSON`)
  return new Reply(status, JSON_TYPE, text)
}

/** @throws UsageError for what fails on the way: a cycle, a BigInt, a `toJSON` that throws. */
function textOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch (cause) {
    throw new UsageError(`the answer cannot be converted to JSON: ${(cause as Error).message}`, { cause })
  }
}

/** Why an object would be sent as `{}` or fail, with what to do instead; null when it has JSON of its own. */
function notJson(value: object): string | null {
  const prototype = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === Array.prototype || prototype === null) return null
  if (Array.isArray(value) || typeof (value as { toJSON?: unknown }).toJSON === 'function') return null
  if (value instanceof Error) return 'an Error: throw it, so that the site answers it'
  const name = value.constructor?.name || Object.prototype.toString.call(value).slice(8, -1)
  if (value instanceof Blob) return 'a Blob: return new Response(blob)'
  if (value instanceof ArrayBuffer) return 'an ArrayBuffer: return new Uint8Array(buffer)'
  if (name === 'Generator') return 'a generator: pieces come from an async one (async function*)'
  if (Symbol.iterator in value) return `a ${name}, which has no JSON: spread the value into an array ([...value])`
  if (Object.keys(value).length > 0) return null
  return `an object of class ${name} without properties of its own: answer a plain object with its data`
}

/** Items of a list that are looked at: a forgotten await makes promises of all of them. */
const LOOKED_AT = 3

/** Where an answer holds what should have been awaited: `{ posts: Post.all() }`, `rows.map(async …)`. Null for nowhere. */
function unawaited(value: object, inside = ''): string | null {
  const names = Array.isArray(value) ? Object.keys(value.slice(0, LOOKED_AT)) : Object.keys(value)
  for (const name of names) {
    const held = (value as Record<string, unknown>)[name]
    if (typeof held !== 'object' || held === null) continue
    const path = inside === '' ? name : `${inside}.${name}`
    if (typeof (held as { then?: unknown }).then === 'function') return `'${path}'`
    if (inside === '' && Array.isArray(held)) {
      const deeper = unawaited(held, path)
      if (deeper !== null) return deeper
    }
  }
  return null
}

function noAnswer(answer: unknown, who: string): UsageError {
  const got = answer === undefined ? 'nothing' : answer === null ? 'null' : `a ${typeof answer}`
  const hint =
    answer === undefined
      ? 'return what is to be sent (is a `return` or an `await` missing?); for an empty reply: c.empty()'
      : 'return text, an object, or c.json(value)'
  return new UsageError(`${who} answered ${got}: ${hint}`)
}

function fromResponse(response: Response): Reply {
  const reply = new Reply(response.status, response.headers.get('content-type') ?? '', response.body)
  for (const [name, value] of response.headers) if (name !== 'content-type') reply.appendHeader(name, value)
  return reply
}
