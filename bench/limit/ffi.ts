/** npm run bench -- ffi [--json]: what a call of C costs, by the way it is made. CPU nanoseconds, turns interleaved. */
import type { Ffi } from '../../src/kernel/ffi/ffi.ts'
import { koffiFfi } from '../../src/kernel/ffi/koffi.ts'
import { nodeFfi } from '../../src/kernel/ffi/node.ts'

const CALLS = 1_000_000
const ROUNDS = 7

type Work = (count: number) => void

/** What the drivers call on their hot paths, in its forms. */
function works(ffi: Ffi): Readonly<Record<string, Work>> {
  const abs = ffi.func('abs', 'int', 'int')
  const byAddress = ffi.func('memchr', 'address', 'address', 'int', 'wide')
  const byReference = ffi.func('memchr', 'address', 'memory', 'int', 'wide')
  const read = ffi.func('read', 'int', 'int', 'address', 'wide')
  const bytes = new Uint8Array(4096)
  const address = ffi.addressOf(bytes)
  return {
    'a number': (count) => {
      for (let i = 0; i < count; i++) abs(i)
    },
    'an address and a length': (count) => {
      for (let i = 0; i < count; i++) byAddress(address, 0, 8n)
    },
    'memory by reference': (count) => {
      for (let i = 0; i < count; i++) byReference(bytes, 0, 8n)
    },
    'a system call that fails': (count) => {
      for (let i = 0; i < count; i++) read(-1, address, 8n)
    },
    errno: (count) => {
      for (let i = 0; i < count; i++) ffi.errno()
    },
  }
}

function nanoseconds(work: Work): number {
  const before = process.cpuUsage()
  work(CALLS)
  const { user, system } = process.cpuUsage(before)
  return ((user + system) * 1000) / CALLS
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}

const [ours, theirs] = [works(nodeFfi()), works(koffiFfi())]
for (const name of Object.keys(ours)) {
  const rounds = { ours: [] as number[], theirs: [] as number[] }
  for (let round = 0; round < ROUNDS; round++) {
    rounds.ours.push(nanoseconds(ours[name]!))
    rounds.theirs.push(nanoseconds(theirs[name]!))
  }
  const [mine, peer] = [median(rounds.ours), median(rounds.theirs)]
  const row = { bench: 'ffi', name, unit: 'ns', ours: mine, peer, ratio: mine / peer }
  if (process.argv.includes('--json')) console.log(JSON.stringify(row))
  else
    console.log(
      `${name.padEnd(26)} node:ffi ${mine.toFixed(0).padStart(4)} ns, koffi ${peer.toFixed(0).padStart(4)} ns: ${(mine / peer).toFixed(2)}`,
    )
}
