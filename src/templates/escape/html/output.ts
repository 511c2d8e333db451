/** Which escaping an output needs where it stands, and what is known where branches meet. */
import { EscapedText, htmlOf } from '../../safe.ts'
import type { Escaper, Replaced, Settings } from '../content/content.ts'
import {
  escapeAttribute,
  escapeBehindReference,
  escapeComment,
  escapeHtml,
  escapeMarkup,
  escapeMarkupUnquoted,
  escapeUnquoted,
} from '../values/html.ts'
import { printHtml, printText } from '../values/print.ts'
import { isPlainAttribute, isProgramAttribute, UNKNOWN } from './attributes.ts'
import { behindValue, type HtmlMachine, remembered } from './machine.ts'
import { type HtmlState, TAG_MODES } from './state.ts'
import { joinTrees, openForeignElement, textProblem, treeKey } from './tree.ts'

/** How an output is written. */
export interface Output {
  /** What the compiler prints before it: the quote that an unquoted value lacks, the rest of a bare `&`. */
  readonly before: string
  readonly write: Escaper
  /** The state behind it. */
  readonly state: HtmlState
}

/** The output at this place, or why nothing can be put here. */
export function outputAt(machine: HtmlMachine, state: HtmlState, settings: Settings): Output | string {
  switch (state.mode) {
    case 'text': {
      const problem = textProblem(state.tree)
      return (
        problem ?? behindReference(state, { before: state.fresh ? '\n' : '', write: printHtml, state: stale(state) })
      )
    }
    case 'rcdata':
      if (state.pending !== '') return 'Put a space between < and the value: together they could end the element'
      return behindReference(state, { before: state.fresh ? '\n' : '', write: titleText, state: stale(state) })
    case 'raw': {
      if (state.pending !== '') return 'Put a space between < and the value: together they could end the element'
      const output = state.content.output(settings)
      return typeof output === 'string'
        ? output
        : { before: '', write: output.write, state: { ...state, content: output.after } }
    }
    case 'comment':
      if (state.pending !== '' && state.pending !== '<!--')
        return 'Put a space between - or ! and the value: it could end the comment'
      // The space keeps an empty value and a > behind it from ending the comment where it begins.
      return {
        before: state.pending === '' ? '' : ' ',
        write: (value) => escapeComment(printText(value)),
        state: { ...state, pending: '' },
      }
    case 'beforeValue': {
      const opened = machine.openValue(state, 'auto')
      const output = typeof opened === 'string' ? opened : inValue(opened, settings)
      return typeof output === 'string' ? output : { ...output, before: `"${output.before}` }
    }
    case 'value':
      return inValue(state, settings)
    case 'tag':
    case 'gap':
      if (state.closing) return 'An end tag has no attributes'
      return { before: '', write: attributeName, state: { ...state, mode: 'nameEnd', pending: '', attr: '' } }
    case 'afterName':
      return outputAt(machine, { ...remembered(state, ''), mode: 'gap' }, settings)
    case 'attrName':
      if (!/^(data|aria)-([a-z0-9_]+-)*$/.test(state.attr)) {
        return 'Only the rest of a name that begins with data- or aria- can be a value'
      }
      return {
        before: '',
        write: (value, replaced) => namePart(state.attr, value, replaced),
        state: { ...state, attr: `${state.attr}…` },
      }
    case 'tagOpen':
    case 'endTagOpen':
      return 'The name of an element cannot be a value; write &lt; if no tag is meant'
    case 'tagName':
      // The level of a heading: which of the six it is changes nothing of how the page is read.
      if (state.element === 'h') return { before: '', write: headingLevel, state: { ...state, element: 'h1' } }
      return state.closing ? 'An end tag has no attributes' : 'The name of an element cannot be a value'
    case 'nameEnd':
      return 'White space is missing between attributes'
    case 'cdata':
      return 'A value cannot stand in <![CDATA[ ]]>, where nothing can be escaped: write it outside'
    case 'markup':
    case 'doctype':
    case 'bogus':
      return 'A value cannot stand in a declaration'
  }
}

/** Something now stands behind the start tag, so that the next line feed is shown. */
function stale(state: HtmlState): HtmlState {
  return state.fresh ? { ...state, fresh: false } : state
}

/** A `&` that the template wrote before the value stays one: what follows goes on with no character reference. */
function behindReference(state: HtmlState, output: Output): Output {
  if (state.reference === '') return output
  const settled = { ...output.state, reference: '' }
  if (state.reference === '&') return { ...output, before: `${output.before}amp;`, state: settled }
  const write: Escaper = (value, replaced) => escapeBehindReference(output.write(value, replaced))
  return { ...output, write, state: settled }
}

function inValue(state: HtmlState, settings: Settings): Output | string {
  const { reference } = state
  if (reference !== '' && reference !== '&' && !state.content.indifferent)
    return `The ${reference} before the value may begin a character reference: write &amp;${reference.slice(1)}`
  // The language sees the `&`, and behind it the value.
  const content = reference === '' ? state.content : fed(state, reference)
  if (typeof content === 'string') return content
  const output = content.output(settings)
  if (typeof output === 'string') return output
  const { write, after } = output
  const bare = state.quote === ''
  const text = bare ? escapeUnquoted : escapeAttribute
  const markup = bare ? escapeMarkupUnquoted : escapeMarkup
  const escaper: Escaper =
    content.key === 'plain'
      ? (value) => {
          const html = typeof value === 'object' ? markupOf(value) : null
          return html === null ? text(printText(value)) : markup(html)
        }
      : (value, replaced) => text(write(value, replaced))
  return behindReference(state, { before: '', write: escaper, state: behindValue({ ...state, content: after }) })
}

function fed(state: HtmlState, text: string) {
  let { content } = state
  for (let i = 0; i < text.length; i++) {
    const next = content.next(text[i]!)
    if (typeof next === 'string') return next
    content = next
  }
  return content
}

/** HTML where only text can be; null for other values, and for text that was escaped before, which is text again. */
function markupOf(value: unknown): string | null {
  return value instanceof EscapedText ? null : htmlOf(value)
}

function titleText(value: unknown): string {
  const html = markupOf(value)
  return html === null ? escapeHtml(printText(value)) : escapeMarkup(html)
}

/** A whole attribute: `checked`, or nothing. HTML marked as safe may be any attributes. */
const attributeName: Escaper = (value, replaced) => {
  const html = htmlOf(value)
  if (html !== null) return html
  const name = printText(value).trim().toLowerCase()
  if (name === '' || isPlainAttribute(name)) return name
  replaced?.(
    '',
    'a value can be a whole attribute only when it is a name that means no program, address or style: checked, disabled',
  )
  return ''
}

const headingLevel: Escaper = (value, replaced) => {
  const level = printText(value)
  if (/^[1-6]$/.test(level)) return level
  replaced?.('6', 'the level of a heading is a number from 1 to 6')
  return '6'
}

/** The rest of a name behind `data-`: none that a script library runs, whose value would be a program. */
function namePart(begun: string, value: unknown, replaced: Replaced | null): string {
  const rest = printText(value).replace(/[^A-Za-z0-9_-]/g, '-')
  const name = (begun + rest).toLowerCase()
  // What follows in the template may begin with a hyphen.
  const runs = isProgramAttribute(name) || isProgramAttribute(`${name}-`)
  if (!runs || isProgramAttribute(begun)) return rest
  replaced?.(
    'blocked',
    `a value cannot make the name ${begun}${rest}: script libraries run what such an attribute says`,
  )
  return 'blocked'
}

/** The state where two branches meet, or null when they end in different contexts. */
export function join(a: HtmlState, b: HtmlState): HtmlState | null {
  const tree = joinTrees(a.tree, b.tree)
  if (tree === null) return null
  const awaited = a.awaited === '' ? b.awaited : a.awaited
  if (TAG_MODES.has(a.mode) && TAG_MODES.has(b.mode)) {
    if (a.element !== b.element || a.closing !== b.closing || a.endsRaw !== b.endsRaw) return null
    if (b.awaited !== '' && b.awaited !== awaited) return null
    const facts = joinFacts(a, b)
    if (a.mode === b.mode && a.attr === b.attr && a.pending === b.pending) return { ...a, tree, facts, awaited }
    return { ...a, tree, facts, awaited, mode: 'nameEnd', attr: '', pending: '' }
  }
  if (hardKey(a) !== hardKey(b)) return null
  const content = a.content.join(b.content)
  const reference = a.reference === b.reference ? a.reference : joinReferences(a, b)
  if (content === null || reference === null) return null
  const said = a.said === b.said ? a.said : UNKNOWN
  return { ...a, tree, content, reference, said, awaited, facts: joinFacts(a, b), fresh: a.fresh || b.fresh }
}

/** What only some of the ways have said is not known. */
function joinFacts({ facts: a }: HtmlState, { facts: b }: HtmlState): HtmlState['facts'] {
  const joined: { [attribute: string]: string } = {}
  for (const name of [...Object.keys(a), ...Object.keys(b)]) joined[name] = a[name] === b[name] ? a[name]! : UNKNOWN
  return joined
}

/** Between the tags it is enough to know that a reference may have begun. */
function joinReferences(a: HtmlState, b: HtmlState): string | null {
  if (a.mode === 'text' || a.mode === 'rcdata') return '&…'
  return a.content.indifferent && b.content.indifferent ? '&…' : null
}

function hardKey(s: HtmlState): string {
  return JSON.stringify([s.mode, s.element, s.closing, s.endsRaw, s.attr, s.quote, s.pending])
}

/** By state: pages begin in one and the same, each time they are rendered. */
const keys = new WeakMap<HtmlState, string>()

/** The same for the same state: for finding what was compiled for it. */
export function stateKey(s: HtmlState): string {
  const known = keys.get(s)
  if (known !== undefined) return known
  const rest = [s.content.key, s.reference, s.said, s.facts, s.awaited, treeKey(s.tree), s.fresh]
  const key = JSON.stringify([hardKey(s), ...rest])
  keys.set(s, key)
  return key
}

/** Why a document cannot end in this state, or null. */
export function endProblem(state: HtmlState): string | null {
  if (state.mode !== 'text') return `The template ends ${describe(state)}`
  const open = openForeignElement(state.tree)
  return open === null ? null : `The template ends inside <${open}>: close it`
}

/** Where we are, in words. */
export function describe(s: HtmlState): string {
  const place = s.content.place === '' ? '' : `, ${s.content.place}`
  if (s.mode === 'text') {
    const open = openForeignElement(s.tree)
    return open === null ? 'between tags' : `between tags inside <${open}>`
  }
  if (s.mode === 'raw' || s.mode === 'rcdata') return `inside <${s.element}>${place}`
  if (s.mode === 'value')
    return `inside the value of ${s.attr}${s.quote === '' || s.quote === 'auto' ? ', unquoted' : ''}${place}`
  if (s.mode === 'comment') return 'inside a comment'
  if (s.mode === 'cdata') return 'inside <![CDATA['
  if (TAG_MODES.has(s.mode)) return `inside the tag <${s.closing ? '/' : ''}${s.element}>`
  return s.mode === 'beforeValue' ? `after ${s.attr}=` : 'inside a declaration, or after <'
}
