/**
 * Plain words in what users read: the texts of the product's own strings are looked through for turns of phrase that readers
 * without native English have to read twice. Each has its replacement.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseSync } from '@swc/core'

const root = join(import.meta.dirname, '../..')

const HARD: readonly (readonly [pattern: RegExp, better: string])[] = [
  [/\b(is|are) none\b(?! of)/, 'say what is missing: "there is no …", "… has no …"'],
  [/(?<!\b[Tt]here )\bis no (?!longer\b|more\b)[a-z]/, '"is not a …"'],
  [/\bwhich is no\b/, '"which is not a …"'],
  [/\bmakes? no [a-z]+:/, '"does not make a …"'],
  [/\bweather\b/, '"conditions of the link"'],
  [/\bsay (to )?which\b/, 'name what is to be chosen, and how'],
  [/\bis looked for with\b/, '"takes a …"'],
  [/\bone's own\b/, 'name the owner'],
]

/** The texts of a module's strings and templates, and where each begins (in octets of the file). */
function textsOf(source: string): string[] {
  const texts: string[] = []
  const walk = (node: unknown): void => {
    if (Array.isArray(node)) for (const each of node) walk(each)
    else if (typeof node === 'object' && node !== null) {
      const { type, value, quasis } = node as { type?: string; value?: unknown; quasis?: { cooked: string }[] }
      if (type === 'StringLiteral') texts.push(value as string)
      if (type === 'TemplateLiteral' && quasis !== undefined) texts.push(quasis.map(({ cooked }) => cooked).join('…'))
      for (const [key, child] of Object.entries(node)) if (key !== 'span') walk(child)
    }
  }
  walk(parseSync(source, { syntax: 'typescript', target: 'esnext' }).body)
  return texts
}

function hardWords(source: string): string[] {
  return textsOf(source).flatMap((text) =>
    HARD.filter(([pattern]) => pattern.test(text)).map(
      ([, better]) => `${JSON.stringify(text.slice(0, 120))}: ${better}`,
    ),
  )
}

test('what users read is plain', () => {
  const files = globSync('src/**/*.ts', { cwd: root }).filter((file) => !/\.test\.ts$|\/trial\//.test(file))
  assert.ok(files.length > 400)
  const found = files.flatMap((file) =>
    hardWords(readFileSync(join(root, file), 'utf8')).map((words) => `${file}: ${words}`),
  )
  assert.deepEqual(found, [])
})

test('the check sees strings and templates, and leaves code and plain words alone', () => {
  const source = (text: string): string => `const a: string = ${text}`
  assert.equal(hardWords(source('`$' + '{name} is no field`')).length, 1)
  assert.equal(hardWords(source("'redirect to javascript: is none'")).length, 1)
  assert.deepEqual(hardWords(source("'there is no field x; the site is no longer open' // this is no field")), [])
})
