/** A replay file of Unbound's testbound as a value: configuration, ranges of replies, steps. */
import { Defaults, type Entry, type Line, parseEntry, ScenarioError } from './entry.ts'

/** One clause of the configuration (`server:`, `stub-zone:`, …): keys with their values in order. */
export interface Clause {
  readonly name: string
  readonly keys: readonly (readonly [key: string, value: string])[]
}

/** What servers reply while the scenario is at steps `from` to `to`. */
export interface Range {
  readonly from: number
  readonly to: number
  /** The servers' addresses; empty: any. */
  readonly addresses: readonly string[]
  readonly entries: readonly Entry[]
}

export interface Step {
  readonly number: number
  readonly kind: string
  /** What stands after the kind. */
  readonly words: readonly string[]
  readonly entry: Entry | null
}

export interface Scenario {
  readonly title: string
  readonly config: readonly Clause[]
  readonly ranges: readonly Range[]
  readonly steps: readonly Step[]
}

/** `key: value`, of which a line may hold several; a value goes on to the next key. */
const KEY_AND_VALUE = /([a-z][\w-]*):\s+((?:"[^"]*"|'[^']*'|(?![a-z][\w-]*:\s)\S+|\s+)+)/g

const CLAUSES = ['server', 'stub-zone', 'forward-zone', 'auth-zone', 'rpz', 'view', 'remote-control', 'dynlib']

export function parseScenario(text: string): Scenario {
  const end = /^\s*CONFIG_END.*$/m.exec(text)
  if (end === null) throw new ScenarioError('no CONFIG_END')
  const head = end.index + end[0].length
  const skipped = text.slice(0, head).split('\n').length
  const lines = text
    .slice(head)
    .split('\n')
    .map((raw, i): Line => ({ number: skipped + i, text: uncommented(raw).trim() }))
    .filter((line) => line.text !== '')
  const ranges: Range[] = []
  const steps: Step[] = []
  const defaults = new Defaults()
  let title = ''
  for (let i = 0; i < lines.length; ) {
    const line = lines[i]!
    const [keyword, ...words] = line.text.split(/\s+/)
    if (keyword === 'SCENARIO_BEGIN') title = words.join(' ')
    else if (keyword === 'SCENARIO_END') break
    else if (keyword === 'RANGE_BEGIN') {
      const [range, next] = parseRange(lines, i, defaults)
      ranges.push(range)
      i = next
      continue
    } else if (keyword === 'STEP') {
      const [step, next] = parseStep(lines, i, defaults)
      steps.push(step)
      i = next
      continue
    } else if (keyword !== 'RANGE_END' && !defaults.take(line))
      // A RANGE_END too many is passed over, as testbound does.
      throw new ScenarioError(`line ${line.number}: '${line.text}' is not understood`)
    i++
  }
  return { title, config: parseConfig(text.slice(0, end.index)), ranges, steps }
}

/** Without its comment; a semicolon in quotes is none. */
function uncommented(line: string): string {
  let quoted = false
  for (let i = 0; i < line.length; i++) {
    if (line[i] === '"') quoted = !quoted
    else if (line[i] === ';' && !quoted) return line.slice(0, i)
  }
  return line
}

function parseRange(lines: readonly Line[], at: number, defaults: Defaults): [Range, number] {
  const [, from, to] = lines[at]!.text.split(/\s+/)
  const addresses: string[] = []
  const entries: Entry[] = []
  for (let i = at + 1; i < lines.length; ) {
    const line = lines[i]!
    const [keyword, value] = line.text.split(/\s+/)
    if (keyword === 'RANGE_END') return [{ from: Number(from), to: Number(to), addresses, entries }, i + 1]
    if (keyword === 'ADDRESS') addresses.push(value ?? '')
    else if (keyword === 'ENTRY_BEGIN') {
      const [entry, next] = parseEntry(lines, i + 1, defaults)
      entries.push(entry)
      i = next
      continue
    } else if (!defaults.take(line))
      throw new ScenarioError(`line ${line.number}: '${line.text}' in a range is not understood`)
    i++
  }
  throw new ScenarioError('a RANGE_BEGIN without its RANGE_END')
}

function parseStep(lines: readonly Line[], at: number, defaults: Defaults): [Step, number] {
  const [, number, kind = '', ...words] = lines[at]!.text.split(/\s+/)
  const next = lines[at + 1]
  if (next?.text !== 'ENTRY_BEGIN') return [{ number: Number(number), kind, words, entry: null }, at + 1]
  const [entry, after] = parseEntry(lines, at + 2, defaults)
  return [{ number: Number(number), kind, words, entry }, after]
}

function parseConfig(text: string): Clause[] {
  const clauses: { name: string; keys: [string, string][] }[] = [{ name: 'server', keys: [] }]
  for (const raw of text.split('\n')) {
    let line = `${raw.replace(/(^|\s)[#;].*$/, '').trim()} `
    const clause = CLAUSES.find((name) => line.startsWith(`${name}: `))
    if (clause !== undefined) {
      clauses.push({ name: clause, keys: [] })
      line = line.slice(clause.length + 1)
    }
    for (const [, key, value] of line.matchAll(KEY_AND_VALUE))
      clauses.at(-1)!.keys.push([key!, value!.trim().replace(/^(["'])(.*)\1$/, '$2')])
  }
  return clauses
}
