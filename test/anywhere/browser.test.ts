/** The layers that run anywhere do: the same journey in Node and in a browser's tab, with the same log. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { type BuildResult, build } from 'esbuild'
import { chromium } from 'playwright-core'
import { commandPath, needCommand } from '../need.ts'
import { type Travelled, travel } from './journey.ts'

/** Octets of the bundle, gzipped, that a page may cost. HTTP/2 for both sides is 17,000 of them. */
const LARGEST = 275_000

/** What keeps Chromium from talking to anybody. */
const QUIET = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking']

let bundle: BuildResult<{ write: false; metafile: true }>

before(async () => {
  bundle = await build({
    entryPoints: [join(import.meta.dirname, 'journey.ts')],
    bundle: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'reticle',
    minify: true,
    legalComments: 'none',
    write: false,
    metafile: true,
    logLevel: 'silent',
  })
})

test('the bundle holds nothing of Node and no other package', () => {
  const inputs = Object.keys(bundle.metafile.inputs)
  assert.ok(inputs.length > 200, String(inputs.length))
  assert.deepEqual(
    inputs.filter((file) => file.includes('node_modules')),
    [],
  )
  // Whatever is imported has been found and put in.
  const [output] = Object.values(bundle.metafile.outputs)
  assert.deepEqual(output!.imports, [])
})

test('the simulated Internet, the resolver, HTTP and a site are at most 275 kB gzipped', (t) => {
  const size = gzipSync(bundle.outputFiles[0]!.contents, { level: 9 }).length
  t.diagnostic(`${size} octets gzipped, ${bundle.outputFiles[0]!.contents.length} not`)
  assert.ok(size <= LARGEST, `${size} octets`)
})

test('a browser makes the same journey with the same log, byte for byte', {
  skip: needCommand('chromium'),
  timeout: 60_000,
}, async (t) => {
  const browser = await chromium.launch({ executablePath: commandPath('chromium')!, args: QUIET })
  t.after(() => browser.close())
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.addScriptTag({ content: bundle.outputFiles[0]!.text })
  assert.deepEqual(complaints, [])
  for (const seed of ['1', 'rainy', '17']) {
    const here = await travel(seed)
    const there = (await page.evaluate(
      (seed) => (globalThis as never as Bundle).reticle.travel(seed),
      seed,
    )) as Travelled
    assert.deepEqual(there.replies, here.replies)
    assert.equal(there.page, here.page)
    assert.ok(there.log === here.log, 'the logs differ')
    assert.match(here.log, /"type":"tcp\./)
  }
  assert.deepEqual(complaints, [])
})

interface Bundle {
  readonly reticle: { travel(seed: string): Promise<Travelled> }
}
