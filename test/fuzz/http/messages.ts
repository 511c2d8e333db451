/** Requests out of a grammar that is mostly right, and what readers make of them. */
import { createServer, type IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'
import fc from 'fast-check'
import { HTTP_LIMITS } from '../../../src/http/index.ts'
import { Reader, type ReaderSink } from '../../../src/http/machine/reader.ts'
import { targetOf } from '../../../src/http/machine/target.ts'
import { latin1 } from '../../../src/http/machine/text.ts'
import { Verdict } from '../../../src/http/verdict.ts'

export interface Reading {
  /** Complete messages: method, target, version, fields, body, trailers. */
  readonly messages: string[]
  refused: string
}

/**
 * Has our reader read the bytes in pieces that end at `cuts`.
 * @param switches whether another protocol begins after a request that asks for one.
 */
export function ourReading(bytes: Uint8Array, cuts: readonly number[] = [], switches = true): Reading {
  const reading: Reading = { messages: [], refused: '' }
  let start: unknown[] = []
  let body = ''
  const sink: ReaderSink = {
    onHead(head, framing) {
      start = [head.method, head.target, `1.${head.minor}`, head.lines()]
      body = ''
      const place = targetOf(head)
      if (place instanceof Verdict) {
        reading.refused = place.toString()
        reader.close()
        return
      }
      if (framing.kind === 'tunnel' || (switches && framing.upgrade !== '')) reader.close()
    },
    onBody(piece) {
      body += latin1(piece)
    },
    onMessageEnd(trailers) {
      reading.messages.push(JSON.stringify([...start, body, trailers]))
    },
    onRefused(verdict) {
      reading.refused = verdict.toString()
    },
  }
  const reader = new Reader('request', sink, HTTP_LIMITS)
  let at = 0
  for (const cut of [...cuts.map((c) => c % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    if (cut > at) reader.feed(bytes.slice(at, cut))
    at = Math.max(at, cut)
  }
  if (!reader.end()) reading.refused ||= 'cut short'
  return reading
}

/** The same by node:http's server, over a stream that is no socket. */
export function nodeReading(bytes: Uint8Array): Promise<Reading> {
  const reading: Reading = { messages: [], refused: '' }
  return new Promise((resolve) => {
    const server = createServer({ requireHostHeader: false, keepAliveTimeout: 0 }, (request, response) => {
      let body = ''
      request.on('data', (piece: Buffer) => {
        body += piece.toString('latin1')
      })
      request.on('end', () => {
        reading.messages.push(describe(request, body))
        response.end()
      })
      request.on('error', () => {})
    })
    server.on('checkExpectation', (request, response) => server.emit('request', request, response))
    server.on('clientError', (error, socket) => {
      reading.refused ||= error.message
      socket.destroy()
    })
    const stream = new Duplex({
      read() {},
      write: (_chunk, _encoding, done) => done(),
    })
    server.emit('connection', stream)
    stream.push(bytes)
    stream.push(null)
    // Replies are written in later turns; no socket, so a few of them are all it takes.
    let turns = 12
    const wait = () => {
      if (turns-- > 0) setImmediate(wait)
      else {
        stream.destroy()
        resolve(reading)
      }
    }
    wait()
  })
}

function describe(request: IncomingMessage, body: string): string {
  const { method, url, httpVersion, rawHeaders, rawTrailers } = request
  return JSON.stringify([method, url, httpVersion, rawHeaders, body, rawTrailers])
}

const body = fc.string({ unit: fc.constantFrom('a', 'b', '\r', '\n', '0', ':', ' ', '\0', '\xff'), maxLength: 20 })
const token = fc.string({ unit: fc.constantFrom(..."abcXYZ019-_!~'*"), minLength: 1, maxLength: 8 })
const value = fc.string({
  unit: fc.constantFrom('a', 'Z', '0', ' ', '\t', '"', ',', '\xe9', '\x80', ':'),
  maxLength: 12,
})
const field = fc.tuple(token, value).map(([name, text]) => `X-${name}: ${text}\r\n`)
const target = fc.string({ unit: fc.constantFrom(...'abc/?&=%.-~;+'), maxLength: 12 }).map((rest) => `/${rest}`)

const sized = body.map((content) => ({ fields: `Content-Length: ${content.length}\r\n`, content }))
const chunkedBody = fc
  .tuple(
    fc.array(
      body.filter((piece) => piece.length > 0),
      { maxLength: 4 },
    ),
    fc.array(field, { maxLength: 2 }),
    token,
  )
  .map(([pieces, trailers, extension]) => ({
    fields: 'Transfer-Encoding: chunked\r\n',
    content: `${pieces.map((p) => `${p.length.toString(16)};${extension}=1\r\n${p}\r\n`).join('')}0\r\n${trailers.join('')}\r\n`,
  }))
const none = fc.constant({ fields: '', content: '' })

/** One valid request. */
export const request = fc
  .tuple(
    fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'HEAD'),
    target,
    fc.array(field, { maxLength: 4 }),
    fc.oneof(none, sized, chunkedBody),
  )
  .map(([method, path, fields, { fields: framing, content }]) => {
    return `${method} ${path} HTTP/1.1\r\nHost: a\r\n${fields.join('')}${framing}\r\n${content}`
  })

/** A stream of valid requests. */
export const stream = fc.array(request, { minLength: 1, maxLength: 4 }).map((requests) => requests.join(''))

const junk = fc.constantFrom(
  ...['\r', '\n', '\r\n', ' ', '\t', '\0', ':', ';', '0', '5', 'a', '\xff', '\x0b', ',', 'chunked', '_', '+', '-'],
  ...['Content-Length: 3\r\n', 'Transfer-Encoding: chunked\r\n', 'Connection: close\r\n', 'HTTP/1.0', '\r\n\r\n'],
)

const foldable = fc
  .tuple(token, fc.array(value, { minLength: 1, maxLength: 3 }), fc.constantFrom(' ', '\t', '  '))
  .map(([name, pieces, space]) => `X-${name}: ${pieces.join(`\r\n${space}`)}\r\n`)

/** A stream of valid responses to GETs, with folded lines as old servers send them. */
export const replies = fc
  .array(
    fc.tuple(
      fc.constantFrom('HTTP/1.1 200 OK', 'HTTP/1.1 404', 'HTTP/1.1 999 \xe9', 'HTTP/1.1 103 Early'),
      fc.array(foldable, { maxLength: 4 }),
      fc.oneof(fc.constant({ fields: 'Content-Length: 0\r\n', content: '' }), sized, chunkedBody),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((all) =>
    all
      .map(([line, fields, body]) => {
        const framed = line.includes(' 103 ') ? { fields: '', content: '' } : body
        return `${line}\r\n${fields.join('')}${framed.fields}\r\n${framed.content}`
      })
      .join(''),
  )

/** What our reader makes of responses in pieces that end at `cuts`: every event, as a line. */
export function ourReplies(bytes: Uint8Array, cuts: readonly number[] = []): string[] {
  const events: string[] = []
  let body = ''
  const sink: ReaderSink = {
    onHead: (head) => void events.push(JSON.stringify([head.status, head.reason, head.minor, head.lines()])),
    onBody: (piece) => void (body += latin1(piece)),
    onMessageEnd(trailers) {
      events.push(JSON.stringify([body, trailers]))
      body = ''
    },
    onRefused: (verdict) => void events.push(verdict.toString()),
  }
  const reader = new Reader('response', sink, HTTP_LIMITS)
  for (let i = 0; i < 8; i++) reader.expect('GET')
  let at = 0
  for (const cut of [...cuts.map((c) => c % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    if (cut > at) reader.feed(bytes.slice(at, cut))
    at = Math.max(at, cut)
  }
  return [...events, body, String(reader.end())]
}

/** A stream with something put in, taken out or overwritten in a few places. */
export const damage = (whole: fc.Arbitrary<string>) =>
  fc
    .tuple(whole, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 3 }), junk), { minLength: 1, maxLength: 3 }))
    .map(([text, edits]) => {
      let result = text
      for (const [place, remove, insert] of edits) {
        const at = place % (result.length + 1)
        result = result.slice(0, at) + insert + result.slice(at + remove)
      }
      return result
    })

export const damaged = damage(stream)
