import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { PLACES } from './places.ts'
import { PROGRAMS } from './table.ts'

const root = join(import.meta.dirname, '../..')
const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  devDependencies: Record<string, string>
}

function wanted(): string {
  const rows = Object.entries(PROGRAMS).map(([name, { server, joint }]) => {
    const version = devDependencies[name]?.replace(/^\^/, '')
    const program = version === undefined ? `\`${name}\`` : `\`${name}\` ${version}`
    return `| ${program} | ${joint} | ${server} |${PLACES.map(() => ' ✔ |').join('')}`
  })
  const head = ['program', 'how it takes a Host', 'on the other side in the tests', ...PLACES]
  return [`| ${head.join(' | ')} |`, `|${head.map(() => '---|').join('')}`, ...rows].join('\n')
}

test('the table of docs/programs.md has the programs that are tried, each in every place', () => {
  const document = readFileSync(join(root, 'docs/programs.md'), 'utf8')
  const [, table] = /<!-- table -->\n([\s\S]*)\n<!-- \/table -->/.exec(document) ?? []
  assert.equal(table, wanted())
})

test('every program of the table has a test in its file, which runs it in every place', () => {
  for (const [name, { file }] of Object.entries(PROGRAMS)) {
    const text = readFileSync(join(import.meta.dirname, `${file}.test.ts`), 'utf8')
    assert.ok(text.includes(`everywhere('${name}', `), `${file}.test.ts tries no ${name}`)
  }
})
