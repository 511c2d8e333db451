/**
 * The walls of the house as rules of Biome, so that an editor shows a breach at the line: written into biome.json from
 * `test/check/house.json`. `npm run walls` writes them anew; a test fails when they are not what this file says.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const CONFIGURATION = join(root, 'biome.json')

export interface House {
  readonly [floor: string]: readonly string[]
}

/** Globals with a clock, chance, I/O or a platform in them. Each says where the same thing is to be had. */
const AMBIENT: { readonly [name: string]: string } = {
  setTimeout: 'Timers are an argument: clock.at().',
  setInterval: 'Timers are an argument: clock.at().',
  process: 'The process belongs to kernel/, cli/ and folders called node/.',
  performance: 'Time is an argument: clock.now().',
  crypto: 'Chance is an argument: a Random.',
  fetch: 'The network is an argument: a Host.',
  globalThis: 'Name the global, so that the rules about globals see it.',
}

const PLATFORM: { readonly [name: string]: string } = {
  setImmediate: 'The turn of the event loop belongs to kernel/ and to folders called node/.',
  Buffer: 'This floor runs in browsers too: use Uint8Array (base/octets.ts, base/bytes.ts).',
}

/** Floors that run wherever JavaScript does. What needs Node stands in a folder called `node/`. */
export const ANYWHERE = [
  'base',
  'socket',
  'tls',
  'wire',
  'tcp',
  'stack',
  'dns',
  'http',
  'templates',
  'models',
  'web',
  'sim',
  'trace',
]
/** Floors that have the machine for their subject. */
const MACHINE = ['kernel', 'cli']
/** What no floor but `kernel/` and `cli/` imports. */
const IO = [
  'net',
  'dgram',
  'dns',
  'http',
  'https',
  'http2',
  'tls',
  'child_process',
  'cluster',
  'worker_threads',
  'os',
  'process',
  'timers',
  'perf_hooks',
  'module',
]

interface Pattern {
  readonly group: readonly string[]
  readonly message: string
}

function globals(denied: { readonly [name: string]: string }) {
  return { noRestrictedGlobals: { level: 'error', options: { deniedGlobals: denied } } }
}

function imports(patterns: readonly Pattern[]) {
  return { noRestrictedImports: { level: 'error', options: { patterns } } }
}

/** The specifiers by which a file of one floor would reach another floor. */
function reaches(floor: string): readonly string[] {
  return [`../${floor}/**`, `../../${floor}/**`, `../../../${floor}/**`, `../../../../${floor}/**`]
}

/** Biome's overrides for the whole of `src/`. Later ones win where they overlap. */
export function overrides(house: House): object[] {
  const floors = Object.keys(house)
  return floors.map((floor) => {
    const anywhere = ANYWHERE.includes(floor)
    const machine = MACHINE.includes(floor)
    const forbidden = floors.filter((other) => other !== floor && !house[floor]!.includes(other))
    const patterns: Pattern[] = [
      {
        group: ['reticle/**', 'reticle'],
        message: 'Inside the package files are imported by their paths, which the walls are checked by.',
      },
    ]
    if (forbidden.length > 0)
      patterns.push({
        group: forbidden.flatMap(reaches),
        message: `src/${floor} may import only: ${[floor, ...house[floor]!].join(', ')} (test/check/house.json).`,
      })
    if (anywhere)
      patterns.push({
        group: ['node:*'],
        message: `src/${floor} runs in browsers too: what needs Node stands in a folder called node/.`,
      })
    else if (!machine)
      patterns.push({
        group: IO.flatMap((name) => [`node:${name}`, `node:${name}/**`]),
        message: 'Sockets, processes, threads and timers belong to kernel/ and cli/.',
      })
    const denied = { ...(machine ? {} : AMBIENT), ...(anywhere ? PLATFORM : {}) }
    return {
      includes: [`src/${floor}/**/*.ts`, '!**/*.test.ts', '!**/trial/**', '!**/node/**', '!**/browser/**'],
      ...(machine ? {} : { plugins: ['./test/check/ambient.grit'] }),
      linter: { rules: { style: { ...globals(denied), ...imports(patterns) } } },
    }
  })
}

/** biome.json as it should be, as text. */
export function withWalls(configuration: string, house: House): string {
  const parsed = JSON.parse(configuration) as { overrides?: { includes: readonly string[] }[] }
  const others = (parsed.overrides ?? []).filter(({ includes }) => !/^src\/\w+\/\*\*/.test(includes[0] ?? ''))
  return JSON.stringify({ ...parsed, overrides: [...others, ...overrides(house)] }, null, 2)
}

export function readHouse(): House {
  return JSON.parse(readFileSync(join(root, 'test/check/house.json'), 'utf8')) as House
}

if (import.meta.main) {
  writeFileSync(CONFIGURATION, `${withWalls(readFileSync(CONFIGURATION, 'utf8'), readHouse())}\n`)
  console.log('biome.json has the walls of test/check/house.json; run npm run fix to format it')
}
