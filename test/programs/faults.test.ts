/** What goes wrong in networks, tried on services that do not know that they are simulated. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { createServer as createTlsServer, connect as tlsConnect } from 'node:tls'
import express from 'express'
import { type Dispatcher, request, Agent as UndiciAgent } from 'undici'
import type { Event } from '../../src/base/events.ts'
import {
  drop,
  type Internet,
  internet,
  ms,
  pass,
  type SimHost,
  seconds,
  simulate,
  type Weather,
} from '../../src/sim/index.ts'
import { virtualGlobals } from '../../src/sim/node/index.ts'
import type { Host } from '../../src/socket/host.ts'
import { nodeConnect, serveNode } from '../../src/socket/node/index.ts'
import { certificateFor, noCertificates } from './certificate.ts'

/** undici on that host. */
function dispatcherOn(host: Host, options: UndiciAgent.Options = {}): Dispatcher {
  const connect: UndiciAgent.Options['connect'] = ({ hostname, port }, connected) => {
    const socket = nodeConnect(host)({ host: hostname, port: port || 80 })
    socket.once('connect', () => connected(null, socket as never))
    socket.once('error', (error) => connected(error, null))
  }
  return new UndiciAgent({ ...options, connect })
}

/** A service in front of another one, with a time limit and a second try. */
function shop(upstream: Dispatcher): express.Express {
  const app = express()
  app.get('/price', async (_asking, answer) => {
    for (const _ of [1, 2]) {
      try {
        const signal = AbortSignal.timeout(1000)
        const { body } = await request('http://prices/', { dispatcher: upstream, signal })
        answer.json({ price: Number(await body.text()), at: Date.now() })
        return
      } catch {}
    }
    answer.status(504).send('try later')
  })
  return app
}

interface Shop {
  readonly browser: SimHost
  readonly prices: SimHost
  ask(): Promise<{ readonly status: number; readonly text: string; readonly seconds: number }>
}

/** browser ── web (express) ── prices (node:http, which stalls while `stalls` says so) */
async function built(net: Internet, weather: Weather, stalls: () => boolean): Promise<Shop> {
  const [browser, web, prices] = [net.host('browser'), net.host('web'), net.host('prices')]
  net.link(browser, web, { latency: ms(25) })
  net.link(web, prices, weather)
  const answering = createServer((_asking, answer) => {
    answer.write('4')
    if (!stalls()) setTimeout(() => answer.end('2'), Math.random() * 50)
  })
  await serveNode(prices, answering, 80)
  await serveNode(web, createServer(shop(dispatcherOn(web))), 80)
  const dispatcher = dispatcherOn(browser)
  return {
    browser,
    prices,
    async ask() {
      const before = net.now
      const { statusCode, body } = await request('http://web/price', { dispatcher })
      return { status: statusCode, text: await body.text(), seconds: (net.now - before) / 1e9 }
    },
  }
}

test('an Express service whose upstream stalls in the middle of a body answers 504 in time, and recovers', () =>
  simulate('a stalling upstream', { seeds: 10 }, async (net) => {
    using _globals = virtualGlobals(net)
    await net.run(async () => {
      let stalls = false
      const { ask, prices } = await built(net, { latency: ms(5), jitter: ms(5) }, () => stalls)
      const good = await ask()
      assert.equal(good.status, 200, good.text)
      assert.equal(JSON.parse(good.text).price, 42)
      stalls = true
      const late = await ask()
      assert.deepEqual([late.status, late.text], [504, 'try later'])
      assert.ok(late.seconds >= 2 && late.seconds < 2.5, `${late.seconds} s`)
      stalls = false
      prices.pause()
      net.clock.at(net.now + ms(1500), () => prices.resume())
      const second = await ask()
      assert.equal(second.status, 200)
      assert.ok(second.seconds > 1 && second.seconds < 2.5, `${second.seconds} s`)
    })
    await net.run({ for: seconds(2) }) // undici's own clock comes to rest
  }))

test('the same seed gives the same frames at the same times, through Express, undici and node:http', async () => {
  const frames = async (seed: number) => {
    const seen: string[] = []
    const log = {
      on: true,
      emit(event: Event) {
        const { type, at, frame, to } = event as Event & { frame?: Uint8Array; to?: string }
        if (type === 'link.sent') seen.push(`${at} ${to} ${frame!.length}`)
      },
    }
    const net = internet({ seed, log })
    using _globals = virtualGlobals(net)
    const answers = await net.run(async () => {
      const { ask } = await built(net, { latency: ms(5), loss: 0.05 }, () => false)
      return [await ask(), ...(await Promise.all([ask(), ask(), ask()])), await ask()]
    })
    await net.run({ for: seconds(120) })
    return [...seen, ...answers.map(({ text }) => text)]
  }
  const first = await frames(5)
  assert.ok(first.length > 100)
  assert.deepEqual(await frames(5), first)
  assert.notDeepEqual(await frames(6), first)
})

test('a TLS handshake in which a flight is lost is slower, and right', { skip: noCertificates }, async () => {
  const certificate = certificateFor('shop.example')
  const taken = async (lost: number): Promise<number> => {
    const net = internet({ seed: 'flight' })
    using _globals = virtualGlobals(net)
    const [client, server] = [net.host('client'), net.host('server')]
    net.link(client, server, { latency: ms(30) })
    let flights = 0
    // The first frame with so many bytes is the server's flight: hello, certificate, finished.
    net.rule((packet) =>
      packet.fromHost === 'server' && packet.frame.length > 400 && ++flights <= lost ? drop('lost flight') : pass,
    )
    return await net.run(async () => {
      const answering = createTlsServer(certificate, (socket) => socket.pipe(socket))
      await serveNode(server, answering, 443)
      const began = net.now
      const socket = tlsConnect({
        ca: certificate.cert,
        servername: 'shop.example',
        socket: nodeConnect(client)({ port: 443, host: server.address, allowHalfOpen: true }),
      })
      await once(socket, 'secureConnect')
      const after = net.now - began
      socket.end('hello')
      assert.equal(String((await once(socket, 'data'))[0]), 'hello')
      return after
    })
  }
  const [whole, oneLost, twoLost] = [await taken(0), await taken(1), await taken(2)]
  // The first time-out of a retransmission is at least 200 ms, then it doubles.
  assert.ok(oneLost - whole >= ms(200), `${oneLost}`)
  assert.ok(twoLost - oneLost > oneLost - whole)
})
