import assert from 'node:assert/strict'
import test from 'node:test'
import { MILLISECOND } from './clock.ts'
import { hours, minutes, ms, ns, requireDuration, seconds, us } from './duration.ts'
import { fnv1a, fnv1aText } from './hash.ts'
import { isPort, portProblem } from './port.ts'

test('durations are whole nanoseconds', () => {
  assert.deepEqual([ns(1.4), us(2), ms(0.5), seconds(1), minutes(2), hours(1)], [1, 2e3, 5e5, 1e9, 12e10, 36e11])
})

test('a duration that was meant in milliseconds is refused with what to write', () => {
  assert.equal(requireDuration('latency', ms(20)), 20e6)
  assert.equal(requireDuration('latency', 0), 0)
  assert.throws(() => requireDuration('latency', 20), {
    name: 'RangeError',
    message: 'latency must be 0 or at least 1 µs, and 20 is 20 ns: write ms(20) for milliseconds',
  })
  assert.throws(() => requireDuration('close()', 5000, MILLISECOND), /5000 is 5 µs: write ms\(5000\)/)
  for (const bad of [-1, Number.NaN, '20' as unknown as number])
    assert.throws(() => requireDuration('x', bad), RangeError)
})

test('ports', () => {
  assert.ok(isPort(0) && isPort(65_535) && !isPort(65_536) && !isPort(1.5) && !isPort('80') && !isPort(Number.NaN))
  assert.equal(portProblem(80), null)
  assert.equal(portProblem('3000'), "a port is a number from 0 to 65535, not the string '3000'")
  assert.equal(portProblem(0, 1), 'a port is a number from 1 to 65535, not 0')
})

test('FNV-1a: the published values of "" and "foobar"', () => {
  assert.equal(fnv1a(new Uint8Array(0)) >>> 0, 0x811c9dc5)
  assert.equal(fnv1a(new TextEncoder().encode('foobar')) >>> 0, 0xbf9cf968)
  assert.notEqual(fnv1aText('ab'), fnv1aText('ba'))
})
