/**
 * Follows HTML as a browser's tokenizer does (HTML Standard §13.2.5), through the text of a template, so that at every
 * output it is known what surrounds it. Runs when a template is compiled, never when it is rendered.
 */
import { attributeLanguage, isRaw, type Language, rawLanguage } from './attributes.ts'
import { CSS_START, type CssState, cssNext } from './css.ts'
import { decodeEntity } from './entities.ts'
import { JS_START, type JsState, jsNext } from './js.ts'
import { URL_START, type UrlState, urlNext } from './url.ts'

export type Mode =
  | 'text'
  | 'tagOpen' // after <
  | 'endTagOpen' // after </
  | 'tagName'
  | 'tag' // inside a tag, where an attribute may begin
  | 'nameEnd' // behind a name (or where branches meet inside a tag): white space, / or > must follow
  | 'gap' // as 'tag', but = may not follow, because it is not known which name it would belong to
  | 'attrName'
  | 'afterName'
  | 'beforeValue'
  | 'value'
  | 'raw' // the content of script, style, textarea, title, …
  | 'comment'
  | 'markup' // <!doctype …>, <?…>

export interface HtmlState {
  readonly mode: Mode
  /** The element whose tag or raw content this is, lower case. */
  readonly element: string
  readonly closing: boolean
  /** The attribute, lower case. */
  readonly attr: string
  /** What ends the value; '' for white space; 'auto' when the compiler has put quotes around an unquoted output. */
  readonly quote: '"' | "'" | '' | 'auto'
  /** What the value or the raw content is written in. */
  readonly language: Language
  readonly js: JsState
  readonly css: CssState
  readonly url: UrlState
  /** Characters that may be the beginning of something: `</scr`, `--`, `&am`. */
  readonly pending: string
  /** The type attribute of the script whose tag this is; `?` in it when it is not known. */
  readonly type: string
}

export const HTML_START: HtmlState = {
  mode: 'text',
  element: '',
  closing: false,
  attr: '',
  quote: '',
  language: 'plain',
  js: JS_START,
  css: CSS_START,
  url: URL_START,
  pending: '',
  type: '',
}

/** Why a text cannot stand where it stands: offset into the text. */
export class HtmlProblem {
  readonly problem: string
  readonly offset: number

  constructor(problem: string, offset: number) {
    this.problem = problem
    this.offset = offset
  }
}

/** Follows `text`. Gives the state behind it and the text to print: the same, plus quotes that the compiler owes. */
export function advance(state: HtmlState, text: string): { state: HtmlState; text: string } | HtmlProblem {
  let out = ''
  let current = state
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!
    const next = step(current, char)
    if (typeof next === 'string') return new HtmlProblem(next, i)
    if (current.mode === 'value' && current.quote === 'auto') {
      if (next.mode !== 'value') out += '"' // the quote that was opened before an unquoted output
      out += char === '"' ? '&#34;' : char
    } else out += char
    current = next
  }
  return { state: current, text: out }
}

const SPACE = /[\t\n\f\r ]/

/** The state after one more character, or what is wrong with it. */
function step(state: HtmlState, char: string): HtmlState | string {
  switch (state.mode) {
    case 'text':
      return char === '<' ? { ...HTML_START, mode: 'tagOpen' } : state
    case 'tagOpen':
      return tagOpen(state, char)
    case 'endTagOpen':
      if (/[a-z]/i.test(char)) return { ...state, mode: 'tagName', element: char.toLowerCase(), closing: true }
      return char === '>' ? HTML_START : { ...state, mode: 'markup' }
    case 'tagName':
      if (SPACE.test(char)) return { ...state, mode: 'tag' }
      if (char === '/') return { ...state, mode: 'tag', pending: '/' }
      return char === '>' ? finishTag(state) : { ...state, element: state.element + char.toLowerCase() }
    case 'nameEnd':
      if (SPACE.test(char)) return { ...state, mode: 'gap' }
      if (char !== '/' && char !== '>') return 'White space is missing here: it is not known which name this belongs to'
      return tag(state, char)
    case 'gap':
      if (char === '=')
        return 'It is not known to which attribute this value belongs: write the attribute’s name and = together'
      return SPACE.test(char) ? state : tag(state, char)
    case 'tag':
      return tag(state, char)
    case 'attrName':
      return attrName(state, char)
    case 'afterName':
      if (char === '=') return { ...state, mode: 'beforeValue' }
      return SPACE.test(char) ? state : tag(state, char)
    case 'beforeValue':
      return beforeValue(state, char)
    case 'value':
      return value(state, char)
    case 'raw':
      return raw(state, char)
    case 'comment':
      return comment(state, char)
    case 'markup':
      return markup(state, char)
  }
}

function tagOpen(state: HtmlState, char: string): HtmlState | string {
  if (/[a-z]/i.test(char)) return { ...state, mode: 'tagName', element: char.toLowerCase() }
  if (char === '/') return { ...state, mode: 'endTagOpen' }
  if (char === '!' || char === '?') return { ...state, mode: 'markup', pending: char }
  return step(HTML_START, char) // a lone < is text
}

function tag(state: HtmlState, char: string): HtmlState | string {
  if (SPACE.test(char)) return { ...state, mode: 'tag', pending: '' }
  if (char === '/') return { ...state, mode: 'tag', pending: '/' }
  if (char === '>') {
    if (state.pending === '/' && !state.closing && isRaw(state.element)) {
      return `<${state.element}/> is not closed in HTML: write <${state.element}></${state.element}>`
    }
    return finishTag(state)
  }
  return { ...state, mode: 'attrName', attr: char.toLowerCase(), pending: '' }
}

function attrName(state: HtmlState, char: string): HtmlState | string {
  if (char === '=') return { ...state, mode: 'beforeValue' }
  if (SPACE.test(char)) return { ...state, mode: 'afterName' }
  if (char === '/' || char === '>') return tag(state, char)
  return { ...state, attr: state.attr + char.toLowerCase() }
}

function beforeValue(state: HtmlState, char: string): HtmlState | string {
  if (SPACE.test(char)) return state
  if (char === '>') return finishTag(state)
  if (char === '"' || char === "'") return openValue(state, char)
  return value(openValue(state, ''), char)
}

/** The state at the beginning of an attribute's value. */
export function openValue(state: HtmlState, quote: HtmlState['quote']): HtmlState {
  const language = attributeLanguage(state.element, state.attr)
  const type = state.attr === 'type' ? '' : state.type
  return { ...state, mode: 'value', quote, language, type, js: JS_START, css: CSS_START, url: URL_START, pending: '' }
}

function value(state: HtmlState, char: string): HtmlState | string {
  const { quote } = state
  const ends = quote === '"' || quote === "'" ? char === quote : SPACE.test(char) || char === '>'
  if (!ends) return attributeText(state, char)
  const settled = flushEntity(state)
  if (typeof settled === 'string') return settled
  const after: HtmlState = { ...settled, mode: 'tag', attr: '', language: 'plain', quote: '', pending: '' }
  return char === '>' && quote !== '"' && quote !== "'" ? finishTag(after) : after
}

/** A character of a value: the language in it sees it with its entities decoded, as the browser will. */
function attributeText(state: HtmlState, char: string): HtmlState | string {
  if (state.pending === '' && char !== '&') return nested(state, char)
  if (state.pending !== '' && /[a-z0-9#;]/i.test(char) && state.pending.length < 12) {
    const pending = state.pending + char
    return char === ';' ? flushEntity({ ...state, pending }) : { ...state, pending }
  }
  const flushed = flushEntity(state)
  if (typeof flushed === 'string') return flushed
  return char === '&' ? { ...flushed, pending: '&' } : nested(flushed, char)
}

function flushEntity(state: HtmlState): HtmlState | string {
  let current: HtmlState | string = { ...state, pending: '' }
  for (const char of decodeEntity(state.pending)) {
    current = nested(current, char)
    if (typeof current === 'string') return current
  }
  return current
}

const AMBIGUOUS_SLASH =
  'It is not known whether the / before this divides or begins a regular expression: put parentheses around what it divides, or the expression into a variable'

/** Passes a character to the language of a value or of raw content. */
function nested(state: HtmlState, char: string): HtmlState | string {
  if (state.mode === 'value' && state.attr === 'type') state = { ...state, type: state.type + char }
  switch (state.language) {
    case 'js': {
      const js = jsNext(state.js, char)
      return js === 'ambiguous' ? AMBIGUOUS_SLASH : { ...state, js }
    }
    case 'css':
      return { ...state, css: cssNext(state.css, char) }
    case 'srcset':
      if (SPACE.test(char) || char === ',') return { ...state, url: URL_START }
      return nestedUrl(state, char)
    case 'url':
      return nestedUrl(state, char)
    default:
      return state
  }
}

function nestedUrl(state: HtmlState, char: string): HtmlState | string {
  const url = urlNext(state.url, char)
  if (url === 'ambiguous')
    return 'A value may not be the scheme of a URL: write the scheme itself, or make the value the whole URL'
  return { ...state, url }
}

function finishTag(state: HtmlState): HtmlState {
  if (state.closing || !isRaw(state.element)) return HTML_START
  const language = rawLanguage(state.element, state.type)
  return { ...HTML_START, mode: 'raw', element: state.element, language }
}

function raw(state: HtmlState, char: string): HtmlState | string {
  const candidate = state.pending + char
  const target = `</${state.element}`
  if (target.startsWith(candidate.toLowerCase())) return { ...state, pending: candidate }
  if (state.pending.toLowerCase() === target && (SPACE.test(char) || char === '/' || char === '>')) {
    return tag({ ...HTML_START, mode: 'tag', element: state.element, closing: true }, char)
  }
  let current: HtmlState | string = { ...state, pending: '' }
  for (const held of state.pending) {
    current = nested(current, held)
    if (typeof current === 'string') return current
  }
  // HTML §13.2.5.19: behind <!-- a <script> hides the next </script>; nobody can tell then where the script ends.
  if (state.element === 'script' && char === '!' && state.pending === '<')
    return '<! in a script changes where it ends: write < !'
  return char === '<' ? { ...current, pending: '<' } : nested(current, char)
}

function comment(state: HtmlState, char: string): HtmlState {
  const { pending } = state
  const closes = char === '>' && (pending.endsWith('--') || (pending.endsWith('--!') && pending !== 'S--!'))
  if (closes) return HTML_START
  return { ...state, pending: char === '-' || char === '!' ? (pending + char).slice(-4) : '' }
}

/** `<!` and `<?`: a comment when `--` follows, else ended by the first `>`. */
function markup(state: HtmlState, char: string): HtmlState {
  if (state.pending === '!-' && char === '-') return { ...state, mode: 'comment', pending: 'S--' }
  if (char === '>') return HTML_START
  return { ...state, pending: state.pending === '!' && char === '-' ? '!-' : '' }
}
