/** Retries and the circuit breaker, in virtual time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MILLISECOND, SECOND } from '../../../base/clock.ts'
import { minutes, ms, seconds } from '../../../base/duration.ts'
import { SocketError } from '../../../base/errors.ts'
import { messageBody } from '../../body/from-stream.ts'
import { HttpMisuse, RequestError } from '../../errors.ts'
import type { FieldLines } from '../../exchange.ts'
import { fieldValue } from '../../fields/lines.ts'
import { testMachine } from '../../trial/machine.ts'
import { outgoing, type RequestOptions } from '../request.ts'
import { chain, type Layer, type Outgoing, type Reply } from '../send.ts'
import { breaker } from './breaker.ts'
import { Circuit, type CircuitState, TRANSITIONS } from './circuit.ts'
import { type Retry, retries } from './retries.ts'

type Step = number | readonly [status: number, retryAfter: string] | Error

/** What a server does in turn, the last for ever; each time that it was asked is noted. */
function world(layers: readonly Layer[], steps: readonly Step[]) {
  const machine = testMachine()
  const asked: number[] = []
  const send = chain(
    layers,
    async (request) => {
      const step = steps[Math.min(asked.length, steps.length - 1)]!
      asked.push(machine.clock.now() / MILLISECOND)
      if (step instanceof Error) throw step
      const [status, after] = typeof step === 'number' ? [step, undefined] : step
      return replyOf(request, status, after === undefined ? [] : ['Retry-After', after])
    },
    machine,
  )
  const ask = (options: RequestOptions = {}, url = 'http://web/') => send(outgoing(url, options))
  /** The status, or the code of the failure, once all waiting is over. */
  const end = async (options: RequestOptions = {}, url = 'http://web/') => {
    const ended = ask(options, url).then(
      (reply) => reply.status,
      (error: Error & { code: string }) => error.code,
    )
    await machine.clock.advance(3600 * SECOND)
    return ended
  }
  return { machine, asked, ask, end }
}

function replyOf({ url }: Outgoing, status: number, fields: FieldLines): Reply {
  const header = (name: string) => fieldValue(fields, name)
  const body = messageBody('x')
  return { url, redirected: false, status, reason: '', version: 'HTTP/1.1', fields, body, connection: null, header }
}

const REFUSED = new SocketError('ECONNREFUSED', 'connect')
const RESET = new SocketError('ECONNRESET', 'read')
const CLOSED = new RequestError('closed', 'closed')
const LATE = new RequestError('timeout', 'late')
const UNSENT = new RequestError('timeout', 'late', undefined, false)
const stream = async function* () {
  yield 'x'
}

test('what is sent again, and what is not', async () => {
  const table: [options: RequestOptions, first: Step, times: number][] = [
    [{}, 503, 2],
    [{}, 502, 2],
    [{}, 429, 2],
    [{}, 500, 1],
    [{}, 404, 1],
    [{}, RESET, 2],
    [{}, CLOSED, 2],
    [{}, LATE, 2],
    [{ method: 'PUT', body: 'x' }, 503, 2],
    [{ method: 'DELETE' }, RESET, 2],
    [{ method: 'POST', body: 'x' }, 503, 1],
    [{ method: 'POST', body: 'x' }, RESET, 1],
    [{ method: 'POST', body: 'x' }, LATE, 1],
    [{ method: 'PATCH', body: 'x' }, CLOSED, 1],
    // Nothing of the request has left.
    [{ method: 'POST', body: 'x' }, REFUSED, 2],
    [{ method: 'POST', body: 'x' }, UNSENT, 2],
    // A stream is gone when it has gone out, and may have.
    [{ method: 'PUT', body: stream() }, 503, 1],
    [{ method: 'PUT', body: stream() }, REFUSED, 1],
    // Not the network's fault.
    [{}, new RequestError('aborted', ''), 1],
    [{}, new RequestError('redirects', ''), 1],
    [{}, new RequestError('circuit', ''), 1],
    [{}, new RequestError('full', ''), 1],
    [{}, new HttpMisuse('HTTP_INVALID_FIELD', ''), 1],
    [{}, new SocketError('ECANCELED', 'connect'), 1],
    [{}, new TypeError('a mistake'), 1],
  ]
  for (const [options, first, times] of table) {
    const { asked, end } = world([retries()], [first, 200])
    await end(options)
    assert.equal(asked.length, times, `${options.method ?? 'GET'} ${first}`)
  }
})

test('the last reply or failure is the result, after `attempts` times', async () => {
  for (const [steps, result, times] of [
    [[503], 503, 4],
    [[RESET], 'ECONNRESET', 4],
    [[503, RESET, 200], 200, 3],
  ] as const) {
    const { asked, end } = world([retries({ attempts: 4 })], steps)
    assert.deepEqual([await end(), asked.length], [result, times])
  }
  assert.throws(() => retries({ attempts: 0 }), RangeError)
  assert.throws(() => retries({ backoff: 100 as never }), /write ms\(100\)/)
})

test('waits are random up to a time that doubles, and never longer than told', async () => {
  const waits: number[][] = [[], [], [], [], []]
  const onRetry = ({ wait, attempt }: Retry) => void waits[attempt - 2]!.push(wait / MILLISECOND)
  const budget = { ratio: 10, most: 1000 }
  const { end } = world([retries({ attempts: 6, backoff: ms(100), longest: ms(500), budget, onRetry })], [503])
  for (let i = 0; i < 50; i++) await end()
  for (const [index, most] of [100, 200, 400, 500, 500].entries()) {
    const times = waits[index]!
    assert.equal(times.length, 50)
    assert.ok(Math.max(...times) <= most && Math.max(...times) > most * 0.9, `${index}: ${Math.max(...times)}`)
    assert.ok(Math.min(...times) < most * 0.1)
  }
})

test('Retry-After is obeyed in both forms; for longer than `longest` the reply is handed on', async () => {
  const table: [after: string, times: number, least: number][] = [
    ['3', 2, 3000],
    ['Thu, 01 Jan 2026 00:00:05 GMT', 2, 5000],
    ['Wed, 31 Dec 2025 23:00:00 GMT', 2, 0],
    ['soon', 2, 0],
    ['-3', 2, 0],
    ['11', 1, 0],
    ['999999999', 1, 0],
    ['Thu, 01 Jan 2026 01:00:00 GMT', 1, 0],
  ]
  for (const [after, times, least] of table) {
    const { asked, end } = world([retries()], [[503, after], 200])
    assert.equal(await end(), times === 2 ? 200 : 503)
    assert.equal(asked.length, times, after)
    if (times === 2) assert.ok(asked[1]! >= least, after)
  }
})

test('a budget keeps a dead server from being asked three times as much', async () => {
  for (const most of [5, 1000]) {
    const { asked, ask, machine } = world([retries({ budget: { ratio: 0.25, perSecond: 0, most } })], [503])
    const all = Array.from({ length: 200 }, () => ask())
    await machine.clock.advance(60 * SECOND)
    await Promise.all(all)
    assert.equal(asked.length, 200 + Math.min(most, 50))
  }
  const slow = world([retries({ attempts: 2, budget: { ratio: 0, perSecond: 1 } })], [503])
  for (let i = 0; i < 5; i++) await slow.end()
  assert.equal(slow.asked.length, 10)
})

test('giving up ends the wait at once, and leaves no timer', async () => {
  const { asked, ask, machine } = world([retries({ backoff: seconds(5) })], [[503, '5']])
  const giveUp = new AbortController()
  const reply = ask({ signal: giveUp.signal })
  await machine.clock.advance(SECOND)
  giveUp.abort(new Error('no more'))
  await assert.rejects(reply, { code: 'HTTP_ABORTED' })
  assert.deepEqual([asked.length, machine.clock.timers], [1, 0])
})

test('what onRetry throws ends the request', async () => {
  const onRetry = () => {
    throw new Error('enough')
  }
  const { ask } = world([retries({ onRetry })], [503])
  await assert.rejects(ask(), /enough/)
})

test('the circuit walks its table and nothing else', () => {
  const seen = new Set<string>()
  const settings = { failures: 2, rest: 10, longest: 40 }
  const ends = ['success', 'failure', 'given up'] as const
  // Every sequence of eight requests that end in each way, each after the circuit has had its rest.
  for (let code = 0; code < 3 ** 8; code++) {
    const circuit = new Circuit(settings)
    let now = 0
    for (let i = 0, rest = code; i < 8; i++, rest = Math.floor(rest / 3)) {
      if (circuit.state === 'open') now = circuit.until
      const before = circuit.state
      const entered = circuit.enter(now)!
      if (before !== circuit.state) seen.add(`${before} > ${circuit.state}`)
      const middle = circuit.state
      circuit.leave(entered, ends[rest % 3]!, now)
      if (middle !== circuit.state) seen.add(`${middle} > ${circuit.state}`)
    }
  }
  const table = new Set<string>()
  for (const [from, events] of Object.entries(TRANSITIONS))
    for (const to of Object.values(events)) if (from !== to) table.add(`${from} > ${to}`)
  assert.deepEqual([...seen].sort(), [...table].sort())
})

test('an origin that fails in a row is left alone, tried by one request, and taken back', async () => {
  const changes: [string, CircuitState][] = []
  const onChange = (origin: string, state: CircuitState) => void changes.push([origin, state])
  const { asked, ask, machine } = world(
    [breaker({ failures: 3, rest: seconds(5), longest: seconds(15), onChange })],
    [503, 500, RESET, 503, 503, 503, 200, 503, 200],
  )
  const code = () =>
    ask().then(
      (reply) => reply.status,
      (error: Error & { code: string }) => error.code,
    )
  const codes = async (...more: unknown[]) => assert.deepEqual([await code(), await code()], more)
  await codes(503, 500)
  await codes('ECONNRESET', 'HTTP_CIRCUIT')
  assert.equal(asked.length, 3)
  for (const rest of [5, 10, 15]) {
    await machine.clock.advance(rest * SECOND - 1)
    assert.equal(await code(), 'HTTP_CIRCUIT')
    await machine.clock.advance(1)
    // Two at once: one tries, the other is refused.
    const both = await Promise.all([code(), code()])
    assert.deepEqual(both, [503, 'HTTP_CIRCUIT'])
  }
  await machine.clock.advance(15 * SECOND)
  await codes(200, 503)
  await codes(200, 200)
  assert.deepEqual(
    changes.map(([, state]) => state),
    ['open', 'open', 'open', 'open', 'closed'],
  )
  assert.equal(changes[0]![0], 'http://web')
  await assert.rejects(
    async () => {
      const down = world([breaker({ failures: 1 })], [503])
      await down.ask()
      await down.ask()
    },
    (error) => error instanceof RequestError && !error.sent && /the next try is in 5 s/.test(error.message),
  )
})

test('origins have circuits of their own, and strangers’ failures are forgotten past `circuits`', async () => {
  const { ask, asked } = world([breaker({ failures: 1, circuits: 2, rest: minutes(1) })], [503])
  for (const name of ['a', 'b', 'c', 'a']) await ask({}, `http://${name}/`)
  assert.equal(asked.length, 4)
  await assert.rejects(ask({}, 'http://c/'), { code: 'HTTP_CIRCUIT' })
  await assert.rejects(ask({}, 'http://a/'), { code: 'HTTP_CIRCUIT' })
})

test('what says nothing of the server does not count: 4xx, 501, a caller who gives up', async () => {
  const { ask, asked } = world([breaker({ failures: 1 })], [404, 501, new RequestError('aborted', ''), 429, 200])
  for (let i = 0; i < 5; i++) await ask().catch(() => {})
  assert.equal(asked.length, 5)
})
