/** What a handler answers, and what becomes of it. */

export type Piece = Uint8Array | string

/** A body that comes in pieces, made when it is to be sent. */
export type Pieces = AsyncIterable<Piece>

export type ReplyBody = string | Uint8Array | Pieces | null

/** A reply on its way: hooks may still change it. */
export class Reply {
  status: number
  /** Content-Type; '' for none. */
  type: string
  /** Further field lines: name, value, name, value. Null while there are none. */
  lines: string[] | null = null
  body: ReplyBody

  constructor(status: number, type: string, body: ReplyBody) {
    this.status = status
    this.type = type
    this.body = body
  }

  /** The value of a field, the first of its lines. */
  get(name: string): string | undefined {
    const wanted = name.toLowerCase()
    if (wanted === 'content-type') return this.type === '' ? undefined : this.type
    const { lines } = this
    if (lines !== null)
      for (let i = 0; i < lines.length; i += 2) if (lines[i]!.toLowerCase() === wanted) return lines[i + 1]
    return undefined
  }

  /** Sets a field, in place of all its lines. */
  set(name: string, value: string): this {
    if (name.toLowerCase() === 'content-type') this.type = value
    else {
      this.delete(name)
      this.append(name, value)
    }
    return this
  }

  append(name: string, value: string): this {
    this.lines ??= []
    this.lines.push(name, value)
    return this
  }

  delete(name: string): void {
    const wanted = name.toLowerCase()
    if (wanted === 'content-type') this.type = ''
    const { lines } = this
    if (lines === null) return
    for (let i = lines.length - 2; i >= 0; i -= 2) if (lines[i]!.toLowerCase() === wanted) lines.splice(i, 2)
  }
}

/**
 * What a handler may answer: text (as HTML), a `Reply` of `c.render`, `c.redirect`, `c.json` …, a platform
 * `Response`, bytes, pieces one after another, or any other object or array, which is sent as JSON.
 */
export type Answer = string | Reply | Response | Uint8Array | Pieces | object

export const HTML = 'text/html; charset=utf-8'
export const TEXT = 'text/plain; charset=utf-8'
export const JSON_TYPE = 'application/json'
const BYTES = 'application/octet-stream'

/** @throws TypeError for what is no answer; it says what the handler should do instead. */
export function toReply(answer: unknown, route: string): Reply {
  if (answer instanceof Reply) return answer
  if (typeof answer === 'string') return new Reply(200, HTML, answer)
  if (typeof answer !== 'object' || answer === null) throw noAnswer(answer, route)
  if (answer instanceof Uint8Array) return new Reply(200, BYTES, answer)
  if (answer instanceof Response) return fromResponse(answer)
  if (Symbol.asyncIterator in answer) return new Reply(200, HTML, answer as Pieces)
  return jsonReply(answer, 200)
}

export function jsonReply(value: unknown, status: number): Reply {
  const text = JSON.stringify(value)
  if (text === undefined) throw new TypeError(`c.json: a ${typeof value} has no JSON`)
  return new Reply(status, JSON_TYPE, text)
}

function noAnswer(answer: unknown, route: string): TypeError {
  const got = answer === undefined ? 'nothing' : answer === null ? 'null' : `a ${typeof answer}`
  const hint =
    answer === undefined
      ? 'return what is to be sent (is a `return` or an `await` missing?); for an empty reply: c.empty()'
      : 'return text, an object, or c.json(value)'
  return new TypeError(`the handler of ${route} answered ${got}: ${hint}`)
}

function fromResponse(response: Response): Reply {
  const reply = new Reply(response.status, response.headers.get('content-type') ?? '', response.body)
  for (const [name, value] of response.headers) if (name !== 'content-type') reply.append(name, value)
  return reply
}
