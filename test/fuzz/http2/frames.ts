/** Streams of frames, right and wrong ones, and what our session and `node:http2` make of them. */
import http2, { type Http2Server, type ServerHttp2Stream } from 'node:http2'
import { duplexPair } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { codeName, FrameType, PREFACE } from '../../../src/http/h2/codes.ts'
import { FrameReader } from '../../../src/http/h2/frame-reader.ts'
import { Decoder, FieldList } from '../../../src/http/h2/hpack/decoder.ts'
import { Session, type SessionOwner } from '../../../src/http/h2/session.ts'
import type { Wire } from '../../../src/http/h2/wire.ts'
import { HTTP_LIMITS } from '../../../src/http/index.ts'
import {
  block,
  data,
  frame,
  headers,
  join,
  numbers,
  type Octets,
  settingsFrame,
} from '../../../src/http/trial/frames.ts'

const REQUEST = [':method', 'POST', ':scheme', 'http', ':path', '/', ':authority', 'web']

const id = fc.constantFrom(1, 3, 5, 7, 9)
const small = fc.uint8Array({ maxLength: 30 })
const fields = fc.constantFrom<readonly string[]>(
  REQUEST,
  [...REQUEST, 'x-a', '1'],
  [...REQUEST, 'content-length', '3'],
  ['x-t', '1'],
)

/** Frames of which each could come. */
const single: fc.Arbitrary<Octets> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(id, fields, fc.boolean()).map(([to, of, end]) => headers(to, of, end)) },
  { weight: 4, arbitrary: fc.tuple(id, small, fc.boolean()).map(([to, content, end]) => data(to, content, end)) },
  // nghttp2 takes no HEADERS without a part of the block, which RFC 9113 §6.2 allows.
  fc.tuple(id, fields, fc.integer({ min: 1, max: 20 })).map(([to, of, cut]) => {
    const whole = block(...of)
    return join(
      frame(FrameType.headers, 1, to, whole.slice(0, cut)),
      frame(FrameType.continuation, 4, to, whole.slice(cut)),
    )
  }),
  fc
    .tuple(fc.oneof(id, fc.constant(0)), fc.constantFrom(0, 1, 1_000, 0x7fff_ffff))
    .map(([to, by]) => frame(FrameType.window, 0, to, numbers(by))),
  fc.tuple(id, fc.nat(13)).map(([to, code]) => frame(FrameType.reset, 0, to, numbers(code))),
  fc
    .tuple(fc.nat(9), fc.constantFrom(0, 1, 100, 65_535, 0x4000, 0xffff_ffff))
    .map((setting) => settingsFrame(...setting)),
  small.map((content) => frame(FrameType.ping, 0, 0, content.slice(0, 8))),
  fc.constant(frame(FrameType.ping, 0, 0, '12345678')),
  fc
    .tuple(fc.nat(20), fc.nat(255), fc.nat(9), small)
    .map(([type, flags, to, content]) => frame(type, flags, to, content)),
)

export const streams: fc.Arbitrary<Octets> = fc
  .array(single, { maxLength: 12 })
  .map((frames) => join(PREFACE, settingsFrame(), ...frames))

/** The same with octets changed, left out or put in. */
export const damaged: fc.Arbitrary<Octets> = fc
  .tuple(
    streams,
    fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom('change', 'drop', 'add')), { minLength: 1, maxLength: 4 }),
  )
  .map(([octets, damages]) => {
    const bytes = [...octets]
    for (const [place, value, kind] of damages) {
      const at = place % bytes.length
      if (kind === 'change') bytes[at] = value
      else bytes.splice(at, kind === 'drop' ? 1 : 0, ...(kind === 'add' ? [value] : []))
    }
    return Uint8Array.from(bytes)
  })

/** Well-formed requests, whatever they are cut into. */
export const requests: fc.Arbitrary<Octets> = fc
  .array(fc.tuple(fc.array(small, { maxLength: 3 }), fc.boolean(), fc.boolean()), { minLength: 1, maxLength: 6 })
  .map((all) =>
    join(
      PREFACE,
      settingsFrame(),
      ...all.flatMap(([pieces, padded, trailers], i) => [
        headers(2 * i + 1, REQUEST, false),
        ...pieces.map((piece) =>
          padded
            ? frame(FrameType.data, 8, 2 * i + 1, join(Uint8Array.of(2), piece, new Uint8Array(2)))
            : data(2 * i + 1, piece),
        ),
        trailers ? headers(2 * i + 1, ['x-t', String(i)]) : data(2 * i + 1, '', true),
      ]),
    ),
  )

/** What a peer has been told and what its requests have become, in an order that cuts do not change. */
export interface Reading {
  /** By stream: the content that came and how it ended. */
  readonly requests: Readonly<Record<number, string>>
  /** GOAWAY's code; '' where the connection goes on. */
  readonly ended: string
  /** Streams that we have reset for what came on them. */
  readonly refused: number
  /** Whether the octets end within a frame or a header block. */
  readonly midway: boolean
}

class Slab implements Wire {
  readonly slab = new Uint8Array(65_536)
  readonly blocked = false
  claim(): number {
    return 0
  }
  wrote(): void {}
}

/** @param cuts where the octets are cut */
export function ourReading(octets: Octets, cuts: readonly number[] = []): Reading {
  const told: Record<number, string> = {}
  let ended = ''
  let refused = 0
  const sent = (type: number) => {
    if (type === FrameType.reset) refused++
  }
  const hex = (bytes: Octets) => Buffer.from(bytes).toString('hex')
  const owner: SessionOwner = {
    requested(stream, head, whole) {
      const { id } = stream
      told[id] = `${head.method} ${head.path} `
      const done = () => {
        told[id] += ' whole'
        session.sendHead(stream, [':status', '200'], true)
      }
      stream.ownedBy({
        head() {},
        data(bytes) {
          told[id] += hex(bytes)
          session.used(stream, bytes.length)
        },
        ended: (trailers) => {
          told[id] += ` ${trailers.join()}`
          done()
        },
        lost: (code) => void (told[id] += ` reset ${codeName(code)}`),
        sent() {},
        drained() {},
      })
      if (whole) done()
    },
    overlong() {},
    over() {},
    leaving() {},
    told() {},
    failed: (fault) => void (ended = codeName(fault.code)),
  }
  const session = new Session(
    { role: 'server', limits: HTTP_LIMITS, now: () => 0, watch: { received() {}, sent } },
    new Slab(),
    owner,
  )
  session.begin()
  const places = [...new Set(cuts.map((cut) => cut % (octets.length + 1)))].sort((a, b) => a - b)
  let from = 0
  for (const place of [...places, octets.length]) {
    const piece = octets.slice(from, place)
    session.feed(piece)
    piece.fill(0xdd)
    from = place
  }
  return { requests: told, ended, refused, midway: session.midway }
}

/** What Node's server makes of it: the streams that it has answered, and how it has ended. */
export async function nodeReading(
  octets: Octets,
): Promise<{ answered: number[]; bodies: Record<number, string>; ended: string }> {
  const server: Http2Server = http2.createServer()
  const bodies: Record<number, string> = {}
  server.on('sessionError', () => {})
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => {})
    let content = ''
    stream.on('data', (piece) => (content += piece.toString('hex')))
    stream.on('end', () => {
      bodies[stream.id!] = content
      if (!stream.destroyed) stream.respond({ ':status': 200 }, { endStream: true })
    })
  })
  const [near, far] = duplexPair()
  near.on('error', () => {})
  far.on('error', () => {})
  server.emit('connection', far)
  const answered: number[] = []
  let ended = ''
  const decoder = new Decoder()
  const reader = new FrameReader(
    {
      frame: (type, _flags, stream, bytes, from, to) => {
        if (type === FrameType.goaway)
          ended = codeName(new DataView(bytes.buffer, bytes.byteOffset + from).getUint32(4))
        if (type === FrameType.headers) {
          const list = new FieldList(1e6, 1e6)
          decoder.decode(bytes, from, to, list)
          if (list.take().some(({ name, value }) => name === ':status' && value === '200')) answered.push(stream)
        }
        return true
      },
      oversized() {},
      strange() {},
    },
    0xff_ffff,
    false,
  )
  near.on('data', (bytes) => reader.feed(bytes))
  near.write(octets)
  for (let i = 0; i < 12; i++) await turn()
  near.destroy()
  far.destroy()
  return { answered: answered.sort((a, b) => a - b), bodies, ended }
}

/** What two servers may well take differently: streams that are reset, or whose window overflows, answered or not; answers to no PING. */
export function disputed(octets: Octets): { readonly takenBack: ReadonlySet<number>; readonly pongs: number } {
  const takenBack = new Set<number>()
  let pongs = 0
  const frame = (type: number, flags: number, stream: number) => {
    if (type === FrameType.reset || type === FrameType.window) takenBack.add(stream)
    if (type === FrameType.ping && (flags & 1) !== 0) pongs++
    return true
  }
  new FrameReader({ frame, oversized() {}, strange() {} }, 16_384, true).feed(octets)
  return { takenBack, pongs }
}
