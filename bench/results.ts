/**
 * Results that are kept in the tree (`bench/results/NAME.jsonl`), so that a later run can be held against them. Absolute
 * figures belong to one machine; a `ratio` to a peer of the same run is what may be compared between machines.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { dirname, join } from 'node:path'

/** One line that a bench prints with `--json`: words name the figure, numbers are the figure. */
export type Line = Readonly<Record<string, string | number | boolean | null>>

/** Numbers that say under what load a figure was taken, and so belong to its name. */
const LOADS = new Set(['connections', 'routers', 'hosts', 'rounds'])
/** What is held against what was kept, in this order: the first that a line has. */
const FIGURES = ['ratio', 'median', 'ours'] as const

export function fileOf(bench: string): string {
  return join(import.meta.dirname, 'results', `${bench}.jsonl`)
}

export function parseLines(text: string): Line[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line)
}

/** What was kept of a bench: the machine and its figures; null when nothing was. */
export function kept(bench: string): { readonly machine: Line; readonly lines: readonly Line[] } | null {
  const file = fileOf(bench)
  if (!existsSync(file)) return null
  const [machine, ...lines] = parseLines(readFileSync(file, 'utf8'))
  return { machine: machine!, lines }
}

export function keep(bench: string, lines: readonly Line[]): void {
  const [cpu] = cpus()
  const machine = {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpu?.model ?? 'unknown',
    cores: cpus().length,
    gigabytes: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
  }
  const file = fileOf(bench)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${[machine, ...lines].map((line) => JSON.stringify(line)).join('\n')}\n`)
}

/** The name of a figure: its words and its load. */
export function nameOf(line: Line): string {
  return Object.entries(line)
    .filter(([key, value]) => key !== 'bench' && (typeof value === 'string' || LOADS.has(key)))
    .map(([key, value]) => (typeof value === 'string' ? value : `${key} ${value}`))
    .join(', ')
}

/** A table: each figure now, as it was kept, and now : kept. Figures that only one of the two has are named, too. */
export function comparison(now: readonly Line[], before: readonly Line[]): string[] {
  const old = new Map(before.map((line) => [nameOf(line), line]))
  const rows = now.map((line) => {
    const name = nameOf(line)
    const previous = old.get(name)
    old.delete(name)
    const figure = FIGURES.find((key) => typeof line[key] === 'number')
    if (figure === undefined) return `${name}: has no figure`
    const value = line[figure] as number
    if (previous === undefined) return row(name, short(value), 'not kept', '')
    const was = previous[figure] as number
    return row(name, short(value), short(was), (value / was).toFixed(2))
  })
  return [row('', 'now', 'kept', 'now : kept'), ...rows, ...[...old.keys()].map((name) => row(name, 'not run', '', ''))]
}

function row(name: string, ...figures: readonly string[]): string {
  return `${name.padEnd(64)}${figures.map((figure) => figure.padStart(14)).join('')}`.trimEnd()
}

function short(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)
}
