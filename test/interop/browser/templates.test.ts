/** Templates in a real browser: in every place where a value can stand, what tries to run does not. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { chromium } from 'playwright-core'
import { ObjectLoader, Templates } from '../../../src/templates/index.ts'
import { CONTEXTS } from '../../../src/templates/trial/contexts.ts'
import { commandPath, needCommand } from '../../need.ts'

/** Each calls `pwn()` if it is believed somewhere. */
const PAYLOADS = [
  '<img src=x onerror=pwn()>',
  `"'><svg onload=pwn()>`,
  `" onfocus=pwn() autofocus x="`,
  `' onfocus=pwn() autofocus x='`,
  ' onfocus=pwn() autofocus ',
  '</script></style></textarea></title><script>pwn()</script>',
  '--><script>pwn()</script><!--',
  '--!><script>pwn()</script>',
  `"-pwn()-"`,
  `'-pwn()-'`,
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what breaks out of a template literal
  '`-pwn()-`${pwn()}',
  `\\";pwn()//\\';pwn()//`,
  ');pwn();("\npwn()\n',
  ' java\nscript:pwn()',
  'data:text/html,<script>parent.pwn()</script>',
  '&quot;);pwn();//&#39;);pwn();//&lt;script&gt;pwn()&lt;/script&gt;',
  'red;}</style><script>pwn()</script>',
  '<!--<script>pwn()',
  'onclick=pwn()',
]
const PRELUDE = '<!doctype html><script>pwned = 0; function pwn() { pwned++ }; function f() {}</script>'

/** What the page has become, after everything in it was focused and clicked. Runs in the browser. */
const LOOK = `(() => {
  for (const element of document.querySelectorAll('*')) {
    element.focus?.()
    const { protocol } = element
    if (protocol && !/^(https?|about|mailto|):$/.test(protocol)) pwned += 100
    else if (element.tagName !== 'A') element.click?.()
  }
  const shape = [...document.querySelectorAll('*')].map((element) => [element.tagName, ...element.getAttributeNames()].join(' '))
  return { pwned, shape: shape.join('\\n').replace(/ harmless| data-\\S*/g, '') }
})()`

test('no value runs or changes the page, wherever it stands', {
  skip: needCommand('chromium'),
  timeout: 60_000,
}, async () => {
  const browser = await chromium.launch({
    executablePath: commandPath('chromium')!,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
  })
  try {
    const page = await browser.newPage()
    for (const [context, t] of Object.entries(CONTEXTS)) {
      const templates = new Templates(new ObjectLoader({ t }))
      const look = async (x: string): Promise<{ pwned: number; shape: string }> => {
        await page.setContent(PRELUDE + templates.render('t', { x }), { waitUntil: 'load' })
        return page.evaluate(LOOK) as Promise<{ pwned: number; shape: string }>
      }
      const { shape } = await look('harmless')
      for (const x of PAYLOADS) assert.deepEqual(await look(x), { pwned: 0, shape }, `${context}: ${x}`)
    }
    // The check itself sees what it looks for.
    await page.setContent(`${PRELUDE}<p onclick="pwn()">t</p>`)
    assert.equal(((await page.evaluate(LOOK)) as { pwned: number }).pwned, 1)
  } finally {
    await browser.close()
  }
})
