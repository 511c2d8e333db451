/**
 * Follows HTML as a browser's tokenizer does (HTML Standard §13.2.5), through the text of a template, so that at every
 * output it is known what surrounds it. Runs when a template is compiled, never when it is rendered.
 */
import type { Languages } from '../content/content.ts'
import { attributeLanguage, decidingAttribute, isFact, rawLanguage, UNKNOWN } from './attributes.ts'
import { bogusNext, cdataNext, commentNext, markupNext } from './comment.ts'
import { readReference, referenceGoesOn } from './references.ts'
import { type HtmlState, inText, PLAIN } from './state.ts'
import { closeElement, noscriptEnds, noscriptNext, openElement } from './tree.ts'

/** Why a text cannot stand where it stands: offset into the text. */
export class HtmlProblem {
  readonly problem: string
  readonly offset: number

  constructor(problem: string, offset: number) {
    this.problem = problem
    this.offset = offset
  }
}

const SPACE = /[\t\n\f\r ]/
const LETTER = /[A-Za-z]/

export class HtmlMachine {
  readonly #languages: Languages

  /** @param languages makes the beginnings of all languages; a document in an attribute is read by the machine itself. */
  constructor(languages: (machine: HtmlMachine) => Languages) {
    this.#languages = languages(this)
  }

  /** Follows `text`. Gives the state behind it and the text to print: the same, plus quotes that the compiler owes. */
  advance(state: HtmlState, text: string): { state: HtmlState; text: string } | HtmlProblem {
    let out = ''
    let current = state
    for (let i = 0; i < text.length; i++) {
      const char = text[i]!
      const next = this.next(current, char)
      if (typeof next === 'string') return new HtmlProblem(next, i)
      if (current.mode === 'value' && current.quote === 'auto') {
        if (next.mode !== 'value') out += '"' // the quote that was opened before an unquoted output
        out += char === '"' ? '&#34;' : char
      } else out += char
      current = next
    }
    return { state: current, text: out }
  }

  /** The state after one more character, or what is wrong with it. */
  next(state: HtmlState, char: string): HtmlState | string {
    const { noscript } = state.tree
    const next = this.#step(state, char)
    if (noscript === null || typeof next === 'string' || next.tree.noscript === null) return next
    const read = noscriptNext(noscript, char)
    if (noscriptEnds(read) && !(state.mode === 'tagName' && state.closing))
      return '</noscript stands where it is not an end tag, but browsers that run scripts end the <noscript> there: write it differently'
    return read === next.tree.noscript ? next : { ...next, tree: { ...next.tree, noscript: read } }
  }

  /** The state at the beginning of an attribute's value, or why there can be none. */
  openValue(state: HtmlState, quote: HtmlState['quote']): HtmlState | string {
    const { element, attr, facts } = state
    if (state.awaited === attr) return lateFact(attr, element)
    return {
      ...state,
      mode: 'value',
      quote,
      content: this.#languages[attributeLanguage(element, attr, facts)],
      pending: '',
      reference: '',
      said: '',
    }
  }

  #step(state: HtmlState, char: string): HtmlState | string {
    switch (state.mode) {
      case 'text':
        return text(state, char)
      case 'tagOpen':
        if (LETTER.test(char)) return { ...state, mode: 'tagName', element: char.toLowerCase() }
        if (char === '/') return { ...state, mode: 'endTagOpen' }
        if (char === '!') return { ...state, mode: 'markup', pending: '' }
        return char === '?' ? { ...state, mode: 'bogus' } : text(inText(state.tree), char) // a lone < is text
      case 'endTagOpen':
        if (LETTER.test(char)) return { ...state, mode: 'tagName', element: char.toLowerCase(), closing: true }
        return char === '>' ? inText(state.tree) : { ...state, mode: 'bogus' }
      case 'tagName':
        if (SPACE.test(char)) return { ...state, mode: 'tag' }
        if (char === '/') return { ...state, mode: 'tag', pending: '/' }
        return char === '>' ? this.#finishTag(state) : { ...state, element: state.element + char.toLowerCase() }
      case 'nameEnd':
        if (SPACE.test(char)) return { ...state, mode: 'gap' }
        if (char === '/' || char === '>') return this.#tag(state, char)
        return 'White space is missing here: it is not known which name this belongs to'
      case 'gap':
        if (char === '=')
          return 'It is not known to which attribute this value belongs: write the attribute’s name and = together'
        return SPACE.test(char) ? state : this.#tag(state, char)
      case 'tag':
        return this.#tag(state, char)
      case 'attrName':
        if (char === '=') return { ...state, mode: 'beforeValue' }
        if (SPACE.test(char)) return { ...state, mode: 'afterName' }
        if (char === '/' || char === '>') return this.#withoutValue(state, char)
        return { ...state, attr: state.attr + char.toLowerCase() }
      case 'afterName':
        if (char === '=') return { ...state, mode: 'beforeValue' }
        return SPACE.test(char) ? state : this.#withoutValue(state, char)
      case 'beforeValue':
        return this.#beforeValue(state, char)
      case 'value':
        return this.#value(state, char)
      case 'raw':
      case 'rcdata':
        return this.#raw(state, char)
      case 'comment':
        return commentNext(state, char)
      case 'bogus':
      case 'doctype':
        return bogusNext(state, char)
      case 'markup':
        return markupNext(state, char)
      case 'cdata':
        return cdataNext(state, char)
    }
  }

  #tag(state: HtmlState, char: string): HtmlState | string {
    if (SPACE.test(char)) return { ...state, mode: 'tag', pending: '' }
    if (char === '/') return { ...state, mode: 'tag', pending: '/' }
    if (char === '>') return this.#finishTag(state)
    return { ...state, mode: 'attrName', attr: char.toLowerCase(), pending: '' }
  }

  #withoutValue(state: HtmlState, char: string): HtmlState | string {
    if (state.awaited === state.attr) return lateFact(state.attr, state.element)
    return this.#tag(remembered(state, ''), char)
  }

  #beforeValue(state: HtmlState, char: string): HtmlState | string {
    if (SPACE.test(char)) return state
    if (char === '>') return this.#withoutValue(state, char)
    if (char === '"' || char === "'") return this.openValue(state, char)
    const opened = this.openValue(state, '')
    return typeof opened === 'string' ? opened : this.#value(opened, char)
  }

  #value(state: HtmlState, char: string): HtmlState | string {
    const { quote } = state
    const quoted = quote === '"' || quote === "'"
    const ends = quoted ? char === quote : SPACE.test(char) || char === '>'
    if (!ends) return readText(state, char)
    const settled = flush(state, '')
    if (typeof settled === 'string') return settled
    const problem = settled.content.end()
    if (problem !== null) return `${problem}, at the end of the value of ${state.attr}`
    const known = remembered(settled, settled.said)
    const after: HtmlState = { ...known, mode: 'tag', attr: '', content: PLAIN, quote: '', pending: '', said: '' }
    return quoted ? after : this.#tag(after, char)
  }

  #finishTag(state: HtmlState): HtmlState | string {
    const { element, tree } = state
    if (state.closing) {
      const closed = state.endsRaw ? tree : closeElement(tree, element)
      return typeof closed === 'string' ? closed : inText(closed)
    }
    const opened = openElement(tree, element, state.facts, state.pending === '/')
    if (typeof opened === 'string') return opened
    const next = inText(opened.tree)
    if (opened.model === 'markup') return /^(?:pre|listing)$/.test(element) ? { ...next, fresh: true } : next
    if (opened.model === 'rcdata') return { ...next, mode: 'rcdata', element, fresh: element === 'textarea' }
    return { ...next, mode: 'raw', element, content: this.#languages[rawLanguage(element, state.facts)] }
  }

  #raw(state: HtmlState, char: string): HtmlState | string {
    const target = `</${state.element}`
    const pending = state.pending + char
    if (target.startsWith(pending.toLowerCase())) return { ...unreferenced(state), pending, fresh: false }
    if (state.pending.toLowerCase() === target && (SPACE.test(char) || char === '/' || char === '>')) {
      const problem = state.content.end()
      if (problem !== null)
        return `${problem}: </${state.element}> ends it, wherever it stands; inside a string write <\\/`
      const ended = inText(state.tree)
      return this.#tag({ ...ended, mode: 'tag', element: state.element, closing: true, endsRaw: true }, char)
    }
    // HTML §13.2.5.19: behind <!-- a <script> hides the next </script>; nobody can tell then where the script ends.
    const escapes = state.element === 'script' && '<!--'.startsWith(pending)
    if (pending === '<!--' && escapes)
      return '<!-- in a script changes where the script ends: write <\\!-- in a string, < !-- in code'
    if (escapes) return { ...state, pending }
    let current: HtmlState | string = { ...state, pending: '', fresh: false }
    for (const held of state.pending) {
      current = current.mode === 'raw' ? feed(current, held) : current
      if (typeof current === 'string') return current
    }
    if (char === '<') return { ...unreferenced(current), pending: '<' }
    return current.mode === 'raw' ? feed(current, char) : readText(current, char)
  }
}

function lateFact(attr: string, element: string): string {
  const name = attr === 'attributename' ? 'attributeName' : attr
  return `Write ${name} before the value in this <${element}>: it decides what the value is`
}

function text(state: HtmlState, char: string): HtmlState {
  if (char === '<') return { ...inText(state.tree), mode: 'tagOpen' }
  const fresh = false
  if (char === '&') return { ...state, reference: '&', fresh }
  const reference = state.reference === '' || !/[#A-Za-z0-9]/.test(char) ? '' : '&…'
  return reference === state.reference && !state.fresh ? state : { ...state, reference, fresh }
}

/** An attribute is over: of those with the same name the first counts. */
export function remembered(state: HtmlState, said: string): HtmlState {
  const { element, attr, facts } = state
  if (!isFact(element, attr) || facts[attr] !== undefined) return state
  return { ...state, facts: { ...facts, [attr]: said.includes(UNKNOWN) ? UNKNOWN : said } }
}

/** A character of a text with references: the language in it sees them decoded, as the browser will. */
function readText(state: HtmlState, char: string): HtmlState | string {
  if (state.reference === '') return char === '&' ? { ...state, reference: '&', fresh: false } : feed(state, char)
  if (referenceGoesOn(state.reference, char)) return { ...state, reference: state.reference + char }
  const flushed = flush(state, char)
  if (typeof flushed === 'string' || flushed.reference === ';')
    return typeof flushed === 'string' ? flushed : unreferenced(flushed)
  return char === '&' ? { ...flushed, reference: '&' } : feed(flushed, char)
}

/** Reads what has begun as a reference, now that `char` follows. `reference` is `;` behind it when that was used up. */
function flush(state: HtmlState, char: string): HtmlState | string {
  if (state.reference === '') return state
  const { chars, closed, unknown } = readReference(state.reference, char)
  if (unknown && !state.content.takesAnyCharacter)
    return `The character reference ${state.reference}; is not known here: write the character itself, or &amp; for a bare &`
  let current: HtmlState | string = { ...state, reference: '' }
  for (let i = 0; i < chars.length; i++) {
    current = feed(current, chars[i]!)
    if (typeof current === 'string') return current
  }
  return closed ? { ...current, reference: ';' } : current
}

function unreferenced(state: HtmlState): HtmlState {
  return state.reference === '' ? state : { ...state, reference: '' }
}

/** The longest value of a deciding attribute that is remembered: no longer one means anything. */
const LONGEST_SAID = 64

/** Passes a character to the language of a value or of raw content. */
function feed(state: HtmlState, char: string): HtmlState | string {
  const content = state.content.next(char)
  if (typeof content === 'string') return content
  const keeps = state.mode === 'value' && isFact(state.element, state.attr)
  const said = keeps ? (state.said + char.toLowerCase()).slice(0, LONGEST_SAID) : state.said
  if (content === state.content && said === state.said && !state.fresh) return state
  return { ...state, content, said, fresh: false }
}

/** Marks that a value has been put into an attribute, and what follows from that. */
export function behindValue(state: HtmlState): HtmlState {
  const { element, attr, facts } = state
  if (isFact(element, attr)) return { ...state, said: UNKNOWN }
  const deciding = decidingAttribute(element, attr)
  if (deciding === null || facts[deciding] !== undefined) return state
  return { ...state, awaited: deciding }
}
