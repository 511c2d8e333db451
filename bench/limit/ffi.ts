/**
 * npm run bench -- ffi [--json]: what a call of C costs, by the way it is made. CPU nanoseconds, turns interleaved. Each
 * turn is a process of its own: V8 makes a fast call only where a place in the program calls one function.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Ffi } from '../../src/kernel/ffi/ffi.ts'
import { koffiFfi } from '../../src/kernel/ffi/koffi.ts'
import { nodeFfi } from '../../src/kernel/ffi/node.ts'

const CALLS = 500_000
const ROUNDS = 5

type Work = (count: number) => void

/** What the drivers call on their hot paths, in its forms. */
function works(ffi: Ffi): Readonly<Record<string, Work>> {
  const abs = ffi.func('abs', 'int', 'int')
  const byAddress = ffi.func('memchr', 'address', 'address', 'int', 'wide')
  const byReference = ffi.func('memchr', 'address', 'memory', 'int', 'wide')
  const read = ffi.func('read', 'int', 'int', 'address', 'wide')
  const option = ffi.func('setsockopt', 'int', 'int', 'int', 'int', 'address', 'uint')
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
    'read(2), which fails': (count) => {
      for (let i = 0; i < count; i++) read(-1, address, 8n)
    },
    'setsockopt(2), which fails': (count) => {
      for (let i = 0; i < count; i++) option(-1, 0, 0, address, 4)
    },
    errno: (count) => {
      for (let i = 0; i < count; i++) ffi.errno()
    },
  }
}

function nanoseconds(work: Work): number {
  work(CALLS / 5) // compiled by then
  const before = process.cpuUsage()
  work(CALLS)
  const { user, system } = process.cpuUsage(before)
  return ((user + system) * 1000) / CALLS
}

type Figures = Readonly<Record<string, number>>

function turn(way: 'node' | 'koffi'): Figures {
  const printed = execFileSync(process.execPath, [fileURLToPath(import.meta.url), way], { encoding: 'utf8' })
  return JSON.parse(printed) as Figures
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}

function compare(): void {
  const [ours, theirs]: [Figures[], Figures[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(turn('node'))
    theirs.push(turn('koffi'))
  }
  for (const name of Object.keys(ours[0]!)) {
    const [mine, peer] = [median(ours.map((one) => one[name]!)), median(theirs.map((one) => one[name]!))]
    const ratio = mine / peer
    if (process.argv.includes('--json'))
      console.log(JSON.stringify({ bench: 'ffi', name, unit: 'ns', ours: mine, peer, ratio }))
    else {
      const [a, b] = [mine, peer].map((value) => `${value.toFixed(0).padStart(4)} ns`)
      console.log(`${name.padEnd(28)} node:ffi ${a}, koffi ${b}: ${ratio.toFixed(2)}`)
    }
  }
}

const way = process.argv[2]
if (way === 'node' || way === 'koffi') {
  const all = Object.entries(works(way === 'node' ? nodeFfi() : koffiFfi()))
  console.log(JSON.stringify(Object.fromEntries(all.map(([name, work]) => [name, nanoseconds(work)]))))
} else compare()
