/** Every wall of the house is run into once: a rule that nothing can break is no rule. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test, { after } from 'node:test'
import { ANYWHERE, overrides, readHouse } from '../../bin/walls.ts'
import { cruised } from './floors.ts'

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'reticle-walls-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

/** What the linter says of each file, by rule. */
function lint(): Map<string, string[]> {
  const found = new Map<string, string[]>()
  let output: string
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome')
  const options = ['lint', '--vcs-enabled=false', '--max-diagnostics=none', '--reporter=json']
  try {
    output = execFileSync(process.execPath, [biome, ...options], { cwd: folder, stdio: 'pipe', encoding: 'utf8' })
  } catch (error) {
    output = (error as { stdout: string }).stdout
  }
  const { diagnostics } = JSON.parse(output.slice(output.indexOf('{'))) as {
    diagnostics: { category: string; location: { path: string | { file: string } } }[]
  }
  for (const { category, location } of diagnostics) {
    const path = typeof location.path === 'string' ? location.path : location.path.file
    found.set(path, [...(found.get(path) ?? []), category.split('/').at(-1)!])
  }
  return found
}

test('biome.json has the walls of house.json', () => {
  const configuration = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8')) as { overrides: object[] }
  const walls = JSON.parse(JSON.stringify(overrides(readHouse()))) as object[]
  for (const wall of walls)
    assert.ok(
      configuration.overrides.some((one) => JSON.stringify(one) === JSON.stringify(wall)),
      'run npm run walls',
    )
})

const AMBIENT = [
  'export const now = Date.now()',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the code of a file
  'export const text = `${Date.now()}`',
  'export const list = ["http://x", Date.now()]',
  'const { now } = Date\nexport { now }',
  'export const stamp = +new Date()',
  "export const quoted = Date['now']()",
  'export const chance = Math.random()',
  'const { random } = Math\nexport { random }',
  'export const id = setTimeout(() => {}, 1)',
  'export const id = globalThis.setTimeout(() => {}, 1)',
  'export const path = process.env',
  'export const began = performance.timeOrigin',
  'export const bytes = crypto.getRandomValues(new Uint8Array(4))',
  'export const signal = AbortSignal.timeout(5)',
  "export const page = fetch('http://x/')",
  "import { readFileSync } from 'node:fs'\nexport { readFileSync }",
  "import { randomBytes } from 'node:crypto'\nexport { randomBytes }",
  "import { performance } from 'node:perf_hooks'\nexport { performance }",
  "import { createRequire } from 'node:module'\nexport const net = createRequire(import.meta.url)('node:net')",
  "import type { Name } from 'reticle/dns'\nexport type { Name }",
  "import { Name } from '../dns/index.ts'\nexport { Name }",
  "export const later = await import('../dns/index.ts')",
]
const PLATFORM = ["export const bytes = Buffer.from('x')", 'export const id = setImmediate(() => {})']
const HARMLESS = [
  'export const day = (millis: number) => new Date(millis).toISOString()',
  'export const most = Math.max(1, 2)',
  'export const run = (process: () => number) => process()',
  "export { u16 } from '../base/octets.ts'",
]

test('each breach is seen in the editor and by check:lint, and what is allowed is not', () => {
  cpSync(join(root, 'biome.json'), join(folder, 'biome.json'))
  cpSync(join(root, 'test/check/ambient.grit'), join(folder, 'test/check/ambient.grit'))
  for (const [i, code] of [...AMBIENT, ...PLATFORM].entries()) write(`src/tcp/breach${i}.ts`, `${code}\n`)
  for (const [i, code] of HARMLESS.entries()) write(`src/tcp/harmless${i}.ts`, `${code}\n`)
  for (const [i, code] of AMBIENT.entries()) write(`src/web/breach${i}.ts`, `${code.replace('../dns/', '../sim/')}\n`)
  for (const floor of ANYWHERE) write(`src/${floor}/platform.ts`, `${PLATFORM[0]}\n`)
  write('src/kernel/allowed.ts', `${AMBIENT[0]}\nexport const id = setTimeout(() => {}, 1)\n`)
  write(
    'src/socket/node/allowed.ts',
    "import { Duplex } from 'node:stream'\nexport const made = [Duplex, Buffer.alloc(1)]\n",
  )
  const found = lint()
  const RULES = ['plugin', 'noRestrictedGlobals', 'noRestrictedImports']
  const seen = (path: string) => (found.get(path) ?? []).some((rule) => RULES.includes(rule))
  for (const [i, code] of [...AMBIENT, ...PLATFORM].entries()) assert.ok(seen(`src/tcp/breach${i}.ts`), code)
  for (const [i, code] of HARMLESS.entries()) assert.ok(!seen(`src/tcp/harmless${i}.ts`), code)
  // Files and passwords are web/'s in folders called node/; the rest is forbidden there as everywhere.
  for (const [i, code] of AMBIENT.entries())
    if (!/node:(fs|crypto)/.test(code)) assert.ok(seen(`src/web/breach${i}.ts`), `in web: ${code}`)
  for (const floor of ANYWHERE) assert.ok(seen(`src/${floor}/platform.ts`), floor)
  assert.ok(!seen('src/kernel/allowed.ts') && !seen('src/socket/node/allowed.ts'))
})

test('each breach that only the graph of imports shows is seen by check:floors', async () => {
  for (const floor of Object.keys(readHouse())) write(`src/${floor}/index.ts`, 'export const here = 1\n')
  write('src/base/up.ts', "import { here } from '../cli/index.ts'\nexport { here }\n")
  write('src/base/type-up.ts', "import type { here } from '../web/index.ts'\nexport type Here = typeof here\n")
  write('src/dns/sideways.ts', "import { here } from '../tcp/index.ts'\nexport { here }\n")
  write('src/wire/again.ts', "export { here } from '../stack/index.ts'\n")
  write('src/wire/later.ts', "export const here = await import('../stack/index.ts')\n")
  write('src/web/socket.ts', "import { connect } from 'node:net'\nexport { connect }\n")
  write('src/tcp/files.ts', "import { readFileSync } from 'node:fs'\nexport { readFileSync }\n")
  write('src/http/trial/peer.ts', 'export const peer = 1\n')
  write('src/http/product.ts', "import { peer } from './trial/peer.ts'\nexport { peer }\n")
  write('src/http/a.ts', "import { b } from './b.ts'\nexport const a = () => b\n")
  write('src/http/b.ts', "import { a } from './a.ts'\nexport const b = () => a\n")
  write('src/web/ground/up.ts', "import type { page } from '../request/page.ts'\nexport type Page = typeof page\n")
  write('src/web/request/page.ts', 'export const page = 1\n')
  write('src/web/limits.ts', "export { page } from './request/page.ts'\n")
  write('src/web/static/a.ts', "import type { b } from './b.ts'\nexport const a = (): typeof b => 1\n")
  write('src/web/static/b.ts', "import { a } from './a.ts'\nexport const b = a()\n")
  const configuration = createRequire(import.meta.url)(join(root, '.dependency-cruiser.cjs'))
  const violations = (await cruised(folder, configuration)).summary.violations.map(
    ({ rule, from }) => `${rule.name} ${from}`,
  )
  for (const expected of [
    'floor-base src/base/up.ts',
    'floor-base src/base/type-up.ts',
    'floor-dns src/dns/sideways.ts',
    'floor-wire src/wire/again.ts',
    'floor-wire src/wire/later.ts',
    'no-io src/web/socket.ts',
    'no-files src/tcp/files.ts',
    'product-imports-no-tests src/http/product.ts',
    'no-circular src/http/a.ts',
    'room-web-ground src/web/ground/up.ts',
    'room-web-of-all src/web/limits.ts',
    'no-circular src/web/static/a.ts', // by types alone
  ])
    assert.ok(violations.includes(expected), `${expected} is not among ${violations.join('; ')}`)
})
