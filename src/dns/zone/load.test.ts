/** Large zones: the work grows with their size, and whoever serves meanwhile has its turn. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Name } from '../message/name.ts'
import { checkZone } from './check.ts'
import { printFault } from './fault.ts'
import { loadZone, loadZoneGently } from './load.ts'
import { readMaster } from './master.ts'

const origin = Name.parse('example.')
const HEAD = '$TTL 60\n@ SOA ns host 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n'

function lines(count: number, line: (i: number) => string): string {
  return HEAD + Array.from({ length: count }, (_, i) => `${line(i)}\n`).join('')
}

test('a zone is read, checked and put together in small steps', async () => {
  const text = lines(10_000, (i) => `h${i} A 10.0.0.1`)
  let pauses = 0
  const pause = async () => void pauses++
  const { zone, faults } = await loadZoneGently(text, origin, {}, pause)
  assert.deepEqual(faults, [])
  assert.equal([...zone!.nodes()].length, 10_002)
  // 200 records a step, each record met a handful of times.
  assert.ok(pauses > 3 * 50 && pauses < 8 * 50, `${pauses} pauses`)
  const generated = await loadZoneGently(`${HEAD}$GENERATE 1-10000 g$ A 10.0.0.1`, origin, {}, pause)
  assert.equal([...generated.zone!.nodes()].length, 10_002)
  const file = { text: lines(10_000, (i) => `i${i} A 10.0.0.1`).slice(HEAD.length) }
  const before = pauses
  await loadZoneGently(`${HEAD}$INCLUDE other`, origin, { include: () => file }, pause)
  assert.ok(pauses - before > 3 * 50)
})

test('gently or at once, the same comes out', async () => {
  const text = `${HEAD}a CNAME b\na A 192.0.2.1\nb MX x\n`
  const gently = await loadZoneGently(text, origin, {}, async () => {})
  assert.deepEqual(gently.faults.map(printFault), loadZone(text, origin).faults.map(printFault))
})

/** How often the check looks at the names of that many records. */
function looks(text: string): number {
  let count = 0
  const { records } = readMaster(text, { origin })
  const counted = records.map((record) =>
    Object.defineProperty({ ...record }, 'name', {
      get() {
        count++
        return record.name
      },
    }),
  )
  checkZone(origin, counted)
  return count
}

test('the check looks at each record a few times, however many there are, whatever they are', () => {
  for (const line of [
    (i: number) => `h${i} CNAME t\nh${i} CNAME t`, // the same alias twice
    (i: number) => `d${i} NS ns.d${i}\nns.d${i} A 192.0.2.1`,
    (i: number) => `${'x.'.repeat(60)}h${i} A 192.0.2.1`,
  ]) {
    const [small, large] = [looks(lines(500, line)), looks(lines(2_000, line))]
    assert.ok(large <= 4 * small && large < 2_000 * 30, `${small}, then ${large}`)
  }
})
