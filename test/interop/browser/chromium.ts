/** A browser that talks to nobody but us. */
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { commandPath } from '../../need.ts'

const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: commandPath('chromium')!, args: QUIET })
}

/** A page in which what `script` (beside this file) defines can be called. Nothing is fetched from anywhere. */
export async function blankPage(browser: Browser, script: string): Promise<Page> {
  const page = await browser.newPage()
  await page.route('**', (route) => route.abort())
  await page.setContent('<!doctype html><body>')
  await page.addScriptTag({ path: join(import.meta.dirname, script) })
  return page
}
