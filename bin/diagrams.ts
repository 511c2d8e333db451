/**
 * `npm run diagrams`: the drawings in docs/architecture.md that are made from tables of the code, written between their
 * marks. A test fails when they are not what the tables say.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LIFE, RULES } from '../src/http/machine/state.ts'

const FILE = join(import.meta.dirname, '../docs/architecture.md')

/** A drawing by the name of its marks. */
const DRAWINGS: Readonly<Record<string, () => string>> = {
  'http-exchange': () => mermaid(exchangeArrows()),
  'http-connection': () => mermaid(connectionArrows()),
}

/** The document with every drawing made anew. */
export function drawn(text: string): string {
  let result = text
  for (const [name, draw] of Object.entries(DRAWINGS)) {
    const marks = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`)
    if (!marks.test(result)) throw new Error(`docs/architecture.md has no marks <!-- ${name} --> and <!-- /${name} -->`)
    result = result.replace(marks, (_, begin: string, end: string) => `${begin}${draw()}${end}`)
  }
  return result
}

/** What is in the document now. */
export function document(): string {
  return readFileSync(FILE, 'utf8')
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

function connectionArrows(): string[] {
  const arrows: Arrow[] = []
  for (const [from, events] of Object.entries(LIFE))
    for (const [event, to] of Object.entries(events)) if (to !== from) arrows.push([from, to, event])
  const name = (life: string) => life.replace(' ', '_')
  return [
    '  [*] --> open',
    ...merged(arrows).map(([from, to, label]) => `  ${name(from)} --> ${name(to)}: ${label}`),
    '  closed --> [*]',
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

function mermaid(lines: readonly string[]): string {
  return `\`\`\`mermaid\nstateDiagram-v2\n${lines.join('\n')}\n\`\`\`\n`
}

if (import.meta.main) writeFileSync(FILE, drawn(document()))
