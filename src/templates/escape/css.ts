/** Where in CSS we are, as far as it matters for what may be put there. */

export interface CssState {
  /** `import` lasts from `@import` to its semicolon, where a string is an address. */
  readonly mode: 'code' | 'double' | 'single' | 'comment' | 'url' | 'import'
  readonly word: string
  /** A character whose meaning the next one decides: a backslash, `/`, `*`. */
  readonly before: string
}

export const CSS_START: CssState = { mode: 'code', word: '', before: '' }

/** The longest word that matters is `@import`. */
const LONGEST_WORD = 8

/** The state after one more character. */
export function cssNext(state: CssState, char: string): CssState {
  const { mode, before } = state
  if (mode === 'comment') {
    if (before === '*' && char === '/') return CSS_START
    return { ...state, before: char === '*' ? '*' : '' }
  }
  if (before === '\\') return { ...state, before: '' }
  if (char === '\\') return { ...state, before: '\\', word: '' }
  if (mode === 'double' || mode === 'single') {
    return char === (mode === 'double' ? '"' : "'") ? CSS_START : state
  }
  if (mode === 'url') return char === ')' ? CSS_START : state
  if (mode === 'import') return char === ';' ? CSS_START : state
  if (char === '"') return { mode: 'double', word: '', before: '' }
  if (char === "'") return { mode: 'single', word: '', before: '' }
  if (char === '*' && before === '/') return { mode: 'comment', word: '', before: '' }
  if (char === '/') return { mode, word: '', before: '/' }
  if (char === '(' && state.word === 'url') return { mode: 'url', word: '', before: '' }
  if (!/[\w@-]/.test(char)) return CSS_START
  const word = (state.word + char.toLowerCase()).slice(0, LONGEST_WORD)
  return word === '@import' ? { mode: 'import', word: '', before: '' } : { mode, word, before: '' }
}
