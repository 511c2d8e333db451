/**
 * npm run bench -- http [--json] [--rounds N] [--seconds N] [--connections N,N] [--only NAME,NAME]
 *
 * What a plain-text request costs: keep-alive connections by one wrk thread, the server pinned to one core and the load
 * to the other, turn and turn about, medians. The figure that counts is CPU time of the server process.
 */
import { buildLimit } from '../limit/build.ts'
import { compete, competition } from './compete.ts'
import { contestants } from './contestants.ts'

const limit = buildLimit()
try {
  const spoken = contestants(limit.program).filter(({ name }) => name !== 'node:http2')
  await compete(spoken, competition('http'))
} finally {
  limit.remove()
}
