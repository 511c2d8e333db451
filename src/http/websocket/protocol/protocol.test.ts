/** The sans-IO part: masks, UTF-8, frames cut anywhere, the closing table, the extension's grammar. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import * as ws from 'ws'
import { deflate } from '../node/deflate.ts'
import { CLOSE_CODE, isCloseCode } from './close-code.ts'
import { CLOSING, type ClosingEvent, type ClosingState, type Transition } from './closing.ts'
import { agreeToDeflate, offerDeflate, parseExtensions, readDeflateAnswer } from './extension.ts'
import { FIN, OPCODE, writeHead } from './frame.ts'
import { Inflating } from './inflating.ts'
import { mask } from './mask.ts'
import { MessageReader, type ReaderSink } from './reader.ts'
import { textOf, Utf8Check } from './utf8.ts'
import { FrameWriter } from './writer.ts'

test('a mask is that of the RFC at every alignment, length and phase', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(7), fc.integer(), fc.nat(9), (octets, offset, key, phase) => {
      const whole = new Uint8Array(octets.length + offset)
      whole.set(octets, offset)
      const bytes = whole.subarray(offset)
      mask(bytes, 0, bytes.length, key, phase)
      for (const [i, octet] of octets.entries())
        assert.equal(bytes[i], octet ^ ((key >>> (((i + phase) & 3) * 8)) & 255))
    }),
  )
})

test('UTF-8 in pieces is what a strict decoder says of the whole, and nothing is found too late', () => {
  const strict = new TextDecoder('utf-8', { fatal: true })
  const isText = (octets: Uint8Array) => {
    try {
      strict.decode(octets)
      return true
    } catch {
      return false
    }
  }
  /** Whether more octets could make a text of it. */
  const mayBecome = (octets: Uint8Array) =>
    ['', '80', '8080', '808080', 'a0', 'a080', '90', '9080', '908080', 'bf', 'bfbf'].some((more) =>
      isText(Uint8Array.from([...octets, ...Buffer.from(more, 'hex')])),
    )
  const octet = fc.oneof(fc.nat(255), fc.constantFrom(0x80, 0xbf, 0xc2, 0xe0, 0xed, 0xa0, 0x9f, 0xf0, 0xf4, 0x8f, 0x90))
  fc.assert(
    fc.property(fc.array(octet, { maxLength: 12 }), fc.nat(12), (list, at) => {
      const octets = Uint8Array.from(list)
      const check = new Utf8Check()
      const cut = Math.min(at, octets.length)
      let bad = check.push(octets, 0, cut)
      if (bad < 0) bad = check.push(octets, cut, octets.length)
      assert.equal(bad < 0 && check.whole, isText(octets))
      assert.equal(textOf(octets, 0, octets.length) !== null, isText(octets))
      if (bad >= 0) {
        assert.ok(mayBecome(octets.subarray(0, bad)), 'found too early')
        assert.ok(!mayBecome(octets.subarray(0, bad + 1)), 'found too late')
      }
    }),
    { numRuns: 3_000 },
  )
})

/** What a reader says of octets. */
class Ear implements ReaderSink {
  readonly said: string[] = []
  readonly wantsPieces: boolean = false
  onText(text: string): void {
    this.said.push(`text ${text}`)
  }
  onBinary(bytes: Uint8Array): void {
    this.said.push(`binary ${Buffer.from(bytes).toString('hex')}`)
  }
  onPiece(piece: string | Uint8Array, last: boolean): void {
    this.said.push(`piece ${piece} ${last}`)
  }
  onPing(payload: Uint8Array): void {
    this.said.push(`ping ${Buffer.from(payload).toString('hex')}`)
  }
  onPong(payload: Uint8Array): void {
    this.said.push(`pong ${Buffer.from(payload).toString('hex')}`)
  }
  onCloseFrame(code: number, reason: string): void {
    this.said.push(`close ${code} ${reason}`)
  }
}

const LIMITS = { messageBytes: 500, messageFragments: 6 }

function read(
  octets: Uint8Array,
  cuts: readonly number[],
  inflate: boolean,
): { said: string[]; fault: number | null; at: number } {
  const ear = new Ear()
  const inflating = inflate ? new Inflating(deflate!, 15, true) : null
  const reader = new MessageReader(ear, { masked: true, limits: LIMITS, inflating })
  const edges = [...new Set(cuts.map((cut) => cut % (octets.length + 1)))].sort((a, b) => a - b)
  let from = 0
  for (const to of [...edges, octets.length]) {
    // Memory of the driver: overwritten after the call, never written to by the reader.
    const lent = octets.slice(from, to)
    const before = lent.slice()
    assert.equal(reader.read(lent), lent.length)
    assert.deepEqual(lent, before)
    lent.fill(0xdd)
    from = to
  }
  reader.drop()
  return { said: ear.said, fault: reader.fault?.code ?? null, at: reader.fault?.at ?? 0 }
}

/** Frames as they may come, most of them sound. */
const frame = fc
  .record({
    opcode: fc.constantFrom(0, 1, 1, 2, 2, 8, 9, 10, 3),
    fin: fc.constantFrom(true, true, true, false),
    rsv1: fc.constantFrom(false, false, false, true),
    key: fc.integer(),
    payload: fc.oneof(
      fc.string({ maxLength: 20 }).map((text) => new Uint8Array(Buffer.from(text))),
      fc.uint8Array({ maxLength: 140 }),
      fc.constantFrom(
        Buffer.from('03e8', 'hex'),
        Buffer.from('cebaedb080', 'hex'),
        Buffer.from('f248cdc9c90700', 'hex'),
        Buffer.alloc(400, 65),
      ),
    ),
  })
  .map(({ opcode, fin, rsv1, key, payload }) => {
    const bytes = new Uint8Array(14 + payload.length)
    const at = writeHead(bytes, 0, (fin ? FIN : 0) | (rsv1 ? 0x40 : 0) | opcode, payload.length, key)
    bytes.set(payload, at)
    mask(bytes, at, at + payload.length, key, 0)
    return bytes.slice(0, at + payload.length)
  })

const stream = fc.array(frame, { maxLength: 8 }).map((all) => new Uint8Array(Buffer.concat(all)))

test('frames cut anywhere say the same, and fail by the same code', () => {
  fc.assert(
    fc.property(stream, fc.array(fc.nat(2_000), { maxLength: 12 }), fc.boolean(), (octets, cuts, inflate) => {
      const whole = read(octets, [], inflate)
      const cut = read(octets, cuts, inflate)
      assert.deepEqual(cut.said, whole.said)
      assert.equal(cut.fault, whole.fault)
      const single = read(
        octets,
        Array.from(octets, (_, i) => i),
        inflate,
      )
      assert.deepEqual([single.said, single.fault], [whole.said, whole.fault])
    }),
    { numRuns: 500 },
  )
})

/** The same by another's receiver. */
async function others(octets: Uint8Array): Promise<{ said: string[]; fault: number | null }> {
  const said: string[] = []
  let fault: number | null = null
  type Made = NodeJS.WritableStream & { on(event: string, listener: (...all: never[]) => void): Made }
  const receiver = new (ws as unknown as { readonly Receiver: new (options: object) => Made }).Receiver({
    isServer: true,
    maxPayload: LIMITS.messageBytes,
    maxFragments: LIMITS.messageFragments,
    allowSynchronousEvents: true,
  })
  receiver.on('message', (data: Buffer, binary: boolean) =>
    said.push(binary ? `binary ${data.toString('hex')}` : `text ${data}`),
  )
  receiver.on('ping', (data: Buffer) => said.push(`ping ${data.toString('hex')}`))
  receiver.on('pong', (data: Buffer) => said.push(`pong ${data.toString('hex')}`))
  receiver.on('conclude', (code: number, reason: Buffer) => said.push(`close ${code} ${reason}`))
  receiver.on('error', (error: Error) => {
    const codes = Object.getOwnPropertySymbols(error).map(
      (symbol) => (error as unknown as Record<symbol, number>)[symbol],
    )
    fault = codes[0] ?? 0
  })
  await new Promise<void>((resolve) => {
    receiver.on('error', () => resolve())
    receiver.on('conclude', () => resolve())
    receiver.write(octets, () => resolve())
  })
  return { said, fault }
}

test("whole streams say what ws' receiver says", async () => {
  let compared = 0
  await fc.assert(
    fc.asyncProperty(stream, async (octets) => {
      if (octets.length === 0) return
      const ours = read(octets, [], false)
      const theirs = await others(octets)
      // It looks at a text when the message is whole, and counts frames and octets a little differently.
      if (
        ours.fault === CLOSE_CODE.invalidData ||
        ours.fault === CLOSE_CODE.policyViolation ||
        ours.fault === CLOSE_CODE.messageTooBig
      )
        return
      assert.deepEqual(ours.said, theirs.said)
      assert.equal(ours.fault, theirs.fault)
      compared++
    }),
    { numRuns: 500 },
  )
  assert.ok(compared > 100, `only ${compared} were compared`)
})

test('what a writer makes, a reader takes, at every length around the forms of the head', () => {
  for (const masked of [false, true]) {
    const written: Uint8Array[] = []
    const sink = { write: (bytes: Uint8Array) => written.push(bytes.slice()) > 0, cork() {}, uncork() {} }
    const writer = new FrameWriter(sink, masked ? () => 0x12345678 : null)
    const ear = new Ear()
    const limits = { messageBytes: 200_000, messageFragments: 10 }
    const reader = new MessageReader(ear, { masked, limits, inflating: null })
    const lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 65_537, 100_000]
    for (const length of lengths) {
      writer.text('é'.repeat(length >> 1) + 'x'.repeat(length & 1))
      writer.frame(FIN | OPCODE.binary, new Uint8Array(length).fill(7))
    }
    writer.close(1000, 'bye')
    for (const bytes of written) reader.read(bytes)
    assert.equal(reader.fault, null)
    assert.deepEqual(
      ear.said.map((said) => said.slice(0, 6) + said.length),
      [
        ...lengths.flatMap((length) => [
          `text ${length > 1 ? 'é' : length === 1 ? 'x' : ''}${5 + (length >> 1) + (length & 1)}`,
          `binary${7 + 2 * length}`,
        ]),
        'close 14',
      ],
    )
  }
})

test('a length that is promised takes no memory, and one that cannot be is refused', () => {
  for (const [length, code] of [
    [2n ** 31n, 1009],
    [2n ** 32n, 1009],
    [2n ** 53n, 1009],
    [2n ** 63n - 1n, 1009],
    [2n ** 63n, 1002],
    [2n ** 64n - 1n, 1002],
  ] as const) {
    const head = Buffer.alloc(14)
    head[0] = FIN | OPCODE.binary
    head[1] = 0xff
    head.writeBigUInt64BE(length, 2)
    assert.equal(read(head, [], false).fault, code, String(length))
  }
  const ear = new Ear()
  const limits = { messageBytes: 2 ** 40, messageFragments: 10 }
  const reader = new MessageReader(ear, { masked: true, limits, inflating: null })
  const head = Buffer.alloc(14)
  head[0] = FIN | OPCODE.binary
  head[1] = 0xff
  head.writeBigUInt64BE(2n ** 39n, 2)
  const before = process.memoryUsage().arrayBuffers
  reader.read(Buffer.concat([head, Buffer.alloc(1_000)]))
  assert.equal(reader.fault, null)
  assert.ok(process.memoryUsage().arrayBuffers - before < 1_000_000)
})

test('limits: octets of a message (messageBytes), and frames of one (messageFragments)', () => {
  const sent = (list: readonly (readonly [number, number])[]) => {
    const ear = new Ear()
    const reader = new MessageReader(ear, { masked: false, limits: LIMITS, inflating: null })
    for (const [first, length] of list) {
      const bytes = new Uint8Array(14 + length)
      reader.read(bytes.subarray(0, writeHead(bytes, 0, first, length, null) + length))
    }
    return [ear.said.length, reader.fault?.code ?? 0]
  }
  assert.deepEqual(sent([[FIN | 2, 500]]), [1, 0])
  assert.deepEqual(sent([[FIN | 2, 501]]), [0, 1009])
  assert.deepEqual(
    sent([
      [2, 300],
      [0, 200],
      [FIN, 0],
    ]),
    [1, 0],
  )
  assert.deepEqual(
    sent([
      [2, 300],
      [0, 201],
    ]),
    [0, 1009],
  )
  assert.deepEqual(
    sent([
      [2, 0],
      [0, 0],
      [0, 0],
      [0, 0],
      [0, 0],
      [FIN, 0],
    ]),
    [1, 0],
  )
  assert.deepEqual(
    sent([
      [2, 0],
      [0, 0],
      [0, 0],
      [0, 0],
      [0, 0],
      [0, 0],
    ]),
    [0, 1008],
  )
})

test('a message in pieces is not bounded, and its characters are whole', () => {
  class Pieces extends Ear {
    override readonly wantsPieces = true
  }
  for (const inflate of [false, true]) {
    const ear = new Pieces()
    const inflating = inflate ? new Inflating(deflate!, 15, true) : null
    const reader = new MessageReader(ear, { masked: false, limits: LIMITS, inflating })
    const text = 'κόσμε𝄞'.repeat(300)
    const payload = inflate ? deflate!.deflater(15, 6).deflate(Buffer.from(text), false).slice() : Buffer.from(text)
    const bytes = new Uint8Array(14 + payload.length)
    const at = writeHead(bytes, 0, FIN | OPCODE.text | (inflate ? 0x40 : 0), payload.length, null)
    bytes.set(payload, at)
    for (let i = 0; i < at + payload.length; i += 7)
      reader.read(bytes.subarray(i, Math.min(i + 7, at + payload.length)))
    assert.equal(reader.fault, null)
    assert.equal(ear.said.map((said) => said.replace(/^piece (.*) (?:true|false)$/su, '$1')).join(''), text)
    assert.ok(ear.said.length > 2 && ear.said.at(-1)!.endsWith('true'))
  }
})

const STATES = Object.keys(CLOSING) as ClosingState[]
const EVENTS = Object.keys(CLOSING.open) as ClosingEvent[]

test('the closing handshake in every order of events: Close is sent once, and every way ends', () => {
  const ends: string[] = []
  const walk = (state: ClosingState, path: readonly ClosingEvent[], sent: number, below: readonly string[]) => {
    assert.ok(sent <= 1, `${path}: Close was sent ${sent} times`)
    if (state === 'closed') {
      const gone = path.at(-1) === 'lost' || below.includes('shut') || below.includes('reset')
      assert.ok(gone, `${path}: closed, and the connection stays`)
      ends.push(path.join(' '))
      for (const event of EVENTS) assert.deepEqual(CLOSING.closed[event], { to: 'closed', actions: [] })
      return
    }
    if (path.length === 5) return
    for (const event of EVENTS) {
      const { to, actions }: Transition = CLOSING[state][event]
      // Every state but `open` has a deadline, and time and loss end every state.
      if (event === 'late' || event === 'lost' || event === 'peerEnd') assert.equal(to, 'closed')
      assert.ok(STATES.indexOf(to) >= STATES.indexOf(state), `${state} goes back to ${to}`)
      walk(to, [...path, event], sent + actions.filter((action) => action === 'sendClose').length, [
        ...below,
        ...actions,
      ])
    }
  }
  walk('open', [], 0, [])
  assert.ok(ends.includes('close peerClose peerEnd') && ends.includes('peerClose lost') && ends.includes('fail late'))
  // Both Close frames pass in both orders.
  for (const order of [
    ['close', 'peerClose'],
    ['peerClose', 'close'],
  ] as const) {
    let state: ClosingState = 'open'
    for (const event of order) state = CLOSING[state][event].to
    assert.equal(state, 'answered')
  }
})

test('codes that a Close frame may carry', () => {
  const may = Array.from({ length: 70_000 }, (_, code) => code).filter(isCloseCode)
  assert.deepEqual(may.slice(0, 12), [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014])
  assert.deepEqual([may[12], may.at(-1), may.length], [3000, 4999, 2012])
})

test('the grammar of extensions', () => {
  const good = (text: string) => parseExtensions(text, 8)
  assert.deepEqual(good('a'), [{ name: 'a', parameters: [] }])
  assert.deepEqual(good('a ; b = 1;c="x" , d'), [
    {
      name: 'a',
      parameters: [
        ['b', '1'],
        ['c', 'x'],
      ],
    },
    { name: 'd', parameters: [] },
  ])
  assert.deepEqual(good('a; b; b="\\2"'), [
    {
      name: 'a',
      parameters: [
        ['b', null],
        ['b', '2'],
      ],
    },
  ])
  for (const bad of [
    '',
    ' ',
    ',',
    'a,',
    ',a',
    'a;',
    'a;;b',
    'a;b=',
    'a;=',
    'a;b="',
    'a;b=""',
    'a;b="x y"',
    'a b',
    'a;b=1 2',
    'a;b="1"x',
    'é',
    'a;b=\u0000',
    `${'a;'.repeat(9)}b`,
  ])
    assert.equal(good(bad), null, bad)
  // No text makes it throw, or take more than its length.
  fc.assert(fc.property(fc.string({ maxLength: 60 }), (text) => void parseExtensions(text, 8)))
})

test('blocks that say that they are the last: what came before is not copied for each (two octets cost no megabyte)', (context) => {
  const blocks = 2_000
  const first = deflateRawSync(new Uint8Array(1_000_000))
  const bytes = new Uint8Array(first.length + 2 * blocks)
  bytes.set(first)
  for (let i = 0; i < blocks; i++) bytes[first.length + 2 * i] = 3
  let copied = 0
  const { set, slice } = Uint8Array.prototype
  context.mock.method(Uint8Array.prototype, 'set', function (this: Uint8Array, from: Uint8Array, at?: number) {
    copied += from.length
    set.call(this, from, at)
  })
  context.mock.method(Uint8Array.prototype, 'slice', function (this: Uint8Array, from?: number, to?: number) {
    const part = slice.call(this, from, to)
    copied += part.length
    return part
  })
  const inflater = deflate!.inflater(15)
  const plain = inflater.inflate(bytes, true, 2_000_000)
  context.mock.restoreAll()
  inflater.close()
  assert.ok(typeof plain !== 'string')
  assert.equal(plain.length, 1_000_000)
  assert.ok(copied < 10_000_000, `${copied} octets were copied`)
  const again = deflate!.inflater(15)
  assert.equal(again.inflate(bytes, true, 999_999), 'long')
  again.close()
})

test('what is agreed upon of permessage-deflate', () => {
  const shared = { takeover: false, windowBits: 15 }
  const keeping = { takeover: true, windowBits: 12 }
  const agree = (text: string, wishes = shared) => agreeToDeflate(parseExtensions(text, 32)!, wishes)?.field ?? null
  const short = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover'
  assert.equal(agree('permessage-deflate'), short)
  assert.equal(agree('permessage-deflate; client_max_window_bits'), short)
  assert.equal(
    agree('permessage-deflate; client_max_window_bits=9; server_max_window_bits=10'),
    `${short}; server_max_window_bits=10; client_max_window_bits=9`,
  )
  assert.equal(agree('permessage-deflate', keeping), 'permessage-deflate; server_max_window_bits=12')
  assert.equal(
    agree('permessage-deflate; server_no_context_takeover', keeping),
    'permessage-deflate; server_no_context_takeover; server_max_window_bits=12',
  )
  assert.equal(
    agree('x, permessage-deflate; made_up, permessage-deflate; server_max_window_bits=8'),
    `${short}; server_max_window_bits=8`,
  )
  for (const declined of [
    'x-webkit-deflate-frame',
    'permessage-deflate; made_up',
    'permessage-deflate; server_max_window_bits',
    'permessage-deflate; server_max_window_bits=7',
    'permessage-deflate; server_max_window_bits=16',
    'permessage-deflate; server_max_window_bits=010',
    'permessage-deflate; client_max_window_bits=1e1',
    'permessage-deflate; server_no_context_takeover=1',
    'permessage-deflate; client_max_window_bits; client_max_window_bits',
  ])
    assert.equal(agree(declined), null, declined)
  // The client's offer is one that this server takes, and the client takes its answer.
  for (const client of [shared, keeping])
    for (const server of [shared, keeping]) {
      const answer = agreeToDeflate(parseExtensions(offerDeflate(client), 32)!, server)!
      const read = readDeflateAnswer(parseExtensions(answer.field, 32)!, client)
      assert.ok(read !== null && typeof read !== 'string')
      assert.deepEqual(
        [read.serverTakeover, read.serverWindowBits],
        [answer.agreement.serverTakeover, answer.agreement.serverWindowBits],
      )
      assert.ok(!read.clientTakeover || answer.agreement.clientTakeover)
      assert.ok(read.clientWindowBits <= answer.agreement.clientWindowBits)
    }
  assert.equal(typeof readDeflateAnswer(parseExtensions('permessage-deflate', 32)!, null), 'string')
  assert.equal(typeof readDeflateAnswer(parseExtensions('permessage-deflate', 32)!, shared), 'string')
})
