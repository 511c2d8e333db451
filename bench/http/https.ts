/**
 * npm run bench -- https [--load kept|fresh] and what `bench -- http` takes
 *
 * What a plain-text request costs over TLS 1.3 (HTTP/1.1), by one wrk thread: on kept connections, or with a new connection,
 * and so a full handshake, for each request (`fresh`). Ours beside Fastify over https.
 */
import { parseArgs } from 'node:util'
import { compete, competition } from './compete.ts'
import { secureContestants } from './contestants.ts'
import { fresh, secure, wrk } from './measure.ts'

const { values } = parseArgs({ options: { load: { type: 'string', default: 'kept' } }, strict: false })
const how = competition('https')
const asked = {
  kept: { ...how, load: secure(wrk) },
  fresh: { ...how, label: ', a handshake each', load: secure(fresh) },
}[String(values.load)]
if (asked === undefined) throw new Error(`--load ${values.load}: kept and fresh are known`)
await compete(secureContestants(), asked)
