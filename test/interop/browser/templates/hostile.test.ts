/**
 * Templates in a real browser: in every place where a value can stand, what tries to run does not, no markup appears that
 * the template does not have, and where the value must arrive as itself, it does. `RETICLE_PAGES=all` tries every value
 * in every surrounding too.
 */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { TemplateError, Templates } from '../../../../src/templates/index.ts'
import { HOSTILE } from '../../../../src/templates/trial/hostile.ts'
import { SITUATIONS, type Situation, SURROUNDED } from '../../../../src/templates/trial/situations.ts'
import { needCommand } from '../../../need.ts'
import { blankPage, launchChromium } from '../chromium.ts'

const ALL = process.env['RETICLE_PAGES'] === 'all'
/** How many values are tried where a place stands inside something. */
const FEW = ALL ? HOSTILE.length : 3
/** How many places share a page. */
const TOGETHER = 24

/** What a page has become. */
interface Look {
  /** Programs of values that ran. */
  readonly pwned: number
  /** Scripts that are none. */
  readonly broken: number
  readonly addresses: readonly string[]
  readonly shape: unknown
  readonly rules: readonly string[]
  readonly styles: readonly string[]
  readonly arrived: readonly unknown[]
}

/** Places of a page, with the values that are tried in each. */
interface Trial {
  readonly parts: readonly { readonly situation: Situation; readonly values: readonly string[] }[]
  readonly arrives: Situation['arrives']
  readonly inert: boolean
}

/** Whether a value can stand there at all. */
function isTaken({ template }: Situation): boolean {
  try {
    new Templates({ t: template }).render('t', { x: 'x', l: [1] })
    return true
  } catch (error) {
    if (error instanceof TemplateError && error.code === 'TEMPLATE_UNSAFE') return false
    throw error
  }
}

/** The page of a trial; with values that nobody minds, what it should be. */
function pageOf({ parts, arrives, inert }: Trial, harmless: boolean) {
  let html = ''
  for (const { situation, values } of parts) {
    const templates = new Templates({ t: situation.template })
    for (const [i, value] of values.entries()) {
      html += `${templates.render('t', { x: harmless ? `harmless${i}` : value, l: [1, 2] })}\n`
    }
  }
  // As a server sends it: half a pair of UTF-16 has no UTF-8.
  return { html: html.toWellFormed(), arrives, inert }
}

/** What a value is where it arrives: HTML has no NUL, and one kind of line end outside attributes and scripts. */
function expected(value: string, arrives: string): string {
  if (arrives === 'got') return value
  const shown = value.toWellFormed().replaceAll('\0', '\ufffd')
  return arrives === 'text' ? shown.replace(/\r\n?/g, '\n') : shown
}

async function lookAt(page: Page, pages: readonly object[]): Promise<Look[]> {
  return JSON.parse((await page.evaluate(`lookAt(${JSON.stringify(pages)})`)) as string)
}

async function look(page: Page, trials: readonly Trial[]): Promise<[calm: Look, wild: Look][]> {
  const pages = trials.flatMap((trial) => [pageOf(trial, true), pageOf(trial, false)])
  const looks = await lookAt(page, pages)
  return trials.map((_, i) => [looks[2 * i]!, looks[2 * i + 1]!])
}

/** In what a page with hostile values differs from the same with others. */
function changes([calm, wild]: [Look, Look]): string[] {
  const same = (['pwned', 'broken', 'addresses', 'shape'] as const).flatMap((key) => {
    const [was, is] = [JSON.stringify(calm[key]), JSON.stringify(wild[key])]
    return was === is ? [] : [`${key}: ${was.slice(0, 200)} became ${is.slice(0, 200)}`]
  })
  // A value may be none that its property takes, and then the rule is left out; but nothing is added.
  const added = (['rules', 'styles'] as const).flatMap((key) => {
    const known = new Set(calm[key])
    const more = wild[key].filter((rule) => !known.has(rule))
    return more.length === 0 ? [] : [`${key}: ${more.join(' ').slice(0, 200)}`]
  })
  return [...same, ...added]
}

/** The trials that change a page, each by itself: of a page with several the ones whose fault it is. */
async function faults(page: Page, trials: readonly Trial[], given?: [Look, Look][]): Promise<string[]> {
  const found: string[] = []
  const looks = given ?? (await look(page, trials))
  for (const [i, trial] of trials.entries()) {
    const changed = changes(looks[i]!)
    if (changed.length === 0) continue
    const { parts } = trial
    const alone = parts.flatMap(({ situation, values }) => values.map((value) => ({ situation, values: [value] })))
    if (alone.length > 1)
      found.push(
        ...(await faults(
          page,
          alone.map((part) => ({ ...trial, parts: [part] })),
        )),
      )
    else found.push(`${parts[0]!.situation.name} with ${JSON.stringify(parts[0]!.values[0])}: ${changed.join('; ')}`)
  }
  return found
}

suite('templates in a browser', { skip: needCommand('chromium'), timeout: 600_000 }, () => {
  let browser: Browser
  let page: Page
  before(async () => {
    browser = await launchChromium()
    page = await blankPage(browser, 'templates/page.js')
  })
  after(() => browser.close())

  test('no value runs or changes the page, whatever it is', async () => {
    const taken = SITUATIONS.filter(isTaken)
    const trials = taken.map((situation): Trial => {
      const { arrives, inert = false } = situation
      return { parts: [{ situation, values: HOSTILE }], arrives, inert }
    })
    assert.ok(trials.length > 120, `only ${trials.length} situations are taken`)
    const looks = await look(page, trials)
    assert.deepEqual(await faults(page, trials, looks), [])
    for (const [i, { arrives, name }] of taken.entries()) {
      if (arrives === '') continue
      const values = HOSTILE.map((value) => expected(value, arrives))
      assert.deepEqual(looks[i]![1].arrived, values, name)
    }
  })

  test('nor does it, whatever the place stands in', async () => {
    const trials: Trial[] = []
    let n = 0
    for (const situations of Object.values(SURROUNDED)) {
      for (const inert of [true, false]) {
        const taken = situations.filter((situation) => (situation.inert ?? false) === inert && isTaken(situation))
        for (let from = 0; from < taken.length; from += TOGETHER) {
          const parts = taken.slice(from, from + TOGETHER).map((situation) => {
            const values = Array.from({ length: FEW }, (_, i) => HOSTILE[(FEW * n + i) % HOSTILE.length]!)
            n++
            return { situation, values }
          })
          trials.push({ parts, arrives: '', inert })
        }
      }
    }
    assert.ok(n > 1100, `only ${n} situations are taken`)
    assert.deepEqual(await faults(page, trials), [])
  })

  test('the test sees what it looks for', async () => {
    const pages = [
      '<p onclick="pwn()">t</p>',
      '<script>"</script>',
      '<a href=" JavaScript:1">t</a>',
      '<b>t</b>',
      '<style>p { width: 1px }</style>',
      '<p style="width: 1px">',
      '<script>got(1)</script>',
    ].map((html) => ({ html, arrives: 'got', inert: false }))
    const seen = await lookAt(page, pages)
    const [handler, script, address, element, style, attribute, got] = seen
    assert.equal(handler!.pwned, 1)
    assert.equal(script!.broken, 1)
    assert.equal(address!.addresses.length, 1)
    assert.match(JSON.stringify(element!.shape), /html:B /)
    assert.match(JSON.stringify(style!.rules), /width/)
    assert.match(JSON.stringify(attribute!.styles), /width/)
    assert.deepEqual(got!.arrived, [1])
  })
})
