/** HTML written in the program: a tag whose values are escaped by where in the HTML they stand, as in a template. */
import type { Escaper, Settings } from './escape/content/content.ts'
import { HtmlProblem } from './escape/html/machine.ts'
import { endProblem, outputAt } from './escape/html/output.ts'
import { HTML_START } from './escape/html/state.ts'
import { MACHINE } from './escape/machine.ts'
import { SCHEMES } from './escape/values/address.ts'
import { SafeHtml } from './safe.ts'

const SETTINGS: Settings = { schemes: SCHEMES }

/** The texts between the values, and how each value is written. */
interface Piece {
  readonly text: string
  readonly write: Escaper | null
  /** Whether it stands between tags, where HTML is taken as it is and lists are joined. */
  readonly betweenTags: boolean
}

/** By the texts of the tag, which are one object for each place in a program. */
const compiled = new WeakMap<TemplateStringsArray, readonly Piece[]>()

/**
 * HTML as a value. What is put in is escaped by where it stands, between tags, in attributes, addresses, scripts and
 * styles; HTML of another `html` tag is taken as it is between tags, lists are joined, and `null`, `undefined` and
 * `false` print nothing.
 *
 * @example
 * const list = html`<ul>${items.map((item) => html`<li><a href="${item.url}">${item.title}</a></li>`)}</ul>`
 * @throws TypeError for a value where no escaping is safe, and for HTML that ends inside a tag: always, whatever the values.
 */
export function html(texts: TemplateStringsArray, ...values: readonly unknown[]): SafeHtml {
  let pieces = compiled.get(texts)
  if (pieces === undefined) compiled.set(texts, (pieces = compile(texts)))
  let out = ''
  for (let i = 0; i < pieces.length; i++) {
    const { text, write, betweenTags } = pieces[i]!
    out += text
    if (write !== null) out += betweenTags ? printBetween(values[i], write) : write(values[i] ?? '', null)
  }
  return new SafeHtml(out)
}

function printBetween(value: unknown, write: Escaper): string {
  if (value === null || value === undefined || value === false) return ''
  if (Array.isArray(value)) return value.map((item) => printBetween(item, write)).join('')
  return write(value, null)
}

function compile(texts: TemplateStringsArray): readonly Piece[] {
  const pieces: Piece[] = []
  let state = HTML_START
  for (let i = 0; i < texts.length; i++) {
    const advanced = MACHINE.advance(state, texts[i]!)
    if (advanced instanceof HtmlProblem) throw new TypeError(`html\`…\`: ${advanced.problem}, ${around(texts, i)}`)
    state = advanced.state
    const { text } = advanced
    if (i === texts.length - 1) {
      pieces.push({ text, write: null, betweenTags: false })
      break
    }
    const output = outputAt(MACHINE, state, SETTINGS)
    if (typeof output === 'string') throw new TypeError(`html\`…\`: ${output}, ${around(texts, i)}`)
    pieces.push({ text: text + output.before, write: output.write, betweenTags: state.mode === 'text' })
    state = output.state
  }
  const problem = endProblem(state)?.replace('The template', 'the HTML') ?? null
  if (problem !== null) throw new TypeError(`html\`…\`: ${problem}, ${around(texts, texts.length - 1)}`)
  return pieces
}

function around(texts: TemplateStringsArray, at: number): string {
  return `at the end of: ${texts[at]!.slice(-40).trim()}`
}
