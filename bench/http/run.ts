/**
 * npm run bench -- http [--json] [--rounds N] [--seconds N] [--connections N,N] [--only NAME,NAME] [--load LOAD]
 *
 * What a plain-text request costs: keep-alive connections by one wrk thread, the server pinned to one core and the load
 * to the other, turn and turn about, medians. The figure that counts is CPU time of the server process.
 * LOAD is `kept` (the default), `pipelined` (16 at once) or `fresh` (a new connection for each request); the bare C loop
 * can do the first alone.
 */
import { parseArgs } from 'node:util'
import { buildLimit } from '../limit/build.ts'
import { compete, competition } from './compete.ts'
import { contestants } from './contestants.ts'
import { fresh, pipelined } from './measure.ts'

const DEPTH = 16
const { values } = parseArgs({ options: { load: { type: 'string', default: 'kept' } }, strict: false })
const how = competition('http')
const asked = {
  kept: how,
  pipelined: { ...how, label: `, ${DEPTH} at once`, load: pipelined(DEPTH) },
  fresh: { ...how, label: ', new each time', load: fresh },
}[String(values.load)]
if (asked === undefined) throw new Error(`--load ${values.load}: kept, pipelined and fresh are known`)

const limit = buildLimit()
try {
  const spoken = contestants(limit.program).filter(({ name, command }) => {
    if (name === 'node:http2') return false
    // Bun resets a connection that it has been asked to close, which wrk counts as an error.
    if (values.load === 'fresh' && name === 'Bun.serve') return false
    return asked === how || command[0] !== limit.program
  })
  await compete(spoken, asked)
} finally {
  limit.remove()
}
