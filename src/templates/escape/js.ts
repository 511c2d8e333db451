/** Where in JavaScript we are, as far as it matters for what may be put there. */

export interface JsState {
  readonly mode: 'code' | 'double' | 'single' | 'template' | 'regex' | 'class' | 'line' | 'block'
  /** What a `/` in code would begin: it depends on what stands before it (ECMA-262 §12.1). */
  readonly slash: 'regex' | 'division' | 'unknown'
  /** The identifier that is being read. */
  readonly word: string
  /** A character whose meaning the next one decides: a backslash, `/`, `*`, `$`. */
  readonly before: string
  /** What is open: `{`, `$` for code in a template literal, `(`, `c` for the parenthesis of a condition. */
  readonly stack: string
}

export const JS_START: JsState = { mode: 'code', slash: 'regex', word: '', before: '', stack: '' }

/** After these a `/` begins a regular expression, after other words it divides. */
const OPERATOR_WORDS = new Set(
  'return typeof instanceof in of new delete void throw case do else yield await'.split(' '),
)
/** Behind the parenthesis of these a statement begins, and so a `/` begins a regular expression. */
const CONDITION_WORDS = new Set(['if', 'while', 'for', 'with'])
/** Longest word that matters is `instanceof`. */
const LONGEST_WORD = 12

/** The state after one more character; 'ambiguous' for a `/` that could divide as well as begin a regular expression. */
export function jsNext(state: JsState, char: string): JsState | 'ambiguous' {
  switch (state.mode) {
    case 'code':
      return code(state, char)
    case 'double':
      return quoted(state, char, '"')
    case 'single':
      return quoted(state, char, "'")
    case 'template':
      return template(state, char)
    case 'regex':
    case 'class':
      return regex(state, char)
    case 'line':
      return /[\n\r\u2028\u2029]/.test(char) ? { ...state, mode: 'code' } : state
    case 'block': {
      if (state.before === '*' && char === '/') return { ...state, mode: 'code', before: '' }
      return { ...state, before: char === '*' ? '*' : '' }
    }
  }
}

/** The state after a value was put into code. */
export function jsAfterValue(state: JsState): JsState {
  return state.mode === 'code' ? { ...state, slash: 'division', word: '', before: '' } : state
}

/** Whether something can be put here without changing what the character before it means. */
export function jsPending(state: JsState): boolean {
  return state.before !== '' && state.before !== '+' && state.before !== '-'
}

function code(state: JsState, char: string): JsState | 'ambiguous' {
  if (state.before === '/') {
    if (char === '/') return { ...state, mode: 'line', before: '', word: '' }
    if (char === '*') return { ...state, mode: 'block', before: '', word: '' }
    if (state.slash === 'unknown') return 'ambiguous'
    if (state.slash === 'regex') return regex({ ...state, mode: 'regex', before: '', word: '' }, char)
    return code({ ...state, before: '', slash: 'regex', word: '' }, char) // it was a division
  }
  if (/[\p{ID_Continue}$_]/u.test(char)) {
    const word = (state.word + char).slice(0, LONGEST_WORD)
    return { ...state, word, before: '', slash: OPERATOR_WORDS.has(word) ? 'regex' : 'division' }
  }
  if (/\s/.test(char)) return { ...state, word: CONDITION_WORDS.has(state.word) ? state.word : '', before: '' }
  const next: JsState = { ...state, word: '', before: '', slash: 'regex' }
  switch (char) {
    case '"':
      return { ...next, mode: 'double' }
    case "'":
      return { ...next, mode: 'single' }
    case '`':
      return { ...next, mode: 'template' }
    case '/':
      return { ...next, before: '/', slash: state.slash }
    case '(':
      return { ...next, stack: `${state.stack}${CONDITION_WORDS.has(state.word) ? 'c' : '('}` }
    case ')':
      return { ...next, slash: state.stack.endsWith('c') ? 'regex' : 'division', stack: state.stack.slice(0, -1) }
    case ']':
      return { ...next, slash: 'division' }
    case '{':
      return { ...next, stack: `${state.stack}{` }
    case '}':
      return state.stack.endsWith('$')
        ? { ...next, mode: 'template', stack: state.stack.slice(0, -1) }
        : { ...next, slash: 'unknown', stack: state.stack.slice(0, -1) } // of a block, or of an object?
    case '+':
    case '-': // `a++ / b` divides, `a + /b/` does not
      return { ...next, before: char, slash: state.before === char ? 'division' : 'regex' }
    default:
      return next
  }
}

function quoted(state: JsState, char: string, quote: string): JsState {
  if (state.before === '\\') return { ...state, before: '' }
  if (char === '\\') return { ...state, before: '\\' }
  return char === quote ? { ...state, mode: 'code', slash: 'division' } : state
}

function template(state: JsState, char: string): JsState {
  if (state.before === '\\') return { ...state, before: '' }
  if (state.before === '$' && char === '{') {
    return { ...state, mode: 'code', before: '', slash: 'regex', stack: `${state.stack}$` }
  }
  if (char === '`') return { ...state, mode: 'code', before: '', slash: 'division' }
  return { ...state, before: char === '\\' || char === '$' ? char : '' }
}

function regex(state: JsState, char: string): JsState {
  if (state.before === '\\') return { ...state, before: '' }
  if (char === '\\') return { ...state, before: '\\' }
  if (char === '[') return { ...state, mode: 'class' }
  if (char === ']') return { ...state, mode: 'regex' }
  if (char === '/' && state.mode === 'regex') return { ...state, mode: 'code', slash: 'division' }
  return state
}
