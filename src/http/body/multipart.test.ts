import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BodyError } from '../errors.ts'
import type { MultipartLimits } from '../limits.ts'
import { latin1 } from '../machine/text.ts'
import { answer } from '../platform/memory.ts'
import { settle, testMachine } from '../trial/machine.ts'
import { boundaryOf, MultipartParser, readForm, readMultipart } from './multipart.ts'

interface Seen {
  name: string
  filename: string | null
  type: string
  data: string
}

function parse(body: string, cuts: readonly number[] = [], limits: Partial<MultipartLimits> = {}) {
  const parts: Seen[] = []
  const take = ({ name, filename, type }: { name: string; filename: string | null; type: string }) => {
    const part = { name, filename, type, data: '' }
    parts.push(part)
    return { data: (bytes: Uint8Array) => void (part.data += latin1(bytes)), end: () => void (part.data += '|') }
  }
  const parser = new MultipartParser('XX', take, limits)
  const bytes = Buffer.from(body, 'latin1')
  const places = [...new Set([0, ...cuts.map((c) => c % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b)
  for (let i = 1; i < places.length; i++) parser.write(bytes.subarray(places[i - 1], places[i]))
  const failure = parser.end()
  return { parts, failure: failure && `${failure.status} ${failure.message}` }
}

const part = (head: string, data: string) => `--XX\r\n${head}\r\n\r\n${data}\r\n`
const field = (name: string, data: string) => part(`Content-Disposition: form-data; name="${name}"`, data)
const GOOD = `${field('a', '1')}${field('empty', '')}${part(
  'Content-Disposition: form-data; name="f"; filename="C:\\x\\y \\"q\\".png"\r\nContent-Type: image/png',
  '\r\n--X\r\n--XY\0\xff\r\r\n',
)}--XX--\r\n`

test('parts as they were sent, cut anywhere', () => {
  const whole = parse(GOOD)
  assert.deepEqual(whole, {
    failure: null,
    parts: [
      { name: 'a', filename: null, type: 'text/plain', data: '1|' },
      { name: 'empty', filename: null, type: 'text/plain', data: '|' },
      { name: 'f', filename: 'C:\\x\\y "q".png', type: 'image/png', data: '\r\n--X\r\n--XY\0\xff\r\r\n|' },
    ],
  })
  assert.deepEqual(
    parse(
      GOOD,
      Array.from({ length: GOOD.length }, (_, i) => i),
    ),
    whole,
  )
  fc.assert(
    fc.property(fc.array(fc.nat()), (cuts) => assert.deepEqual(parse(GOOD, cuts), whole)),
    { numRuns: 100 },
  )
})

test('what is not a sound form is refused by name', () => {
  const table: [string, RegExp][] = [
    ['', /400 .*ends before its closing delimiter/],
    [field('a', '1'), /400 .*ends before its closing delimiter/],
    ['--XX\r\nX: y\r\n\r\n\r\n--XX--', /no Content-Disposition/],
    ['--XX\r\n\r\ndata\r\n--XX--', /no Content-Disposition/],
    ['--XX\r\nContent-Disposition: attachment; name="a"\r\n\r\n\r\n--XX--', /no Content-Disposition/],
    ['--XX\r\nContent-Disposition: form-data; name="a\r\n\r\n\r\n--XX--', /no Content-Disposition/],
    ['--XX\r\nContent-Disposition: form-data; name="a"; name="b"\r\n\r\n\r\n--XX--', /no Content-Disposition/],
    ['--XX\r\nContent-Disposition : form-data; name="a"\r\n\r\n\r\n--XX--', /space before the colon/],
    ['--XX\nContent-Disposition: form-data; name="a"\n\n1\n--XX--', /followed by something else/],
    [`${field('a', '1').slice(0, -2)}\r\n--XXXY`, /followed by something else/],
  ]
  for (const [body, expected] of table) assert.match(parse(body).failure ?? 'none', expected, body)
})

test('every cap is met', () => {
  const two = `${field('a', '1')}${field('b', '2')}--XX--`
  assert.match(parse(two, [], { parts: 1 }).failure!, /413 more than 1 parts/)
  assert.match(parse(two, [], { partsBytes: 50 }).failure!, /413 .*more than 50 bytes/)
  assert.match(parse(two, [], { partHeadBytes: 20 }).failure!, /413 the head of a part/)
  assert.match(parse(two, [], { partFields: 0 }).failure!, /more than 0 fields/)
  assert.match(parse(field('long', ''), [], { partNameBytes: 3 }).failure!, /413 the name of part 1/)
  assert.match(parse(`--XX\r\n${'x'.repeat(10_000)}`).failure!, /413 the head of a part/)
})

test('boundaries', () => {
  assert.equal(boundaryOf('multipart/form-data; boundary="a b"'), 'a b')
  assert.equal(boundaryOf('multipart/form-data; boundary="--$x@{y}"'), '--$x@{y}')
  assert.equal(boundaryOf('multipart/form-data; boundary=$x'), '$x')
  for (const bad of [
    'multipart/form-data',
    'multipart/mixed; boundary=a',
    'multipart/form-data; boundary="a "',
    'multipart/form-data; boundary="a\tb"',
    'multipart/form-data; boundary=""',
    `multipart/form-data; boundary=${'a'.repeat(71)}`,
    'multipart/form-data; boundary="\xff"',
    undefined,
  ])
    assert.equal(boundaryOf(bad), null)
})

test('a form made by the platform comes out as it went in, and a bad one is a 4xx', async () => {
  const form = new FormData()
  form.append('título', 'ñ €')
  form.append('pic', new Blob([Uint8Array.of(0, 13, 10, 255)], { type: 'image/png' }), 'bild ü.png')
  form.append('__proto__', 'x')
  const response = await answer(
    async (exchange) => {
      const { fields, files } = await readForm(exchange.body, exchange.header('content-type'))
      assert.deepEqual(
        [...fields],
        [
          ['título', 'ñ €'],
          ['__proto__', 'x'],
        ],
      )
      assert.equal(files.length, 1)
      assert.equal(files[0]!.filename, 'bild ü.png')
      assert.deepEqual([...files[0]!.bytes], [0, 13, 10, 255])
      exchange.reply(204, [], null)
    },
    new Request('http://a/', { method: 'POST', body: form }),
    testMachine(),
    { onError: (error) => assert.fail(error as Error) },
  )
  assert.equal(response.status, 204)
  const errors: unknown[] = []
  await answer(
    async (exchange) => void (await readForm(exchange.body, exchange.header('content-type'))),
    new Request('http://a/', { method: 'POST', body: 'x', headers: { 'Content-Type': 'text/plain' } }),
    testMachine(),
    { onError: (error) => void errors.push(error) },
  )
  assert.match(String(errors[0]), /must be multipart\/form-data/)
})

test('a taker that works asynchronously holds the body back, and its failure ends the reading', async () => {
  const part = (name: string, text: string) =>
    `--XX\r\nContent-Disposition: form-data; name="${name}"; filename="f"\r\n\r\n${text}\r\n`
  const pieces = [part('a', 'x'.repeat(5_000)), `${part('b', 'y'.repeat(5_000))}--XX--`]
  const upload = () =>
    new Request('http://a/', {
      method: 'POST',
      headers: { 'Content-Type': 'multipart/form-data; boundary=XX' },
      body: ReadableStream.from(pieces.map((piece) => Buffer.from(piece))),
      duplex: 'half',
    })
  const log: string[] = []
  const reading = (fails: string) =>
    answer(
      async (exchange) => {
        await readMultipart(exchange.body, exchange.header('content-type'), ({ name }) => ({
          async data(bytes) {
            log.push(`${name} ${bytes.length}`)
            await settle(5)
            log.push(`${name} written`)
            if (name === fails) throw new BodyError(507, 'disk full')
          },
          async end() {
            await settle(5)
            log.push(`${name} closed`)
          },
        }))
        log.push('through')
        exchange.reply(204, [], null)
      },
      upload(),
      testMachine(),
    )
  assert.equal((await reading('none')).status, 204)
  assert.equal(log.at(-1), 'through')
  const firstOfB = log.findIndex((line) => line.startsWith('b '))
  assert.ok(firstOfB > 0 && log.indexOf('a written') < firstOfB, log.join())
  assert.deepEqual(
    log.filter((line) => line.endsWith('closed')),
    ['a closed', 'b closed'],
  )
  for (const name of ['a', 'b']) {
    log.length = 0
    assert.equal((await reading(name)).status, 507)
    assert.ok(!log.includes('through'))
  }
})

test('adversarial part heads take linear time', () => {
  for (const junk of ['\\'.repeat(8000), '"'.repeat(8000), ';'.repeat(8000), '; a='.repeat(2000)])
    parse(`--XX\r\nContent-Disposition: form-data; name="${junk}\r\n\r\n\r\n--XX--`)
})
