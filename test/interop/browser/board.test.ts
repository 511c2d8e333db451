/** The board in a real browser: sign up, write with a picture, comment, search; no script error, no CSP violation. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { kernelHost } from 'reticle/kernel'
import { board } from '../../../examples/board/site.ts'
import { needCommand } from '../../need.ts'
import { launchChromium } from './chromium.ts'

// A red square, 8 × 8: the smallest thing that a browser shows as a picture.
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEklEQVR4nGP4z8CAFWEXHbQSACj/P8Fu7N9hAAAAAElFTkSuQmCC',
  'base64',
)

test('a browser signs up, writes, comments and searches', {
  skip: needCommand('chromium'),
  timeout: 60_000,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'reticle-browser-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const host = kernelHost()
  const site = await board({
    db: 'sqlite::memory:',
    uploads: join(folder, 'pictures'),
    secret: 'a secret for this test, long enough',
    machine: host,
  })
  const server = await site.serve(host, { address: '127.0.0.1', port: 0 })
  t.after(() => server.close())
  const browser = await launchChromium()
  t.after(() => browser.close())
  const page = await browser.newPage({ viewport: { width: 900, height: 900 } })
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  const shots = process.env['RETICLE_SCREENSHOTS']
  const shoot = async (name: string): Promise<void> => {
    if (shots === undefined) return
    mkdirSync(shots, { recursive: true })
    await page.screenshot({ path: join(shots, `${name}.png`) })
  }

  await page.goto(`http://127.0.0.1:${server.local.port}/`)
  assert.equal(await page.title(), 'Board')
  await shoot('empty')
  await page.click('text=Sign up')
  await page.fill('[name=name]', 'ada')
  await page.fill('[name=password]', 'correct horse')
  await page.click('main button')
  await page.waitForSelector('text=Welcome to the board')
  await page.click('nav >> text=Write')
  await page.fill('[name=title]', 'Hello from a browser')
  await page.fill('[name=body]', 'Typed, not generated.\n\nSecond paragraph with <tags> & "quotes".')
  await page.setInputFiles('[name=picture]', { name: 'red.png', mimeType: 'image/png', buffer: PNG })
  await shoot('write')
  await page.click('main button')
  await page.waitForSelector('h1:has-text("Hello from a browser")')
  assert.equal(await page.textContent('article p:nth-of-type(3)'), 'Second paragraph with <tags> & "quotes".')
  assert.equal(await page.evaluate('document.querySelector("img.picture").naturalWidth'), 8)
  await page.fill('[name=body]', 'A comment.')
  await page.click('main form:has(textarea) button')
  await page.waitForSelector('text=1 comment')
  await shoot('post')
  await page.fill('[name=q]', 'generated')
  await page.press('[name=q]', 'Enter')
  await page.waitForSelector('text=1 post with “generated”')
  await shoot('search')
  await page.click('text=Sign out')
  await page.waitForSelector('text=Sign in')
  assert.deepEqual(complaints, [])
})
