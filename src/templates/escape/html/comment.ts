/** Comments, state by state (HTML §13.2.5.43 to 52), and what else begins with `<!`. */
import { type HtmlState, inText } from './state.ts'
import { isForeign } from './tree.ts'

/**
 * How near the end of a comment is, as what has been read of it: `<!--` and `<!---` at its start; `-`, `--` and `--!`
 * before its end; nothing inside. `<!--` inside a comment changes nothing that would end it sooner or later.
 */
export function commentNext(state: HtmlState, char: string): HtmlState {
  const { pending } = state
  if (char === '>' && pending !== '' && pending !== '-') return inText(state.tree)
  return { ...state, pending: commentPending(pending, char) }
}

function commentPending(pending: string, char: string): string {
  if (char === '-') {
    if (pending === '<!--') return '<!---'
    return pending === '-' || pending === '--' || pending === '<!---' ? '--' : '-'
  }
  return char === '!' && pending === '--' ? '--!' : ''
}

const CDATA = '[CDATA['
const DOCTYPE = 'doctype'

/** Behind `<!`: a comment, a doctype, text of foreign content, or a comment to the first `>`. */
export function markupNext(state: HtmlState, char: string): HtmlState | string {
  const pending = state.pending + char
  if (pending === '--') return { ...state, mode: 'comment', pending: '<!--' }
  if (pending === '-') return { ...state, pending }
  if (pending.toLowerCase() === DOCTYPE) return { ...state, mode: 'doctype', pending: '' }
  if (DOCTYPE.startsWith(pending.toLowerCase())) return { ...state, pending }
  if (CDATA.startsWith(pending) && state.tree.foreign !== '') {
    if (pending !== CDATA) return { ...state, pending }
    if (!isForeign(state.tree))
      return '<![CDATA[ has no meaning in an element of HTML: write the text with &lt; and &amp;'
    return { ...state, mode: 'cdata', pending: '' }
  }
  return bogusNext({ ...state, mode: 'bogus', pending: '' }, char)
}

/** HTML §13.2.5.41 and 53: neither has anything in which a `>` would not end it. */
export function bogusNext(state: HtmlState, char: string): HtmlState {
  return char === '>' ? inText(state.tree) : state
}

export function cdataNext(state: HtmlState, char: string): HtmlState {
  const { pending } = state
  if (pending === ']]' && char === '>') return inText(state.tree)
  if (char === ']') return pending === ']]' ? state : { ...state, pending: `${pending}]` }
  return pending === '' ? state : { ...state, pending: '' }
}
