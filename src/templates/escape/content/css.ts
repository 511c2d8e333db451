/** Where in CSS we are (CSS Syntax §4.3), as far as it matters for what may be put there. */
import { SafeCss, withoutHtml } from '../../safe.ts'
import { printText } from '../values/print.ts'
import { BLOCKED_CSS, cssValue, escapeCssString, withoutEnd } from '../values/style.ts'
import type { Content, ContentOutput, Escaper, Replaced, Settings } from './content.ts'
import { UrlContent } from './url.ts'

/** `open` is behind `url(`, where a quote makes a string and anything else an address without quotes. */
type Mode = 'code' | 'double' | 'single' | 'comment' | 'open' | 'url'

interface CssState {
  readonly mode: Mode
  /** The name being read; VALUE where a value is part of it, with a backslash where an escape is. */
  readonly word: string
  /** Characters whose meaning the next ones decide: `/`, `*`, `<!-`; a backslash and the digits behind it. */
  readonly before: string
  /** Whether this is an address: behind `url(`. */
  readonly address: boolean
  /** From `@import` to its semicolon, every address is that of a style. */
  readonly imports: boolean
  readonly url: UrlContent
}

const START: CssState = {
  mode: 'code',
  word: '',
  before: '',
  address: false,
  imports: false,
  url: new UrlContent(true),
}
/** What stands for a value in a name. */
const VALUE = '\0'
/** Longest word that matters is `@import`. */
const LONGEST_WORD = 8
const NAME = /[\w@#\u0080-\uffff-]/
const SPACE = /[ \t\n\r\f]/

export class CssContent implements Content {
  readonly takesAnyCharacter = false
  readonly indifferent = false
  readonly key: string
  readonly #state: CssState

  constructor(state: CssState = START) {
    this.#state = state
    const { mode, word, before, address, imports, url } = state
    this.key = `css/${mode}/${word}/${before}/${address}/${imports}/${address ? url.key : ''}`
  }

  get place(): string {
    const { mode, address } = this.#state
    if (mode === 'comment') return 'in a comment of a style'
    if (address) return 'in an address of a style'
    return mode === 'double' || mode === 'single' ? 'in a string of a style' : 'in a style'
  }

  next(char: string): CssContent | string {
    const next = step(this.#state, char)
    return typeof next === 'string' ? next : next === this.#state ? this : new CssContent(next)
  }

  output(settings: Settings): ContentOutput | string {
    const state = this.#state
    const { mode, before } = state
    if (mode === 'comment') return 'A value cannot stand in a comment of a style'
    if (before !== '') return `Put a space between ${before} and the value`
    if (state.imports)
      return 'A value cannot be the address of a style that another one imports: write the address, or use <link>'
    if (state.address) return this.#address(settings)
    if (mode === 'double' || mode === 'single') return { write: inString, after: this }
    if (state.word.startsWith('@')) return 'A value cannot be the name of a rule: write the name'
    return { write: inCode, after: new CssContent({ ...state, word: VALUE }) }
  }

  end(): string | null {
    switch (this.#state.mode) {
      case 'comment':
        return 'A comment is not closed where the style ends'
      case 'double':
      case 'single':
        return 'A string is not closed where the style ends'
      default:
        return null
    }
  }

  detached(): this {
    return this
  }

  attached(behind: Content): Content {
    return behind
  }

  join(other: Content): CssContent | null {
    if (!(other instanceof CssContent)) return null
    if (this.key === other.key) return this
    const [a, b] = [this.#state, other.#state]
    if (a.mode !== b.mode || a.before !== b.before || a.address !== b.address || a.imports !== b.imports) return null
    const url = a.url.join(b.url)
    // A name that is not known behaves like one that a value is part of.
    return url && new CssContent({ ...a, url, word: a.word === b.word ? a.word : VALUE })
  }

  #address(settings: Settings): ContentOutput | string {
    const output = this.#state.url.output(settings)
    if (typeof output === 'string') return output
    const mode = this.#state.mode === 'open' ? 'url' : this.#state.mode
    return {
      write: (value, replaced) => output.write(value, replaced).replace(/[()'"]/g, percent),
      after: new CssContent({ ...this.#state, mode, url: output.after as UrlContent }),
    }
  }
}

const percent = (char: string): string => `%${char.charCodeAt(0).toString(16)}`

const inString: Escaper = (value) => escapeCssString(printText(withoutHtml(value)))

function inCode(given: unknown, replaced: Replaced | null): string {
  if (given instanceof SafeCss) return withoutEnd(given.text)
  const css = cssValue(printText(withoutHtml(given)))
  if (css !== null) return css
  replaced?.(
    BLOCKED_CSS,
    'only a value of CSS may stand here, no declaration and nothing that fetches: vouch for other CSS with safeCss',
  )
  return BLOCKED_CSS
}

function step(state: CssState, char: string): CssState | string {
  const { mode, before } = state
  if (mode === 'comment') {
    if (before === '*' && char === '/') return { ...state, mode: 'code', before: '', word: '' }
    return { ...state, before: char === '*' ? '*' : '' }
  }
  if (before.startsWith('\\')) return escaped(state, char)
  if (char === '\\') return { ...state, before: '\\' }
  switch (mode) {
    case 'double':
    case 'single':
      return quoted(state, char)
    case 'open':
      if (SPACE.test(char)) return state
      if (char === '"' || char === "'") return { ...state, mode: char === '"' ? 'double' : 'single' }
      return step({ ...state, mode: 'url' }, char)
    case 'url':
      if (char === ')') return { ...START, imports: state.imports }
      return { ...state, url: read(state.url, char) }
    case 'code':
      return code(state, char)
  }
}

/** CSS Syntax §4.3.7: a backslash takes up to six digits and one white space, or the one character behind it. */
function escaped(state: CssState, char: string): CssState | string {
  const { mode, before, word } = state
  if (mode === 'code' && word.startsWith('@'))
    return 'It is not known which rule this is: write its name without escapes'
  if (/[0-9a-fA-F]/.test(char) && before.length < 7) return { ...state, before: before + char }
  // What the escape says is not worked out: a name or an address with one is a name or an address that is not known.
  const settled = mode === 'code' ? { word: `${word}\\`.slice(-LONGEST_WORD) } : { url: new UrlContent(true, 'code') }
  const closed: CssState = { ...state, before: '', ...settled }
  if (before === '\\\r') return char === '\n' ? closed : step(closed, char)
  if (before === '\\') {
    if (mode === 'code' && /[\n\f\r]/.test(char)) return step({ ...state, before: '', word: '' }, char)
    return char === '\r' ? { ...state, before: '\\\r' } : closed
  }
  if (char === '\r') return { ...closed, before: '' }
  return SPACE.test(char) ? closed : step(closed, char)
}

function quoted(state: CssState, char: string): CssState | string {
  if (/[\n\r\f]/.test(char)) return 'The string is not closed on its line'
  if (char === (state.mode === 'double' ? '"' : "'")) return { ...START, imports: state.imports }
  return state.address ? { ...state, url: read(state.url, char) } : state
}

function read(url: UrlContent, char: string): UrlContent {
  const next = url.next(char)
  // What the address refuses (a scheme that is a value) is refused at the next output.
  return typeof next === 'string' ? new UrlContent(true, 'code') : next
}

function code(state: CssState, char: string): CssState | string {
  const { word, before } = state
  if (char === '*' && before === '/') return { ...state, mode: 'comment', before: '', word: '' }
  // <!-- is a mark of its own, and no part of the name behind it.
  const imports = (state.imports || word === '@import') && !/[;{}]/.test(char)
  const mark = (before.startsWith('<') ? before : '') + char
  if ('<!--'.startsWith(mark)) return { ...START, imports, before: mark === '<!--' ? '' : mark }
  if (NAME.test(char)) {
    const begun = char === '@' || char === '#' ? '' : word
    return {
      ...state,
      imports: begun === word ? state.imports : imports,
      before: '',
      word: (begun + char.toLowerCase()).slice(0, LONGEST_WORD),
    }
  }
  const next: CssState = { ...START, imports }
  switch (char) {
    case '"':
      return { ...next, mode: 'double' }
    case "'":
      return { ...next, mode: 'single' }
    case '/':
      return { ...next, before: '/' }
    case '(':
      if (word.includes('\\') || word.includes(VALUE))
        return 'It is not known which function this is: write its name without escapes and values'
      return word === 'url' ? { ...next, mode: 'open', address: true } : next
    default:
      return next
  }
}
