/** HPACK: the examples of RFC 7541 Appendix C, what is no HPACK, tables that change, and what an encoder may tell others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { property } from 'fast-check'
import { fieldOf } from '../field.ts'
import { Decoder, FieldList } from './decoder.ts'
import { Encoder } from './encoder.ts'
import { decodeHuffman, huffmanLength, mostDecoded, writeHuffman } from './huffman.ts'
import { DynamicTable, STATIC } from './table.ts'

const octets = (hex: string) =>
  Uint8Array.from(hex.replaceAll(' ', '').match(/../g) ?? [], (two) => Number.parseInt(two, 16))

function decoded(decoder: Decoder, hex: string): string[] | string {
  const list = new FieldList(65_536, 1_000)
  const block = octets(hex)
  const fault = decoder.decode(block, 0, block.length, list)
  return fault ?? list.take().flatMap(({ name, value }) => [name, value])
}

function encoded(encoder: Encoder, fields: readonly string[]): Uint8Array {
  const into = new Uint8Array(Encoder.most(fields))
  encoder.begin(into, 0)
  for (let i = 0; i < fields.length; i += 2) encoder.field(fields[i]!, fields[i + 1]!)
  return into.subarray(0, encoder.at)
}

const request = (...more: string[]) => [
  ':method',
  'GET',
  ':scheme',
  'http',
  ':path',
  '/',
  ':authority',
  'www.example.com',
  ...more,
]
const secure = [
  ':method',
  'GET',
  ':scheme',
  'https',
  ':path',
  '/index.html',
  ':authority',
  'www.example.com',
  'custom-key',
  'custom-value',
]
const first = [
  ...[':status', '302', 'cache-control', 'private', 'date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
  ...['location', 'https://www.example.com'],
]
const second = [':status', '307', ...first.slice(2)]
const third = [
  ...[':status', '200', 'cache-control', 'private', 'date', 'Mon, 21 Oct 2013 20:13:22 GMT'],
  ...['location', 'https://www.example.com', 'content-encoding', 'gzip'],
  ...['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
]

/** Section, size of the table, blocks with what they say and how large the table is after them. */
const EXAMPLES: [string, number, [string, string[], number][]][] = [
  [
    'C.2.1',
    4096,
    [['400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572', ['custom-key', 'custom-header'], 55]],
  ],
  ['C.2.2', 4096, [['040c 2f73 616d 706c 652f 7061 7468', [':path', '/sample/path'], 0]]],
  ['C.2.3', 4096, [['1008 7061 7373 776f 7264 0673 6563 7265 74', ['password', 'secret'], 0]]],
  ['C.2.4', 4096, [['82', [':method', 'GET'], 0]]],
  [
    'C.3',
    4096,
    [
      ['8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d', request(), 57],
      ['8286 84be 5808 6e6f 2d63 6163 6865', request('cache-control', 'no-cache'), 110],
      ['8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65', secure, 164],
    ],
  ],
  [
    'C.4',
    4096,
    [
      ['8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff', request(), 57],
      ['8286 84be 5886 a8eb 1064 9cbf', request('cache-control', 'no-cache'), 110],
      ['8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf', secure, 164],
    ],
  ],
  [
    'C.5',
    256,
    [
      [
        '4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        first,
        222,
      ],
      ['4803 3330 37c1 c0bf', second, 222],
      [
        '88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31',
        third,
        215,
      ],
    ],
  ],
  [
    'C.6',
    256,
    [
      [
        '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
        first,
        222,
      ],
      ['4883 640e ffc1 c0bf', second, 222],
      [
        '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
        third,
        215,
      ],
    ],
  ],
]

test('RFC 7541 Appendix C, table sizes included', () => {
  for (const [section, size, blocks] of EXAMPLES) {
    const decoder = new Decoder(size)
    for (const [hex, fields, bytes] of blocks) {
      assert.deepEqual(decoded(decoder, hex), fields, section)
      assert.equal(decoder.tableBytes, bytes, section)
    }
  }
})

test('RFC 7541 C.1: integers', () => {
  // 1337 as the index of a static table that has none: the number is in the message.
  assert.match(String(decoded(new Decoder(), 'ff 9a0a')), /index 1433 /)
  assert.match(String(decoded(new Decoder(), 'ff 8080 8080 01')), /integer that is too long/)
  assert.match(String(decoded(new Decoder(), 'ff ffff ffff 7f')), /integer that is too long/)
  assert.match(String(decoded(new Decoder(), 'ff80')), /ends within an integer/)
})

test('what is no HPACK is said, and never thrown', () => {
  const cases: [string, RegExp][] = [
    ['80', /index 0/],
    ['be', /index 62/],
    ['7f00 00', /index 63/],
    ['40', /ends before a string/],
    ['4001', /ends within a string/],
    ['4001 61', /ends before a string/],
    ['82 20', /change of the table size within a block/],
    ['3fe2 1f', /a table of 4097 bytes, where 4096 are allowed/],
    // Padding of 8 bits; padding that is not of ones; EOS itself.
    ['4001 6182 07ff', /not in the Huffman code/],
    ['4001 6181 00', /not in the Huffman code/],
    ['4001 6184 ffff ffff', /not in the Huffman code/],
  ]
  for (const [hex, why] of cases) assert.match(String(decoded(new Decoder(), hex)), why, hex)
  fc.assert(
    property(fc.uint8Array({ maxLength: 200 }), (block) => {
      const list = new FieldList(2_000, 20)
      new Decoder().decode(block, 0, block.length, list)
      assert.ok(list.fields.length <= 20)
    }),
    { numRuns: 2_000 },
  )
})

test('every string survives the Huffman code', () => {
  const all = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i))
  const through = (text: string) => {
    const length = huffmanLength(text)
    const bytes = new Uint8Array(length)
    assert.equal(writeHuffman(bytes, 0, text), length)
    const back = new Uint8Array(mostDecoded(length))
    const count = decodeHuffman(bytes, 0, length, back)
    assert.equal(String.fromCharCode(...back.subarray(0, count)), text)
  }
  for (const character of all) through(character)
  through(all)
  const texts = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    maxLength: 60,
  })
  fc.assert(property(texts, through), { numRuns: 300 })
})

test('a table that shrinks and grows', () => {
  const table = new DynamicTable(100)
  for (let i = 0; i < 40; i++) table.add(fieldOf(`n${i}`, 'v'))
  assert.deepEqual([table.count, table.bytes, table.get(0)!.name, table.get(1)!.name], [2, 72, 'n39', 'n38'])
  table.add(fieldOf('large', 'v'.repeat(100)))
  assert.deepEqual([table.count, table.bytes, table.get(0)], [0, 0, undefined])
  table.resize(4_096)
  for (let i = 0; i < 200; i++) table.add(fieldOf(`n${i}`, 'v'))
  assert.equal(table.get(table.count - 1)!.name, `n${200 - table.count}`)
  table.resize(0)
  assert.deepEqual([table.count, table.bytes], [0, 0])
})

test('a list of fields past its limits is read on, so that the table stays right, and not kept', () => {
  const decoder = new Decoder()
  const list = new FieldList(200, 100)
  const bomb = encoded(new Encoder(), ['x-large', 'v'.repeat(900)])
  const block = new Uint8Array([...bomb, ...new Array(10_000).fill(0xbe)])
  assert.equal(decoder.decode(block, 0, block.length, list), null)
  assert.deepEqual([list.over, list.fields.length, list.count], [true, 0, 10_001])
  assert.equal(decoder.tableBytes, 7 + 900 + 32)
  list.take()
  assert.equal(list.over, false)
})

test('what an encoder writes is what a decoder reads, table changes included', () => {
  const names = fc.constantFrom(
    ':path',
    'date',
    'etag',
    'x-a',
    'x-b',
    'server',
    'cookie',
    'authorization',
    'set-cookie',
    'vary',
  )
  const values = fc.oneof(
    fc.constantFrom('', 'a', 'gzip', 'v'.repeat(300)),
    fc.string({ unit: 'grapheme-ascii', maxLength: 40 }),
  )
  const block = fc.record({
    fields: fc.array(fc.tuple(names, values), { maxLength: 8 }),
    size: fc.option(fc.nat(6_000)),
  })
  fc.assert(
    property(fc.array(block, { maxLength: 30 }), (blocks) => {
      const encoder = new Encoder()
      const decoder = new Decoder()
      for (const { fields, size } of blocks) {
        if (size !== null) encoder.allow(size)
        const list = new FieldList(1e9, 1e9)
        const bytes = encoded(encoder, fields.flat())
        assert.equal(decoder.decode(bytes, 0, bytes.length, list), null)
        assert.deepEqual(
          list.take().flatMap(({ name, value }) => [name, value]),
          fields.flat(),
        )
      }
    }),
    { numRuns: 200 },
  )
})

test('what comes again is an octet; what is secret, or always new, stays out of the table', () => {
  const encoder = new Encoder()
  const size = (...fields: string[]) => encoded(encoder, fields).length
  assert.ok(size('content-type', 'text/html') > 5)
  assert.equal(size('content-type', 'text/html'), 1)
  // Never indexed (RFC 7541 §6.2.3): 0001 and the index of the name, or 0.
  for (const [name, value] of [
    ['authorization', 'Basic dXNlcjpwYXNz'],
    ['Proxy-Authorization', 'Basic dXNlcjpwYXNz'],
    ['cookie', 'sid=123'],
    ['Set-Cookie', 'sid=123'],
  ] as const)
    for (let i = 0; i < 2; i++) assert.equal(encoded(encoder, [name, value])[0]! >> 4, 1, name)
  assert.ok(size('cookie', `sid=${'x'.repeat(40)}`) > 20)
  assert.equal(size('cookie', `sid=${'x'.repeat(40)}`), 1)
  for (let i = 0; i < 500; i++) size('x-id', String(i))
  assert.equal(size('content-type', 'text/html'), 1)
})

test('a peer that allows no table gets none', () => {
  const encoder = new Encoder()
  encoded(encoder, ['server', 'a'])
  encoder.allow(0)
  assert.deepEqual([...encoded(encoder, ['server', 'a'])], [0x20, 0x0f, 54 - 15, 1, 97])
  encoder.allow(50)
  encoder.allow(0)
  encoder.allow(4_096)
  assert.deepEqual([...encoded(encoder, [':method', 'GET'])].slice(0, 1), [0x20])
})

test('the static table has its 61 entries', () => {
  assert.equal(STATIC.length, 61)
  assert.deepEqual([STATIC[0]!.name, STATIC[60]!.name], [':authority', 'www-authenticate'])
})
