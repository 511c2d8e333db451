/** Which escaping an output needs where it stands, and what is known where branches meet. */

import { renderHtml, rendersHtml, SafeHtml } from '../safe.ts'
import { isPlainAttribute } from './attributes.ts'
import {
  escapeComment,
  escapeCssString,
  escapeCssValue,
  escapeHtml,
  escapeJsonValue,
  escapeJsString,
  escapeJsValue,
  escapeMarkup,
  escapeSrcset,
  escapeUnquoted,
  escapeUrlPart,
  escapeUrlQuery,
  escapeUrlStart,
  UrlText,
} from './escape.ts'
import { type HtmlState, openValue } from './html.ts'
import { jsAfterValue, jsPending } from './js.ts'
import { printText } from './print.ts'
import { urlAfterValue, urlJoin } from './url.ts'

export type Escaper = (value: unknown) => string

/** How an output is written. */
export interface Output {
  /** What the compiler prints before it: the quote that an unquoted value lacks. */
  readonly before: string
  readonly write: Escaper
  /** The state behind it. */
  readonly state: HtmlState
}

/** The output at this place, or why nothing can be put here. */
export function outputAt(state: HtmlState): Output | string {
  switch (state.mode) {
    case 'text':
      return { before: '', write: escapeText, state }
    case 'raw':
      return inRaw(state)
    case 'comment':
      if (state.pending !== '') return 'Put a space between -- or ! and the value: it could end the comment'
      return { before: '', write: (value) => escapeComment(printText(value)), state }
    case 'beforeValue': {
      const opened = inValue(openValue(state, 'auto'))
      return typeof opened === 'string' ? opened : { ...opened, before: '"' }
    }
    case 'value':
      return inValue(state)
    case 'tag':
    case 'gap':
      if (state.closing) return 'An end tag has no attributes'
      return { before: '', write: attributeName, state: { ...state, mode: 'nameEnd', pending: '', attr: '' } }
    case 'attrName':
      if (!/^(data|aria)-([a-z0-9_]+-)*$/.test(state.attr)) {
        return 'Only the rest of a name that begins with data- or aria- can be a value'
      }
      return { before: '', write: namePart, state }
    case 'tagOpen':
    case 'endTagOpen':
      return 'The name of an element cannot be a value; write &lt; if no tag is meant'
    case 'tagName':
      return state.closing ? 'An end tag has no attributes' : 'The name of an element cannot be a value'
    case 'nameEnd':
    case 'afterName':
      if (state.mode === 'afterName') return outputAt({ ...state, mode: 'gap' })
      return 'White space is missing between attributes'
    case 'markup':
      return 'Nothing can be put into a declaration'
  }
}

function inRaw(state: HtmlState): Output | string {
  if (state.pending !== '') return 'Put a space between < and the value: together they could end the element'
  return inLanguage(state, (text) => text)
}

function inValue(state: HtmlState): Output | string {
  if (state.pending !== '') return 'The & before the value begins a character reference: write &amp;'
  const attribute = state.quote === '' ? escapeUnquoted : escapeHtml
  if (state.attr === 'type' && state.element === 'script') {
    return { before: '', write: (value) => attribute(printText(value)), state: { ...state, type: '?' } }
  }
  if (state.language === 'plain') {
    const markup = state.quote === '' ? escapeUnquoted : escapeMarkup
    const write: Escaper = (value) => {
      const html = htmlOf(value)
      return html === null ? attribute(printText(value)) : markup(html)
    }
    return { before: '', write, state }
  }
  return inLanguage(state, attribute)
}

/** `outer` escapes for what the language itself stands in. */
function inLanguage(state: HtmlState, outer: (text: string) => string): Output | string {
  switch (state.language) {
    case 'js':
    case 'json':
      return inScript(state, outer)
    case 'css':
      return inStyle(state, outer)
    case 'url':
    case 'srcset':
      return inUrl(state, outer)
    case 'html': {
      const write: Escaper = (value) => outer(escapeText(value))
      return { before: '', write, state }
    }
    case 'unknown':
      return `The language of this script is not known (type ${state.type || '?'}): a value cannot be made safe in it`
    case 'plain':
      return { before: '', write: (value) => escapeHtml(printText(value)), state } // textarea, title
  }
}

function inScript(state: HtmlState, outer: (text: string) => string): Output | string {
  const { js } = state
  if (jsPending(js)) return `Put a space between ${js.before} and the value`
  switch (js.mode) {
    case 'code': {
      const print = state.language === 'json' ? escapeJsonValue : escapeJsValue
      return { before: '', write: (value) => outer(print(value)), state: { ...state, js: jsAfterValue(js) } }
    }
    case 'double':
    case 'single':
    case 'template':
      return { before: '', write: (value) => outer(escapeJsString(printText(value))), state }
    case 'regex':
    case 'class':
      return 'A value cannot stand in a regular expression: put it into a variable first'
    case 'line':
    case 'block':
      return 'A value cannot stand in a comment of a script'
  }
}

function inStyle(state: HtmlState, outer: (text: string) => string): Output | string {
  const { css } = state
  if (css.before !== '') return `Put a space between ${css.before} and the value`
  switch (css.mode) {
    case 'code':
      return { before: '', write: (value) => outer(escapeCssValue(printText(value))), state }
    case 'double':
    case 'single':
      return { before: '', write: (value) => outer(escapeCssString(printText(value))), state }
    case 'url':
    case 'import':
      return 'A value cannot be an address in a style: give the element the image by src or a class'
    case 'comment':
      return 'A value cannot stand in a comment of a style'
  }
}

function inUrl(state: HtmlState, outer: (text: string) => string): Output | string {
  const after = { ...state, url: urlAfterValue(state.url) }
  if (state.language === 'srcset') {
    return { before: '', write: (value) => outer(escapeSrcset(printText(value))), state: after }
  }
  switch (state.url.part) {
    case 'start':
    case 'scheme':
    case 'dynamic':
      return { before: '', write: (value) => outer(escapeUrlStart(printText(value))), state: after }
    case 'path':
      return { before: '', write: (value) => outer(escapeUrlPart(printText(value))), state: after }
    case 'query':
      return { before: '', write: (value) => outer(queryText(value)), state: after }
    case 'code':
      return 'A value cannot stand in a javascript: or data: URL'
    case 'mixed':
      return 'It is not known whether this is the query of the URL: the branches before differ'
  }
}

function queryText(value: unknown): string {
  return value instanceof UrlText ? escapeUrlPart(value.text) : escapeUrlQuery(printText(value))
}

/** Between tags. */
export function escapeText(value: unknown): string {
  return htmlOf(value) ?? escapeHtml(printText(value))
}

/** What is HTML already, or null. */
function htmlOf(value: unknown): string | null {
  if (typeof value !== 'object') return null
  return value instanceof SafeHtml ? value.html : rendersHtml(value) ? value[renderHtml]().html : null
}

/** A whole attribute: `checked`, or nothing. HTML marked as safe may be any attributes. */
function attributeName(value: unknown): string {
  const html = htmlOf(value)
  if (html !== null) return html
  const name = printText(value).trim().toLowerCase()
  return isPlainAttribute(name) ? name : ''
}

function namePart(value: unknown): string {
  return printText(value).replace(/[^A-Za-z0-9_-]/g, '-')
}

const TAG_MODES = new Set(['tagName', 'tag', 'nameEnd', 'gap', 'attrName', 'afterName'])

/** The state where two branches meet, or null when they end in different contexts. */
export function join(a: HtmlState, b: HtmlState): HtmlState | null {
  if (TAG_MODES.has(a.mode) && TAG_MODES.has(b.mode)) {
    if (a.element !== b.element || a.closing !== b.closing) return null
    const type = a.type === b.type ? a.type : '?'
    if (a.mode === b.mode && a.attr === b.attr) return { ...a, type }
    return { ...a, mode: 'nameEnd', attr: '', pending: '', type }
  }
  if (hardKey(a) !== hardKey(b)) return null
  const slash = a.js.slash === b.js.slash ? a.js.slash : 'unknown'
  const word = a.js.word === b.js.word ? a.js.word : ''
  return {
    ...a,
    js: { ...a.js, slash, word, before: jsPending(a.js) ? a.js.before : '' },
    css: { ...a.css, word: a.css.word === b.css.word ? a.css.word : '' },
    url: urlJoin(a.url, b.url),
    type: a.type === b.type ? a.type : '?',
  }
}

function hardKey(s: HtmlState): string {
  return JSON.stringify([
    s.mode,
    s.element,
    s.closing,
    s.attr,
    s.quote,
    s.language,
    s.pending,
    s.js.mode,
    jsPending(s.js) ? s.js.before : '',
    s.js.stack,
    s.css.mode,
    s.css.before,
  ])
}

/** The same for the same state: for finding what was compiled for it. */
export function stateKey(s: HtmlState): string {
  return `${hardKey(s)}${s.js.slash}/${s.js.word}/${s.css.word}/${s.url.part}/${s.url.scheme}/${s.type}`
}

/** Where we are, in words. */
export function describe(s: HtmlState): string {
  if (s.mode === 'text') return 'between tags'
  if (s.mode === 'raw') return `inside <${s.element}>${s.language === 'js' ? ` (${s.js.mode})` : ''}`
  if (s.mode === 'value')
    return `inside the value of ${s.attr}${s.quote === '' || s.quote === 'auto' ? ', unquoted' : ''}`
  if (s.mode === 'comment') return 'inside a comment'
  if (TAG_MODES.has(s.mode)) return `inside the tag <${s.closing ? '/' : ''}${s.element}>`
  return `after ${s.mode === 'beforeValue' ? `${s.attr}=` : '<'}`
}
