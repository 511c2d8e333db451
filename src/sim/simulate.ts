/** One experiment with many seeds, and the line that repeats the one that failed. */
import { loop } from '#loop'
import { formatDuration } from '../base/clock.ts'
import type { EventLog } from '../base/events.ts'
import { SeedFailedError, SimError } from './errors.ts'
import { type Internet, type InternetOptions, internet } from './internet.ts'

/** Which seeds `simulate` tries, and what each network is made with. */
export interface SimulateOptions extends Omit<InternetOptions, 'seed' | 'log'> {
  /** How many seeds are tried, from `first` on; default 10. The environment variable RETICLE_SEEDS says otherwise. */
  readonly seeds?: number
  /** The first seed; default 1. */
  readonly first?: number
  /** Where the run of a seed reports to. */
  readonly log?: EventLog | ((seed: string) => EventLog)
}

/** Builds a network and runs it: what is thrown is what is wrong with this seed. */
export type Experiment = (net: Internet, seed: string) => void | Promise<void>

/**
 * Runs the experiment with one seed after the other, each in an Internet of its own. With RETICLE_SEED set in the
 * environment it runs that seed alone, which repeats a failure.
 * @throws SeedFailedError at the first seed that fails: it names the seed, and the command that repeats the failure
 * @example
 *     test('a leader is found', () =>
 *       simulate('leader election', { seeds: 100 }, async (net) => {
 *         const machines = ['a', 'b', 'c'].map((name) => net.host(name, { boot: node }))
 *         …
 *         await net.run({ for: seconds(60) })
 *       }))
 */
export async function simulate(name: string, options: SimulateOptions, experiment: Experiment): Promise<void> {
  const { seeds: _seeds, first: _first, log, ...settings } = options
  let passed = 0
  for (const seed of seedsOf(options)) {
    const net = internet({ ...settings, seed, ...(log && { log: typeof log === 'function' ? log(seed) : log }) })
    try {
      await experiment(net, seed)
      await net.settled()
    } catch (error) {
      throw failure(name, seed, passed, net, error)
    }
    passed++
  }
}

function* seedsOf({ seeds = 10, first = 1 }: SimulateOptions): Generator<string> {
  const one = loop.setting('RETICLE_SEED')
  if (one !== undefined && one !== '') {
    yield one
    return
  }
  const count = Number(loop.setting('RETICLE_SEEDS') ?? seeds)
  if (!Number.isInteger(count) || count < 1)
    throw new SimError('SIM_SEEDS', `simulate: seeds must be a whole number above 0, not ${count}`)
  for (let i = 0; i < count; i++) yield String(first + i)
}

function failure(name: string, seed: string, passed: number, net: Internet, cause: unknown): SeedFailedError {
  const before = passed === 0 ? '' : ` (${passed} ${passed === 1 ? 'seed' : 'seeds'} before it passed)`
  const why = cause instanceof Error ? cause.message : String(cause)
  const repeat = loop.command()
  const line = repeat === null ? `seed: '${seed}'` : `RETICLE_SEED=${quoted(seed)} ${repeat}`
  return new SeedFailedError(
    `${name}: seed ${seed} fails at ${formatDuration(net.now)}${before}: ${why}\nto repeat: ${line}`,
    seed,
    cause,
  )
}

/** As a shell takes it. */
function quoted(text: string): string {
  return /^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
