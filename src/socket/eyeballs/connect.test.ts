import assert from 'node:assert/strict'
import test from 'node:test'
import { MILLISECOND } from '../../base/clock.ts'
import { ms, seconds, sleep } from '../../base/duration.ts'
import { type ErrorCode, SocketError } from '../../base/errors.ts'
import { internet } from '../../sim/index.ts'
import type { Address, Family } from '../address.ts'
import { HostDecorator } from '../decorate.ts'
import type { Connection, ConnectOptions } from '../host.ts'
import { connectionPair } from '../pair.ts'
import { connectByName } from './connect.ts'

interface Fate {
  /** Milliseconds. */
  readonly after: number
  readonly failure?: ErrorCode
}

/** A host in virtual time whose lookups and attempts take as long, and end, as a script says. */
class Scripted extends HostDecorator {
  readonly net: ReturnType<typeof internet>
  readonly log: string[] = []
  /** Connections that were made, in order. */
  readonly made: Connection[] = []
  readonly #answers: { readonly [family in Family]: Fate & { readonly addresses?: readonly string[] } }
  readonly #fates: { readonly [address: string]: Fate }

  constructor(
    answers: { readonly [family in Family]: Fate & { readonly addresses?: readonly string[] } },
    fates: { readonly [address: string]: Fate },
  ) {
    const net = internet({ seed: 'eyeballs' })
    super(net.host('client'))
    this.net = net
    delete this.families // the machine has IPv4 alone
    this.#answers = answers
    this.#fates = fates
  }

  #note(what: string): void {
    this.log.push(`${Math.round(this.clock.now() / MILLISECOND)} ${what}`)
  }

  override async lookup(_name: string, family: Family): Promise<readonly string[]> {
    const { after, failure, addresses = [] } = this.#answers[family]
    await sleep(this.clock, ms(after))
    if (failure !== undefined) throw new SocketError(failure, 'getaddrinfo', { address: `IPv${family}` })
    return addresses
  }

  override async connect(to: Address, { signal }: ConnectOptions = {}): Promise<Connection> {
    const address = to.address!
    this.#note(address)
    const { after, failure } = this.#fates[address]!
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => {
        this.#note(`gives up ${address}`)
        reject(new SocketError('ECANCELED', 'connect', to))
      }
      signal?.addEventListener('abort', abort)
      void sleep(this.clock, ms(after)).then(() => {
        signal?.removeEventListener('abort', abort)
        if (failure === undefined) resolve()
        else reject(new SocketError(failure, 'connect', to))
      })
    })
    const [connection] = connectionPair(this.clock, { address: '192.0.2.99', port: 1 }, to)
    this.made.push(connection)
    return connection
  }
}

/** Runs in the virtual time of the host. */
async function inTime<T>(host: Scripted, body: () => Promise<T>): Promise<T> {
  let result: T
  await host.net.run(async () => {
    result = await body()
  })
  return result!
}

const BOTH = { 6: { after: 1, addresses: ['2001:db8::1'] }, 4: { after: 1, addresses: ['192.0.2.1'] } } as const

test('IPv6 wins where it answers, and IPv4 is not even tried', async () => {
  const host = new Scripted(BOTH, { '2001:db8::1': { after: 20 }, '192.0.2.1': { after: 1 } })
  const connection = await inTime(host, () => connectByName(host, 'board.example', 80))
  assert.deepEqual(connection.remote, { address: '2001:db8::1', port: 80 })
  assert.deepEqual(host.log, ['1 2001:db8::1'])
})

test('where IPv6 is a black hole, IPv4 has it after 250 ms, and the other attempt is given up', async () => {
  const host = new Scripted(BOTH, { '2001:db8::1': { after: 100_000 }, '192.0.2.1': { after: 5 } })
  const connection = await inTime(host, () => connectByName(host, 'board.example', 80))
  assert.equal(connection.remote.address, '192.0.2.1')
  assert.deepEqual(host.log, ['1 2001:db8::1', '251 192.0.2.1', '256 gives up 2001:db8::1'])
})

test('a slow IPv6 that was begun first can still win', async () => {
  const host = new Scripted(BOTH, { '2001:db8::1': { after: 300 }, '192.0.2.1': { after: 500 } })
  const connection = await inTime(host, () => connectByName(host, 'board.example', 80))
  assert.equal(connection.remote.address, '2001:db8::1')
  assert.deepEqual(host.log, ['1 2001:db8::1', '251 192.0.2.1', '301 gives up 192.0.2.1'])
})

test('an answer with IPv6 that is late is waited for 50 ms; a lookup that fails counts as none', async () => {
  const late = { 6: { after: 5000, addresses: ['2001:db8::1'] }, 4: { after: 1, addresses: ['192.0.2.1'] } }
  const host = new Scripted(late, { '192.0.2.1': { after: 1 } })
  await inTime(host, () => connectByName(host, 'board.example', 80))
  assert.deepEqual(host.log, ['51 192.0.2.1'])
  const failing = new Scripted(
    { 6: { after: 10, failure: 'EAI_AGAIN' }, 4: { after: 1, addresses: ['192.0.2.1'] } },
    { '192.0.2.1': { after: 1 } },
  )
  await inTime(failing, () => connectByName(failing, 'board.example', 80))
  assert.deepEqual(failing.log, ['10 192.0.2.1'])
})

test('when all fail, the error is the one that tells most, and names every attempt', async () => {
  const host = new Scripted(BOTH, {
    '2001:db8::1': { after: 3, failure: 'ENETUNREACH' },
    '192.0.2.1': { after: 5, failure: 'ECONNREFUSED' },
  })
  const error = await inTime(host, () => connectByName(host, 'board.example', 80).catch((error: SocketError) => error))
  assert.ok(error instanceof SocketError)
  assert.deepEqual([error.code, error.address, error.port], ['ECONNREFUSED', '192.0.2.1', 80])
  assert.match(error.message, /board\.example were tried: \[2001:db8::1\]:80 ENETUNREACH, 192\.0\.2\.1:80 ECONNREFUSED/)
  assert.equal((error.cause as AggregateError).errors.length, 2)
})

test('a name without addresses is not found; one that cannot be asked for says so', async () => {
  const none = { 6: { after: 1, failure: 'ENOTFOUND' }, 4: { after: 2, failure: 'ENOTFOUND' } } as const
  const away = { ...none, 6: { after: 1, failure: 'EAI_AGAIN' } } as const
  for (const [answers, code] of [
    [none, 'ENOTFOUND'],
    [away, 'EAI_AGAIN'],
    [{ 6: { after: 1 }, 4: { after: 1 } }, 'ENOTFOUND'],
  ] as const) {
    const host = new Scripted(answers, {})
    await inTime(host, () => assert.rejects(connectByName(host, 'nobody.example', 80), { code }))
  }
})

test('an abort gives up all attempts, and a lookup that is under way', async () => {
  const host = new Scripted(BOTH, { '2001:db8::1': { after: 10_000 }, '192.0.2.1': { after: 10_000 } })
  const stop = new AbortController()
  await inTime(host, async () => {
    const connecting = connectByName(host, 'board.example', 80, { signal: stop.signal })
    const refused = assert.rejects(connecting, { code: 'ECANCELED' })
    await sleep(host.clock, ms(400))
    stop.abort()
    await refused
  })
  assert.deepEqual(host.log.slice(2).sort(), ['400 gives up 192.0.2.1', '400 gives up 2001:db8::1'])
  const early = new Scripted({ 6: { after: 9000 }, 4: { after: 9000 } }, {})
  await inTime(early, () =>
    assert.rejects(connectByName(early, 'x', 80, { signal: AbortSignal.abort() }), { code: 'ECANCELED' }),
  )
})

test('two that are made at the same moment: one is given, the other is reset', async () => {
  const host = new Scripted(BOTH, { '2001:db8::1': { after: 300 }, '192.0.2.1': { after: 50 } })
  await inTime(host, async () => {
    await connectByName(host, 'board.example', 80)
    await sleep(host.clock, seconds(1))
  })
  assert.equal(host.made.length, 2)
  assert.equal(host.made[1]!.write(new Uint8Array(1)), false, 'it has been reset')
})

test('the delays can be set, a literal needs no lookup, and what is no duration is refused', async () => {
  const host = new Scripted(BOTH, { '2001:db8::1': { after: 900 }, '192.0.2.1': { after: 1 } })
  await inTime(host, () => connectByName(host, 'board.example', 80, { attemptDelay: ms(40) }))
  assert.deepEqual(host.log.slice(0, 2), ['1 2001:db8::1', '41 192.0.2.1'])
  const literal = new Scripted({ 6: { after: 9 }, 4: { after: 9 } }, { '192.0.2.1': { after: 1 } })
  await inTime(literal, () => connectByName(literal, '192.0.2.1', 80))
  assert.deepEqual(literal.log, ['0 192.0.2.1'])
  await assert.rejects(connectByName(host, 'x', 80, { attemptDelay: 250 as never }), RangeError)
})

test('in the simulated Internet a dead address costs 250 ms', async () => {
  const net = internet({ seed: 'two addresses' })
  const [client, server, dark] = [net.host('client'), net.host('server'), net.host('dark')]
  net.link(client, server, { latency: ms(5) })
  net.link(client, dark, { latency: ms(5) })
  dark.pause()
  client.resolver = async () => [dark.address, server.address]
  await net.run(async () => {
    const listener = await server.listen({ address: '0.0.0.0', port: 80 }, () => {})
    const began = client.clock.now()
    const connection = await connectByName(client, 'two.example', 80)
    assert.equal(connection.remote.address, server.address)
    const took = (client.clock.now() - began) / MILLISECOND
    assert.equal(Math.round(took), 270, 'the delay, the neighbour’s address, and a handshake of 10 ms each')
    connection.reset()
    await listener.close()
  })
})
