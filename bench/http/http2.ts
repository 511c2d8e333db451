/**
 * npm run bench -- http2 [--streams N,N] and what `bench -- http` takes
 *
 * What a plain-text request costs in HTTP/2, by one h2load thread, with prior knowledge: connections, each with so many
 * requests at once. Ours beside the server of `node:http2` in its cheaper form.
 */
import { parseArgs } from 'node:util'
import { compete, competition } from './compete.ts'
import { contestants } from './contestants.ts'
import { h2load } from './measure.ts'

const SERVERS: ReadonlySet<string> = new Set(['reticle uring', 'reticle node', 'reticle site uring', 'node:http2'])

const { values } = parseArgs({ options: { streams: { type: 'string', default: '1,10,100' } }, strict: false })
for (const streams of String(values.streams).split(',').map(Number)) {
  const how = { ...competition('http2'), label: ` × ${streams}`, load: h2load(streams) }
  await compete(
    contestants('').filter(({ name }) => SERVERS.has(name)),
    how,
  )
}
