/** TLS, HTTPS and HTTP/2 by Node, over connections of any Host. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import {
  connect as connectHttp2,
  createServer as createHttp2Server,
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2'
import { createServer as createHttpsServer, get } from 'node:https'
import { createServer as createTlsServer, connect as tlsConnect } from 'node:tls'
import { nodeConnect, nodeSecureAgent, serveNode } from '../../src/socket/node/index.ts'
import { certificateFor, noCertificates } from './certificate.ts'
import { everywhere as inEachPlace, type Place } from './places.ts'
import type { ProgramName } from './table.ts'

const NAME = 'shop.example'
const certificate = noCertificates ? null : certificateFor(NAME)
const TRUST = { ca: certificate?.cert, servername: NAME }

function everywhere(program: ProgramName, title: string, body: (place: Place) => Promise<void>): void {
  inEachPlace(program, title, body, noCertificates)
}

everywhere('node:tls', 'a checked certificate, a megabyte there and back, a stranger’s certificate', async (place) => {
  const server = createTlsServer({ ...certificate }, (socket) => socket.pipe(socket))
  const port = await place.open(serveNode(place.server, server, 0))
  const socket = tlsConnect({ ...TRUST, socket: nodeConnect(place.client)(port, place.address) })
  await once(socket, 'secureConnect')
  assert.equal(socket.authorized, true)
  assert.equal(socket.getProtocol(), 'TLSv1.3')
  const sent = 'through the tunnel '.repeat(50_000)
  socket.end(sent)
  let echoed = ''
  for await (const chunk of socket) echoed += String(chunk)
  assert.ok(echoed === sent)
  const refused = once(server, 'tlsClientError')
  const stranger = tlsConnect({ servername: NAME, socket: nodeConnect(place.client)(port, place.address) })
  const [error] = await once(stranger, 'error').catch((thrown: Error) => [thrown])
  assert.equal(error.code, 'DEPTH_ZERO_SELF_SIGNED_CERT')
  assert.equal((await refused)[0].code, 'ECONNRESET')
})

everywhere('node:https', 'two requests over one kept connection', async (place) => {
  const sockets = new Set<unknown>()
  const https = createHttpsServer({ ...certificate }, (asking, answer) => {
    sockets.add(asking.socket)
    answer.end(`${asking.url} for ${asking.headers.host}`)
  })
  const port = await place.open(serveNode(place.server, https, 0))
  place.finally(() => https.closeAllConnections())
  const agent = nodeSecureAgent(place.client, { ...TRUST, keepAlive: true, maxSockets: 1 })
  place.finally(() => agent.destroy())
  for (const path of ['/first', '/second']) {
    const [reply] = (await once(get({ host: place.address, port, path, agent }), 'response')) as [IncomingMessage]
    let text = ''
    for await (const chunk of reply) text += String(chunk)
    assert.equal(text, `${path} for ${place.address}:${port}`)
  }
  assert.equal(sockets.size, 1)
})

for (const secure of [false, true])
  everywhere('node:http2', `forty streams at once, ${secure ? 'over TLS' : 'plain'}`, async (place) => {
    const answer = (asking: Http2ServerRequest, reply: Http2ServerResponse) => {
      if (asking.method === 'POST') asking.pipe(reply)
      else reply.end(`h2 ${asking.url}`)
    }
    const http2 = secure ? createSecureServer({ ...certificate }, answer) : createHttp2Server(answer)
    const port = await place.open(serveNode(place.server, http2, 0))
    const plain = nodeConnect(place.client)(port, place.address)
    const session = connectHttp2(`${secure ? 'https' : 'http'}://${NAME}:${port}`, {
      createConnection: () =>
        secure ? tlsConnect({ ...TRUST, ALPNProtocols: ['h2'], socket: plain }) : (plain as never),
    })
    const ask = async (path: string) => {
      const stream = session.request({ ':path': path })
      let body = ''
      for await (const chunk of stream) body += String(chunk)
      return body
    }
    const bodies = await Promise.all(Array.from({ length: 40 }, (_, i) => ask(`/page/${i}`)))
    assert.deepEqual(
      bodies,
      Array.from({ length: 40 }, (_, i) => `h2 /page/${i}`),
    )
    const upload = session.request({ ':path': '/', ':method': 'POST' })
    upload.end('x'.repeat(300_000))
    let size = 0
    for await (const chunk of upload) size += chunk.length
    assert.equal(size, 300_000)
    session.close()
    await once(session, 'close')
  })
