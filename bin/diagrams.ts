/**
 * `npm run diagrams`: the drawings in the documents that are made from tables of the code, and the picture that a command
 * prints, written between their marks. A test fails when a document shows anything else.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { UPSTREAM_PHASES } from '../src/dns/exchange/phase.ts'
import { STREAM_PHASES } from '../src/dns/front/phase.ts'
import { STREAM } from '../src/http/h2/stream-state.ts'
import { LIFE, RULES } from '../src/http/machine/state.ts'
import { TRANSITIONS } from '../src/tcp/life/state.ts'
import { PHASES } from '../src/tcp/loss/episode.ts'
import house from '../test/check/house.json' with { type: 'json' }
import rooms from '../test/check/rooms.json' with { type: 'json' }

const root = join(import.meta.dirname, '..')

/** By document: the drawings by the names of their marks. */
const DRAWINGS: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  'README.md': { look: () => fenced('', lookPicture()) },
  'docs/architecture.md': {
    house: () => fenced('mermaid', ['flowchart BT', ...neededArrows(house)]),
    'web-rooms': () => fenced('mermaid', ['flowchart BT', ...neededArrows(rooms.web)]),
    'http-exchange': () => fenced('mermaid', ['stateDiagram-v2', ...exchangeArrows()]),
    'http-connection': () => fenced('mermaid', ['stateDiagram-v2', ...tableArrows(LIFE, 'open', 'closed')]),
    'http2-stream': () => fenced('mermaid', ['stateDiagram-v2', ...tableArrows(STREAM, 'idle')]),
    'dns-server-stream': () => fenced('mermaid', ['stateDiagram-v2', ...tableArrows(STREAM_PHASES, 'open', 'gone')]),
    'dns-upstream-stream': () =>
      fenced('mermaid', ['stateDiagram-v2', ...tableArrows(UPSTREAM_PHASES, 'busy', 'gone')]),
    'tcp-states': () => fenced('mermaid', ['stateDiagram-v2', ...tableArrows(TRANSITIONS, 'CLOSED')]),
    'tcp-recovery': () => fenced('mermaid', ['stateDiagram-v2', ...tableArrows(PHASES, 'open')]),
  },
}

/** The documents that have drawings. */
export const drawnDocuments: readonly string[] = Object.keys(DRAWINGS)

/** A document's text with every drawing of it made anew. */
export function drawn(name: string, text: string): string {
  let result = text
  for (const [drawing, draw] of Object.entries(DRAWINGS[name]!)) {
    const marks = new RegExp(`(<!-- ${drawing} -->\n)([\\s\\S]*?)(<!-- /${drawing} -->)`)
    if (!marks.test(result)) throw new Error(`${name} has no marks <!-- ${drawing} --> and <!-- /${drawing} -->`)
    result = result.replace(marks, (_, begin: string, old: string, end: string) => {
      const made = draw()
      return `${begin}${unmeasured(made) === unmeasured(old) ? old : made}${end}`
    })
  }
  return result
}

/** What is in the document now. */
export function document(name: string): string {
  return readFileSync(join(root, name), 'utf8')
}

/** Without what a stopwatch has measured: the time of a query differs from run to run, and the blanks beside it. */
function unmeasured(picture: string): string {
  return picture.replaceAll(/(SQL|\.html) [\d.]+ \S?s\b/g, '$1 time').replaceAll(/ +/g, ' ')
}

/** The journey of one request as `look` prints it; most of the name's lookup is left out. */
function lookPicture(): string[] {
  const command = ['src/cli/main.ts', 'look', 'http://board.example/', '--brief']
  const lines = execFileSync(process.execPath, command, { cwd: root, encoding: 'utf8' }).split('\n')
  const opened = lines.findIndex((line) => line.startsWith('The connection is opened'))
  const total = lines.findIndex((line) => line.startsWith('  in all'))
  const lookup = lines.findIndex((line) => line.includes('forwarder: cache miss'))
  const learnt = lines.findLastIndex((line, i) => i < opened && line.includes('host cache:'))
  return [
    '$ npm run -s reticle -- look http://board.example/',
    '',
    ...lines.slice(0, lookup + 1),
    '             …',
    ...lines.slice(learnt, total + 1),
  ]
}

/** Who may import whom: an arrow to each part that is not reached through another part already. */
function neededArrows(allowed: Readonly<Record<string, readonly string[]>>): string[] {
  const reaches = (from: string): ReadonlySet<string> => new Set(allowed[from]!.flatMap((to) => [to, ...reaches(to)]))
  return Object.entries(allowed).flatMap(([from, all]) =>
    all.filter((to) => !all.some((other) => other !== to && reaches(other).has(to))).map((to) => `  ${from} --> ${to}`),
  )
}

type Arrow = readonly [from: string, to: string, label: string]

/** The four parts of an exchange's state beside each other, each with the events that move it. */
function exchangeArrows(): string[] {
  const parts: Readonly<Record<string, string>> = {
    request: 'awaited',
    reply: 'awaited',
    keep: 'keep',
    switching: 'no',
  }
  const lines: string[] = []
  for (const [part, first] of Object.entries(parts)) {
    const arrows: Arrow[] = []
    for (const { on, from, to } of RULES) {
      const target = to[part as keyof typeof to]
      if (target === undefined) continue
      const sources = from[part as keyof typeof from] ?? ['keep']
      for (const source of sources) if (source !== target) arrows.push([source, target, on])
    }
    lines.push(`  state "${part}" as ${part} {`, `    [*] --> ${part}_${first}`)
    for (const [from, to, label] of merged(arrows)) lines.push(`    ${part}_${from} --> ${part}_${to}: ${label}`)
    lines.push('  }')
  }
  return lines
}

/** A table of what follows from each state on each event. What leads nowhere else is left out. */
function tableArrows(
  table: Readonly<Record<string, Readonly<Partial<Record<string, string>>>>>,
  first: string,
  last?: string,
): string[] {
  const arrows: Arrow[] = []
  for (const [from, events] of Object.entries(table))
    for (const [event, to] of Object.entries(events))
      if (to !== undefined && to !== from) arrows.push([from, to, event])
  // Mermaid takes neither blanks nor hyphens in a name.
  const name = (state: string) => state.replaceAll(/\W/g, '_')
  const renamed = Object.keys(table).filter((state) => name(state) !== state)
  return [
    ...renamed.map((state) => `  state "${state}" as ${name(state)}`),
    `  [*] --> ${first}`,
    ...merged(arrows).map(([from, to, label]) => `  ${name(from)} --> ${name(to)}: ${label}`),
    ...(last === undefined ? [] : [`  ${last} --> [*]`]),
  ]
}

/** Arrows between the same two states become one with all their labels. */
function merged(arrows: readonly Arrow[]): Arrow[] {
  const labels = new Map<string, [string, string, string[]]>()
  for (const [from, to, label] of arrows) {
    const known = labels.get(`${from}>${to}`)
    if (known === undefined) labels.set(`${from}>${to}`, [from, to, [label]])
    else if (!known[2].includes(label)) known[2].push(label)
  }
  return [...labels.values()].map(([from, to, all]) => [from, to, all.join(', ')])
}

function fenced(language: string, lines: readonly string[]): string {
  return `\`\`\`${language}\n${lines.join('\n')}\n\`\`\`\n`
}

if (import.meta.main) for (const name of drawnDocuments) writeFileSync(join(root, name), drawn(name, document(name)))
