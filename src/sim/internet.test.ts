import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { sleep } from '../base/duration.ts'
import type { SocketError } from '../base/errors.ts'
import { RecordingLog } from '../base/events.ts'
import type { Address } from '../socket/address.ts'
import type { Datagrams, Host } from '../socket/host.ts'
import { printFrame } from '../wire/index.ts'
import {
  DeadlockError,
  deliverAfter,
  drop,
  duplicate,
  type Internet,
  internet,
  type LinkOptions,
  mbit,
  ms,
  pass,
  seconds,
  TimeLimitError,
} from './index.ts'

/** Two hosts with a router between them. */
function threesome(seed = 1, options: Pick<LinkOptions, 'loss' | 'jitter'> = {}, log = new RecordingLog()) {
  const net = internet({ seed, log })
  const laptop = net.host('laptop')
  const router = net.router('router')
  const web = net.host('web')
  const near = net.link(laptop, router, { latency: ms(5), rate: mbit(10), ...options })
  const far = net.link(router, web, { latency: ms(20), rate: mbit(100), ...options })
  return { net, laptop, router, web, near, far, log }
}

/** Answers every datagram with itself. */
async function echo(host: Host, port: number): Promise<Datagrams> {
  const socket = await host.datagrams({ address: '0.0.0.0', port })
  socket.attach({ onDatagram: (bytes, from) => void socket.send(bytes, from), onError() {}, onClose() {} })
  return socket
}

/** The next datagram or error of a socket. */
function next(socket: Datagrams): Promise<{ text: string; from: Address }> {
  return new Promise((resolve, reject) => {
    socket.attach({
      onDatagram: (bytes, { address, port }) =>
        resolve({ text: Buffer.from(bytes).toString(), from: { address, port } }),
      onError: reject,
      onClose() {},
    })
  })
}

const frames = (log: RecordingLog, type = 'link.sent') =>
  log.events.filter((event) => event.type === type) as unknown as {
    at: number
    link: string
    frame: Uint8Array
    departs: number
    arrives: number
    reason: string
  }[]

function fingerprint(log: RecordingLog): string {
  const hash = createHash('sha256')
  for (const event of log.events) {
    hash.update(
      JSON.stringify(event, (_key, value) =>
        value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
      ),
    )
  }
  return `${log.events.length} ${hash.digest('hex')}`
}

test('a datagram crosses two links and comes back at the right time', async () => {
  const { net, laptop, web, log } = threesome()
  const answer = await net.run(async () => {
    await echo(web, 7)
    const socket = await laptop.datagrams()
    socket.send(Buffer.from('hello'), { address: web.address, port: 7 })
    return next(socket)
  })
  assert.deepEqual(answer, { text: 'hello', from: { address: web.address, port: 7 } })
  const lines = frames(log).map(({ link, frame }) => `${link}: ${printFrame(frame).replace(/\d{5}/g, 'PORT')}`)
  assert.deepEqual(lines, [
    'laptop--router: ARP, Request who-has 10.0.0.2 tell 10.0.0.1',
    'laptop--router: ARP, Reply 10.0.0.2 is-at 02:00:00:00:00:02',
    'laptop--router: IP 10.0.0.1 > 10.0.0.6: UDP PORT > 7, length 5',
    'router--web: ARP, Request who-has 10.0.0.6 tell 10.0.0.5',
    'router--web: ARP, Reply 10.0.0.6 is-at 02:00:00:00:00:04',
    'router--web: IP 10.0.0.1 > 10.0.0.6: UDP PORT > 7, length 5',
    'router--web: IP 10.0.0.6 > 10.0.0.1: UDP 7 > PORT, length 5',
    'laptop--router: IP 10.0.0.6 > 10.0.0.1: UDP 7 > PORT, length 5',
  ])
  // 42 octets at 10 Mbit/s are 33.6 µs, 47 are 37.6 µs; a tenth of that at 100 Mbit/s.
  const [request, reply, datagram] = frames(log)
  assert.deepEqual([request!.departs, request!.arrives], [0, ms(5) + 33_600])
  assert.equal(reply!.at, request!.arrives)
  assert.equal(datagram!.arrives - datagram!.departs, ms(5) + 37_600)
  assert.equal(net.now, 2 * (2 * ms(5) + 2 * ms(20)) + 2 * 33_600 + 2 * 3_360 + 2 * 37_600 + 2 * 3_760)
})

test('the same seed gives the same log, byte for byte; another seed does not', async () => {
  const once = async (seed: number) => {
    const { net, laptop, web, log } = threesome(seed, { loss: 0.1, jitter: ms(2) })
    await net.run(async () => {
      await echo(web, 7)
      const socket = await laptop.datagrams()
      let answered = 0
      socket.attach({ onDatagram: () => answered++, onError() {}, onClose() {} })
      for (let i = 0; i < 200; i++) {
        socket.send(Buffer.from(`datagram ${i}`), { address: web.address, port: 7 })
        await sleep(net.clock, ms(50))
      }
      await sleep(net.clock, seconds(1))
      assert.ok(answered > 80 && answered < 190, `${answered} of 200 came back`)
    })
    return fingerprint(log)
  }
  const first = await once(7)
  assert.equal(await once(7), first)
  assert.notEqual(await once(8), first)
})

test('a full queue drops, and the log says so', async () => {
  const log = new RecordingLog()
  const net = internet({ log })
  const [a, b] = [net.host('a'), net.host('b')]
  net.link(a, b, { rate: mbit(1), queue: { packets: 3 } })
  await net.run(async () => {
    await b.datagrams({ address: '0.0.0.0', port: 9 })
    const socket = await a.datagrams()
    socket.send(Buffer.alloc(1), { address: b.address, port: 9 })
    await sleep(net.clock, seconds(1))
    for (let i = 0; i < 10; i++) socket.send(Buffer.alloc(1000), { address: b.address, port: 9 })
    await sleep(net.clock, seconds(1))
  })
  assert.deepEqual(
    frames(log, 'link.dropped').map((event) => event.reason),
    Array(6).fill('queue full'),
  )
  const departures = frames(log)
    .slice(-4)
    .map((event) => event.departs - seconds(1))
  assert.deepEqual(
    departures,
    [0, 1, 2, 3].map((i) => i * 1042 * 8 * 1000),
  )
})

test('a datagram to a closed port gives ECONNREFUSED to a connected socket', async () => {
  const { net, laptop, web } = threesome()
  const refusal = net.run(async () => {
    const socket = await laptop.datagrams()
    await socket.connect({ address: web.address, port: 99 })
    socket.send(Buffer.from('anybody?'))
    return next(socket)
  })
  await assert.rejects(refusal, (error: SocketError) => error.code === 'ECONNREFUSED' && error.port === 99)
})

test('nobody at an address of the link gives EHOSTUNREACH after three questions, no route ENETUNREACH', async () => {
  const { net, laptop, router, log } = threesome()
  router.stack.addAddress(router.ports[0]!.interface, '198.51.100.1/24')
  const lost = net.run(async () => {
    const socket = await laptop.datagrams()
    await socket.connect({ address: '198.51.100.9', port: 9 })
    socket.send(Buffer.from('anybody?'))
    return next(socket)
  })
  await assert.rejects(lost, (error: SocketError) => error.code === 'EHOSTUNREACH')
  assert.equal(frames(log).filter(({ frame }) => printFrame(frame).includes('who-has 198.51.100.9')).length, 3)
  const nowhere = net.run(async () => {
    const socket = await laptop.datagrams()
    await socket.connect({ address: '203.0.113.9', port: 9 })
    socket.send(Buffer.from('anybody?'))
    return next(socket)
  })
  await assert.rejects(nowhere, (error: SocketError) => error.code === 'ENETUNREACH')
})

test('rules: drop, delay, duplicate, one way and both', async () => {
  const { net, laptop, web } = threesome()
  let seen: string[] = []
  await net.run(async () => {
    const server = await web.datagrams({ address: '0.0.0.0', port: 7 })
    server.attach({ onDatagram: (bytes) => seen.push(`${Buffer.from(bytes)}`), onError() {}, onClose() {} })
    const socket = await laptop.datagrams()
    const say = async (text: string) => {
      seen = []
      socket.send(Buffer.from(text), { address: web.address, port: 7 })
      await sleep(net.clock, seconds(1))
      return seen.join()
    }
    assert.equal(await say('warm up'), 'warm up')
    const far = (verdict: () => ReturnType<typeof drop>) =>
      net.rule(({ link }) => (link === 'router--web' ? verdict() : pass))
    let guard = far(() => drop('because'))
    assert.equal(await say('dropped'), '')
    guard.remove()
    guard = far(() => duplicate(2))
    assert.equal(await say('x'), 'x,x,x')
    guard.remove()
    guard = far(() => deliverAfter(seconds(0.5)))
    const before = net.now
    server.attach({ onDatagram: () => assert.equal(net.now > before + seconds(0.5), true), onError() {}, onClose() {} })
    await say('late')
    server.attach({ onDatagram: (bytes) => seen.push(`${Buffer.from(bytes)}`), onError() {}, onClose() {} })
    guard.remove()
    guard = net.partitionOneWay(web, laptop)
    assert.equal(await say('there'), 'there')
    guard.remove()
    guard = net.partition(web, laptop)
    assert.equal(await say('cut'), '')
    guard.remove()
    const held = net.hold(laptop, web)
    assert.equal(await say('one'), '')
    assert.equal(await say('two'), '')
    held.release()
    assert.equal(await say('three'), 'one,two,three')
  })
})

test('a pulled cable loses what is sent and nothing after the repair', async () => {
  const { net, laptop, web, far, log } = threesome()
  await net.run(async () => {
    await echo(web, 7)
    const socket = await laptop.datagrams()
    far.cut()
    socket.send(Buffer.from('lost'), { address: web.address, port: 7 })
    await sleep(net.clock, seconds(0.5))
    far.repair()
    socket.send(Buffer.from('found'), { address: web.address, port: 7 })
    assert.equal((await next(socket)).text, 'lost', 'the router asked again for the address, and had kept both')
  })
  assert.equal(frames(log, 'link.dropped')[0]!.reason, 'link down')
})

test('a thousand idle seconds cost nothing, a deadlock and a time limit are told apart', async () => {
  const { net } = threesome()
  await net.run({ for: seconds(1000) })
  assert.equal(net.now, seconds(1000))
  assert.equal(net.steps, 0)
  await assert.rejects(net.run(new Promise(() => {})), DeadlockError)
  const ticking = net.run(
    async () => {
      for (;;) await sleep(net.clock, seconds(1))
    },
    { limit: seconds(10) },
  )
  await assert.rejects(ticking, TimeLimitError)
})

test('virtual time stands still for real work that is held', async () => {
  const { net } = threesome()
  await net.run(async () => {
    const timer = sleep(net.clock, ms(1)).then(() => 'timer')
    const work = net.clock.hold(new Promise((resolve) => setTimeout(resolve, 20)).then(() => 'work'))
    assert.equal(await Promise.race([timer, work]), 'work')
    assert.equal(net.now, 0)
    await assert.rejects(net.clock.hold(Promise.reject(new Error('failed'))), /failed/)
  })
})

test('the wall clock starts at the epoch that is set, and moves with virtual time', async () => {
  const net = internet({})
  assert.equal(new Date(net.clock.wallMillis()).toISOString(), '2026-01-01T00:00:00.000Z')
  await net.run({ for: seconds(90) })
  assert.equal(new Date(net.clock.wallMillis()).toISOString(), '2026-01-01T00:01:30.000Z')
  assert.equal(internet({ epoch: 1000 }).clock.wallMillis(), 1000)
})

test('names of machines, literals and localhost are looked up without DNS', async () => {
  const { net, laptop, web } = threesome()
  await net.run(async () => {
    assert.deepEqual(await laptop.lookup('web'), [web.address])
    assert.deepEqual(await laptop.lookup('2001:DB8::1'), ['2001:db8::1'])
    assert.deepEqual(await laptop.lookup('localhost'), ['127.0.0.1'])
    await assert.rejects(laptop.lookup('nowhere'), { code: 'ENOTFOUND' })
    laptop.hosts = { 'Board.example': '203.0.113.5' }
    assert.deepEqual(await laptop.lookup('board.example.'), ['203.0.113.5'])
    await assert.rejects(laptop.lookup('board.example', 6), { code: 'ENOTFOUND' })
  })
})

test('a home behind its router: many inside, one address outside', async () => {
  const log = new RecordingLog()
  const net = internet({ seed: 3, log })
  const [laptop, phone, web] = [net.host('laptop'), net.host('phone'), net.host('web')]
  const home = net.homeRouter('home')
  const isp = net.router('isp')
  net.link(laptop, home.lan, { latency: ms(1) })
  net.link(phone, home.lan, { latency: ms(1) })
  net.link(home.wan, isp, { latency: ms(8), addresses: ['198.51.100.7/24', '198.51.100.1/24'] })
  net.link(isp, web, { latency: ms(10), addresses: ['203.0.113.1/24', '203.0.113.80/24'] })
  assert.equal(laptop.address, '192.168.1.2')
  assert.equal(home.address, '198.51.100.7')
  await net.run(async () => {
    const server = await web.datagrams({ address: '0.0.0.0', port: 7 })
    const from = new Set<string>()
    server.attach({
      onDatagram: (bytes, sender) => {
        from.add(sender.address)
        server.send(bytes, sender)
      },
      onError() {},
      onClose() {},
    })
    for (const inside of [laptop, phone]) {
      const socket = await inside.datagrams({ address: '0.0.0.0', port: 4000 })
      socket.send(Buffer.from(inside.name), { address: web.address, port: 7 })
      assert.equal((await next(socket)).text, inside.name)
      const refused = await inside.datagrams()
      await refused.connect({ address: web.address, port: 8 })
      refused.send(Buffer.from('x'))
      await assert.rejects(next(refused), { code: 'ECONNREFUSED' }, 'the ICMP error finds its way in')
    }
    assert.deepEqual([...from], ['198.51.100.7'])
    // The router's own sockets work beside the translation, from both sides.
    await echo(home, 53)
    const client = await laptop.datagrams()
    client.send(Buffer.from('dns?'), { address: home.insideAddress, port: 53 })
    assert.equal((await next(client)).text, 'dns?')
  })
  assert.equal(home.nat!.toString().split('\n').length, 4)
  for (const { link, frame } of frames(log)) if (link === 'isp--web') assert.doesNotMatch(printFrame(frame), /192\.168/)
})

test('misuse is refused in words', () => {
  const net: Internet = internet()
  const a = net.host('a')
  const home = net.homeRouter('home')
  assert.throws(() => net.host('a'), /already a machine or LAN named 'a': choose another/)
  assert.throws(() => a.address, /no address yet/)
  assert.throws(() => net.link(a, home), /home\.lan or home\.wan/)
  const b = net.host('b')
  assert.throws(() => net.link(a, b, { loss: 5 }), /loss must be a share from 0 to 1, not 5/)
  assert.throws(
    () => net.link(a, b, { addresses: ['10.1.0.1', '10.1.0.2'] }),
    /\(address and prefix\), not '10\.1\.0\.1'/,
  )
  assert.throws(() => net.node('zz'), /no machine named 'zz'/)
  assert.throws(() => net.host(''), { code: 'SIM_NAME', message: /needs a name/ })
  assert.throws(() => net.partition(a), /two groups or more/)
  assert.equal([...net.links].length, 0, 'what was refused has left nothing behind')
  assert.equal(net.link(a, b).a.mtu, 1500)
  assert.equal(a.address, '10.0.0.1')
})

test('an immediate of the program is waited for before a deadlock is declared', async () => {
  const net = internet()
  const woken = net.run(
    () =>
      new Promise((resolve) => {
        setImmediate(() => net.clock.at(ms(1), () => resolve('woken')))
      }),
  )
  assert.equal(await woken, 'woken')
})

test('two programs that answer each other without latency are stopped, not run for ever', async () => {
  const net = internet({ limits: { instantEvents: 10_000 } })
  const host = net.host('host')
  net.link(host, net.host('other'))
  const endless = net.run(async () => {
    await echo(host, 7)
    const second = await echo(host, 8)
    second.send(Buffer.from('ping'), { address: '127.0.0.1', port: 7 })
  })
  await endless
  await assert.rejects(net.run(), /time stands still at 0 ns \(seed 0\): 10000 events/)
})
