/**
 * What the machine thinks of a place is what a browser thinks: templates made at random are parsed by both, and each
 * output must arrive in the kind of place for which it was escaped. What was found once is tried again each time.
 * `RETICLE_RUNS` says how many templates; the default is for every day.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import fc from 'fast-check'
import type { Browser, Page } from 'playwright-core'
import { Templates } from '../../../../src/templates/index.ts'
import { markup, OUT } from '../../../../src/templates/trial/markup.ts'
import { kindAtEnd, parsedKinds } from '../../../../src/templates/trial/parsed.ts'
import { decode } from '../../../../src/templates/trial/reading.ts'
import { declarations, styles } from '../../../../src/templates/trial/styles.ts'
import { kindOf, marker, type Walked, walk } from '../../../../src/templates/trial/walk.ts'
import { needCommand } from '../../../need.ts'
import { blankPage, launchChromium } from '../chromium.ts'

const RUNS = Number(process.env['RETICLE_RUNS'] ?? 4000)

interface Arrival {
  readonly output: number
  readonly kind: string
  readonly text: string
  readonly at: number
}

interface Case {
  readonly pieces: readonly string[]
  readonly walked: Walked
  readonly html: string
}

function caseOf(pieces: readonly string[]): Case | null {
  const walked = walk(pieces)
  // A { before {{ is none of HTML's, but an output that is not closed.
  if (walked === null || /\{[{%#]/.test(pieces.join('').replaceAll(OUT, '{'))) return null
  return { pieces, walked, html: new Templates({ t: walked.template }).render('t', walked.data) }
}

async function parsed(page: Page, cases: readonly Case[]): Promise<[without: Arrival[], withScripts: Arrival[]][]> {
  return JSON.parse((await page.evaluate(`placesIn(${JSON.stringify(cases.map(({ html }) => html))})`)) as string)
}

/** How many pages are handed over at one time. */
const AT_ONCE = 5000

/** Passes samples on in parts. */
async function inParts(
  samples: readonly (readonly string[])[],
  take: (part: typeof samples) => Promise<void>,
): Promise<void> {
  for (let from = 0; from < samples.length; from += AT_ONCE) await take(samples.slice(from, from + AT_ONCE))
}

/** In what an arrival differs from what was expected of it, or null. */
function wrong({ walked: { states } }: Case, { output, kind, text, at }: Arrival): string | null {
  const state = states[output]!
  const expected = kindOf(state)
  // A browser with scripts shows nothing of <noscript>, and takes all of it for text.
  if (kind === 'raw noscript') return null
  if (kind !== expected) return `output ${output} is in ${kind}, not ${expected}`
  return /script/.test(state.content.place) ? wrongScript(state.content.place, text, at, marker(output)) : null
}

/** The same for a place in a script, as far as a parser takes the script, or the tokens before the place are clear. */
function wrongScript(place: string, script: string, at: number, shown: string): string | null {
  if (place === 'in an unknown language') return null
  const expected = place === 'in a script' ? 'code' : place.includes('literal') ? 'template' : 'string'
  const whole = script.slice(at - 1, at + shown.length + 1) === `"${shown}"`
  const kind = parsedKinds(script)?.[at]
  const found = kind === undefined ? kindAtEnd(script.slice(0, expected === 'code' ? at - 1 : at)) : kind
  if (found === null || found === expected || (expected === 'code' && found === 'string' && whole && kind)) return null
  return `${script} has its output in ${found}, not ${place}`
}

async function faults(page: Page, cases: readonly Case[]): Promise<[Case, string][]> {
  const found: [Case, string][] = []
  const arrived = await parsed(page, cases)
  for (const [i, one] of cases.entries()) {
    const fault = arrived[i]!.flat()
      .map((arrival) => wrong(one, arrival))
      .find((problem) => problem !== null)
    if (fault) found.push([one, fault])
  }
  return found
}

/** The smallest template of the same kind that still differs. */
async function shrunk(page: Page, [first, fault]: [Case, string]): Promise<[Case, string]> {
  for (let i = 0; i < first.pieces.length; i++) {
    const smaller = caseOf(first.pieces.toSpliced(i, 1))
    const found = smaller === null ? [] : await faults(page, [smaller])
    if (found.length > 0) return shrunk(page, found[0]!)
  }
  return [first, fault]
}

suite('places of templates in a browser', { skip: needCommand('chromium'), timeout: 3_600_000 }, () => {
  let browser: Browser
  let page: Page
  before(async () => {
    browser = await launchChromium()
    page = await blankPage(browser, 'templates/places.js')
  })
  after(() => browser.close())

  test('each output of HTML made at random arrives where it was escaped for', async () => {
    let taken = 0
    await inParts(fc.sample(markup, RUNS), async (samples) => {
      const cases = samples.flatMap((pieces) => caseOf(pieces) ?? [])
      taken += cases.length
      const found = await faults(page, cases)
      if (found.length === 0) return
      const [{ walked, html }, fault] = await shrunk(page, found[0]!)
      assert.fail(`${found.length} of ${cases.length}; ${JSON.stringify(walked.template)}: ${fault}\n${html}`)
    })
    assert.ok(taken > RUNS / 10, `only ${taken} of ${RUNS} templates are taken`)
  })

  test('each output of CSS made at random arrives where it was escaped for', async () => {
    const places = { 'in a style': 'code', 'in a string of a style': 'string', 'in an address of a style': 'address' }
    let arrived = 0
    for (const [arbitrary, attribute] of [
      [styles, false],
      [declarations, true],
    ] as const) {
      await inParts(fc.sample(arbitrary, RUNS / 2), async (samples) => {
        const cases = samples.flatMap((pieces) => styleOf(pieces, attribute) ?? [])
        const given = JSON.stringify(cases.map(({ text }) => ({ text, attribute })))
        const found = JSON.parse((await page.evaluate(`stylesIn(${given})`)) as string) as Arrival[][]
        for (const [i, { walked, text }] of cases.entries()) {
          for (const { output, kind } of found[i]!) {
            arrived++
            const place = walked.states[output]!.content.place as keyof typeof places
            assert.equal(kind, places[place], `${walked.template}\n${text}`)
          }
        }
      })
    }
    assert.ok(arrived > RUNS / 5, `only ${arrived} outputs have arrived`)
  })

  test('what was found before is right, or refused', async () => {
    const path = join(import.meta.dirname, '../../../../src/templates/trial/corpus.json')
    const corpus = JSON.parse(readFileSync(path, 'utf8')) as string[]
    const cases = corpus.flatMap(
      (template) => caseOf(template.split(/(?<=§)|(?=§)/).map((piece) => piece.replace('§', OUT))) ?? [],
    )
    assert.ok(cases.length > corpus.length / 2, `only ${cases.length} of ${corpus.length} templates are taken`)
    assert.deepEqual(
      (await faults(page, cases)).map(([, fault]) => fault),
      [],
    )
  })
})

/** A style element or attribute, and the CSS in it as a browser sees it. */
function styleOf(pieces: readonly string[], attribute: boolean): (Case & { readonly text: string }) | null {
  if (!attribute) {
    const one = caseOf(['<style>', ...pieces, '</style>'])
    return one && { ...one, text: one.html.slice('<style>'.length, -'</style>'.length) }
  }
  const one = caseOf(['<p style="', ...pieces.map((piece) => piece.replaceAll('"', '&quot;')), '">'])
  return one && { ...one, text: decode(one.html.slice('<p style="'.length, -'">'.length)) }
}
