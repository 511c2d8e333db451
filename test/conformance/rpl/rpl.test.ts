/** The runner itself, and the resolver by the files of `../shared/conformance/rpl/iterate` where they are at hand. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { conformancePath, needConformance } from '../../need.ts'
import { play } from './play.ts'
import { parseScenario } from './scenario.ts'

const SCENARIO = `
server: minimal-responses: no qname-minimisation: "no" # two keys on a line
stub-zone: name: "." stub-addr: 198.18.0.1
CONFIG_END
SCENARIO_BEGIN a test of the runner
RANGE_BEGIN 0 100
  ADDRESS 198.18.0.1
  ENTRY_BEGIN
  MATCH opcode qtype qname
  REPLY QR AA NOERROR
  SECTION QUESTION
  . IN NS
  SECTION ANSWER
  . IN NS root.example. ; and a comment
  SECTION ADDITIONAL
  root.example. 3600 IN A 198.18.0.1
  ENTRY_END
  ENTRY_BEGIN
  MATCH opcode subdomain
  ADJUST copy_id copy_query
  REPLY QR AA NOERROR
  SECTION QUESTION
  example. IN A
  SECTION ANSWER
  www.example. 60 IN A 192.0.2.1
  ENTRY_END
RANGE_END
STEP 1 QUERY
ENTRY_BEGIN
REPLY RD
SECTION QUESTION
www.example. IN A
ENTRY_END
STEP 2 CHECK_ANSWER
ENTRY_BEGIN
MATCH all ttl
REPLY QR RD RA NOERROR
SECTION QUESTION
www.example. IN A
SECTION ANSWER
www.example. 60 IN A 192.0.2.1
ENTRY_END
STEP 3 TIME_PASSES ELAPSE 20
STEP 4 QUERY
ENTRY_BEGIN
REPLY RD
SECTION QUESTION
www.example. IN A
ENTRY_END
STEP 5 CHECK_ANSWER
ENTRY_BEGIN
MATCH all ttl
REPLY QR RD RA NOERROR
SECTION QUESTION
www.example. IN A
SECTION ANSWER
www.example. 40 IN A 192.0.2.1
ENTRY_END
SCENARIO_END
`

test('a scenario that comes true passes', async () => {
  assert.equal(await play(parseScenario(SCENARIO), 'strict'), '')
})

test('one that does not fails at its step, with what was wanted and what came', async () => {
  const wrong = SCENARIO.replace('www.example. 40 IN A', 'www.example. 41 IN A')
  assert.match(await play(parseScenario(wrong), 'strict'), /^step 5: wanted 'www.example. 41 .*got 'www.example. 40/)
  const silent = SCENARIO.replace('ADDRESS 198.18.0.1', 'ADDRESS 198.18.0.2')
  assert.match(await play(parseScenario(silent), 'strict'), /^step 2: no answer yet \(198.18.0.1:53 has been asked/)
  const unchecked = SCENARIO.slice(0, SCENARIO.indexOf('STEP 5'))
  assert.match(await play(parseScenario(unchecked), 'strict'), /unchecked/)
})

test('what the runner does not know it says, with the line', async () => {
  assert.throws(() => parseScenario('SCENARIO_BEGIN'), /no CONFIG_END/)
  assert.throws(() => parseScenario(SCENARIO.replace('STEP 3 TIME', 'STOP 3 TIME')), /line 43: 'STOP 3/)
  assert.match(
    await play(parseScenario(SCENARIO.replace('TIME_PASSES ELAPSE', 'ASSIGN')), 'strict'),
    /ASSIGN is not implemented/,
  )
})

/** The files of a folder that do not come true, each with the reason. */
async function failuresIn(folder: string): Promise<Map<string, string>> {
  const failures = new Map<string, string>()
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.rpl'))) {
    const why = await play(parseScenario(readFileSync(join(folder, file), 'utf8')), 'strict')
    if (why !== '') failures.set(file.slice(0, -'.rpl'.length), why)
  }
  return failures
}

/** What each set of files lacks: docs/limitations.md says why. A file that comes true leaves the list. */
const MISSED = {
  iterate: ['iter_ns_spoof', 'iter_unverified_glue', 'ttl_max'],
  forward: [
    'edns_attached_once_per_upstream',
    'fwd_lrudrop',
    'rrset_use_cached',
    'serve_expired_ttl_reset',
    'val_cnametocloser_nosig',
    'val_cnametooptout',
  ],
}

test('Unbound’s replay files of iteration and forwarding pass, but for those that are named', {
  skip: needConformance('rpl'),
}, async () => {
  for (const [set, missed] of Object.entries(MISSED)) {
    const failures = await failuresIn(conformancePath(`rpl/${set}`))
    assert.deepEqual([...failures.keys()].sort(), missed, [...failures].map((each) => each.join(': ')).join('\n'))
  }
})

test('the figures of docs/limitations.md are what the runner counts', { skip: needConformance('rpl') }, async () => {
  const limitations = readFileSync(join(import.meta.dirname, '../../../docs/limitations.md'), 'utf8')
  for (const set of ['iterate', 'forward', 'stale', 'validate']) {
    const [, passed, all] = new RegExp(`${set}:? (\\d+)\\s+of\\s+(\\d+)`).exec(limitations) ?? []
    const folder = conformancePath(`rpl/${set}`)
    const files = readdirSync(folder).filter((name) => name.endsWith('.rpl')).length
    assert.deepEqual([Number(passed), Number(all)], [files - (await failuresIn(folder)).size, files], set)
  }
})
