/**
 * Where in JavaScript we are, as far as it matters for what may be put there. A reader of tokens (ECMA-262 §12), not a
 * parser: where only a parser would know what a character means, the answer is that it is not known.
 */

/** `tagged`: a template literal behind a tag, which sees the text and makes of it what it likes. */
export type JsMode = 'code' | 'double' | 'single' | 'template' | 'tagged' | 'regex' | 'class' | 'line' | 'block'

export interface JsState {
  readonly mode: JsMode
  /** What a `/` in code would begin: it depends on what stands before it. */
  readonly slash: 'regex' | 'division' | 'unknown'
  /** What a `/` would have begun before the `+` or `-` that was just read. */
  readonly signed: JsState['slash']
  /** The last token when it is a word or a number; `?` in front when it is not known which. */
  readonly word: string
  /** The word before it, when nothing but space and comments is between them. */
  readonly previous: string
  /** Whether the word is still being read; `value`: a value has just been written. */
  readonly open: boolean | 'value'
  /** What kind of number the word is: a dot behind an integer belongs to the number, behind others a property follows. */
  readonly number: 'none' | 'integer' | 'octal' | 'other'
  /** Whether the word is the name of a property: it stands behind `.`, `?.` or `#`. */
  readonly property: boolean
  /** Whether one of these is the last token, so that the next word is the name of a property. */
  readonly dot: boolean
  /** Characters whose meaning the next one decides: a backslash, `/`, `*`, `$`, `+`, `<!`; `±` for one of them or none. */
  readonly before: string
  /** Whether the line has ended since the last token. */
  readonly newline: 'no' | 'yes' | 'maybe'
  /** Whether only space and comments stand on this line so far (where branches meet: whether that may be). */
  readonly lineStart: boolean
  /**
   * What is open: `(`, `[`, `{`; `c` for the parenthesis of a condition, `f` for that of a loop, `i` for that of an
   * import, `u` for one that is not known; `$` and `T` for code in a template literal, `T` when that has a tag.
   */
  readonly stack: string
}

export const JS_START: JsState = {
  mode: 'code',
  slash: 'regex',
  signed: 'regex',
  word: '',
  previous: '',
  open: false,
  number: 'none',
  property: false,
  dot: false,
  before: '',
  newline: 'no',
  lineStart: true,
  stack: '',
}

/** Words that are no names anywhere: an expression follows, or a statement. Behind other words a `/` divides. */
const OPERATOR_WORDS = new Set(
  'return typeof instanceof in new delete void throw case do else extends default'.split(' '),
)
/** Words that are names in one place and not in another, and statements that end with them. */
const UNKNOWN_WORDS = new Set('yield await let break continue debugger import export'.split(' '))
/** Behind the parenthesis of these a statement begins, and so a `/` begins a regular expression. */
const CONDITION_WORDS = new Set(['if', 'while', 'for', 'with'])
/** Behind these stands a name, or an address. */
const NAMING_WORDS = new Set(
  'var let const function class break continue import export from as get set async'.split(' '),
)
/** Words that decide what the mark behind them means. */
const MATTERING_WORDS = /^(?:if|while|for|with|await|import|from)$/
/** Longest word that matters is `instanceof`. */
const LONGEST_WORD = 12

/** ID_Continue as UTF-16 units: what is beyond the first plane can only be (part of) a name. */
const WORD = /[\p{ID_Continue}$_]|[\u200c\u200d]|[\ud800-\udfff]/u
const LINE_END = /[\n\r\u2028\u2029]/

/** The state after one more character, or what is wrong with it. */
export function jsNext(state: JsState, char: string): JsState | string {
  const { before } = state
  switch (state.mode) {
    case 'code':
      return code(state, char)
    case 'double':
    case 'single':
      return quoted(state, char)
    case 'template':
    case 'tagged':
      return template(state, char)
    case 'regex':
    case 'class':
      return regex(state, char)
    case 'line':
      return LINE_END.test(char) ? lineEnded({ ...state, mode: 'code' }) : state
    case 'block': {
      if (before === '*' && char === '/') return { ...state, mode: 'code', before: '' }
      const inside = LINE_END.test(char) ? lineEnded(state) : state
      return { ...inside, before: char === '*' ? '*' : '' }
    }
  }
}

function lineEnded(state: JsState): JsState {
  return { ...state, newline: 'yes', lineStart: true, open: false }
}

function code(state: JsState, char: string): JsState | string {
  if (state.before === '/') return behindSlash(state, char)
  if (WORD.test(char)) return word(state, char)
  if (LINE_END.test(char)) return lineEnded({ ...state, before: '' })
  if (/\s/.test(char)) return { ...state, before: '', open: false }
  return mark(state, char)
}

function behindSlash(state: JsState, char: string): JsState | string {
  const next: JsState = { ...state, before: '', open: false }
  if (char === '/') return { ...next, mode: 'line' }
  if (char === '*') return { ...next, mode: 'block' }
  const { stack } = state
  switch (state.slash) {
    case 'unknown':
      return 'It is not known whether the / before this divides or begins a regular expression: put parentheses around what it divides, or the expression into a variable'
    case 'regex':
      return regex({ ...JS_START, lineStart: false, mode: 'regex', stack }, char)
    case 'division':
      return code({ ...JS_START, lineStart: false, stack }, char)
  }
}

function word(state: JsState, char: string): JsState | string {
  if (state.open === 'value')
    return 'A value and a name stand together without a space: put quotes around both, or a space between'
  const begins = state.open === false
  const text = ((begins ? '' : state.word) + char).slice(0, LONGEST_WORD)
  const next: JsState = {
    ...state,
    word: text,
    previous: begins ? state.word : state.previous,
    open: true,
    number: begins ? beginsNumber(state, char) : numberNext(state, char),
    property: begins ? state.dot : state.property,
    dot: false,
    before: '',
    newline: 'no',
    lineStart: false,
  }
  return { ...next, slash: slashBehind(next) }
}

function beginsNumber({ before }: JsState, char: string): JsState['number'] {
  if (!/[0-9]/.test(char)) return 'none'
  return before === '.' ? 'other' : 'integer'
}

/** `017` is octal, and `017.` is none of its kind; nobody writes either. */
function numberNext({ number, word }: JsState, char: string): JsState['number'] {
  if (number !== 'integer' && number !== 'octal') return number
  if (!/[0-9_]/.test(char)) return 'other'
  return word === '0' ? 'octal' : number
}

function slashBehind({ word, property, stack }: JsState): JsState['slash'] {
  if (word.startsWith('?')) return 'unknown'
  if (property) return 'division'
  if (OPERATOR_WORDS.has(word)) return 'regex'
  if (UNKNOWN_WORDS.has(word)) return 'unknown'
  return word === 'of' && /[fu]$/.test(stack) ? 'unknown' : 'division'
}

function mark(state: JsState, char: string): JsState | string {
  const { before, stack, slash } = state
  const next: JsState = { ...JS_START, lineStart: false, stack }
  switch (char) {
    case '"':
    case "'":
      // The word before stays: behind `from` and `import` a string is an address.
      return { ...next, mode: char === '"' ? 'double' : 'single', word: state.property ? '' : state.word }
    case '`':
      return { ...next, mode: slash === 'regex' ? 'template' : 'tagged' }
    case '/':
      return { ...state, before: '/', open: false }
    case '(':
      return { ...next, stack: stack + parenthesis(state) }
    case '[':
    case '{':
      return { ...next, stack: stack + char }
    case ')':
    case ']':
    case '}':
      return closed(state, char)
    case '.':
      if (before === '..') return next // a spread: an expression follows
      if (state.open === true && state.number === 'octal')
        return 'It is not known whether this is an octal number: write it without the 0 in front'
      if (state.open === true && state.number === 'integer') return { ...next, before: '.', slash: 'division' }
      // The word before stays: `import.defer()` imports.
      return { ...next, before: before === '.' ? '..' : '.', dot: true, slash: 'division', word: state.word }
    case '#':
      return { ...next, before: '#', dot: true }
    case '+':
    case '-':
      return sign(state, char)
    case '\\':
      return 'A name with a \\ in it could be any word: write the name itself'
    case '<':
      return { ...next, before: '<' }
    case '!':
      if (before === '#') return '#! at the start of a script is a comment to the end of its line: take it away'
      return { ...next, before: before === '<' ? '<!' : '' }
    case '>':
      if ((before === '--' || before === '±') && state.lineStart)
        return '--> at the start of a line is a comment to its end: take it away, or put it behind //'
      return next
    default:
      return next
  }
}

function parenthesis({ word, previous, property }: JsState): string {
  if (word.startsWith('?')) return 'u'
  if (property) return previous === 'import' ? 'i' : '('
  if (word === 'for' || (word === 'await' && previous === 'for')) return 'f'
  if (CONDITION_WORDS.has(word)) return 'c'
  return word === 'import' ? 'i' : '('
}

const OPENED: { readonly [closing: string]: string } = { ')': '(cfiu', ']': '[', '}': '{$T' }

function closed(state: JsState, char: string): JsState | string {
  const top = state.stack.slice(-1)
  if (top === '' || !OPENED[char]!.includes(top)) return `This ${char} closes nothing that was opened in the script`
  const next: JsState = { ...JS_START, lineStart: false, stack: state.stack.slice(0, -1), slash: 'division' }
  switch (top) {
    case 'c':
    case 'f':
      return { ...next, slash: 'regex' }
    case 'u':
    case '{': // of a block, or of an object?
      return { ...next, slash: 'unknown' }
    case '$':
      return { ...next, mode: 'template' }
    case 'T':
      return { ...next, mode: 'tagged' }
    default:
      return next
  }
}

/** `a++ / b` divides, `a + /b/` does not, and `++` behind the end of a line belongs to what follows. */
function sign(state: JsState, char: string): JsState | string {
  const { before, stack, lineStart } = state
  const next: JsState = { ...JS_START, stack, lineStart }
  // <!-- begins a comment wherever the script is no module (ECMA-262 §B.1.1).
  if (char === '-' && before === '<!') return { ...next, lineStart: false, before: '<!-' }
  if (char === '-' && before === '<!-') return '<!-- begins a comment in a script: write < !--'
  if (before === char) {
    return { ...next, slash: state.signed, before: char === '-' ? '--' : '', lineStart: lineStart && char === '-' }
  }
  if (before === '±') return { ...next, slash: 'unknown', before: char === '-' ? '--' : '' }
  const signed = state.newline === 'no' ? state.slash : state.newline === 'yes' ? 'regex' : 'unknown'
  return { ...next, signed: state.slash === 'regex' ? 'regex' : signed, before: char }
}

/** Escapes that the next character may be part of (ECMA-262 §12.9.4). */
const UNFINISHED = /^\\(?:x[0-9a-f]?|u[0-9a-f]{0,3}|u\{[0-9a-f]{0,8}|[0-3][0-7]?|[4-7])$/i

/** What has been read of an escape with the character, '' when that is none of it. */
function escapeBegun(before: string, char: string): string {
  const longer = before + char
  return before.startsWith('\\') && UNFINISHED.test(longer) ? longer : ''
}

/** Why a value cannot stand in a string behind these characters. */
export function stringRefuses(before: string): string {
  if (!/^\\\w/.test(before)) return `Put a space between ${before} and the value`
  return `The value could become part of ${before}: write all digits of the escape, as in \\x41 and \\u0041`
}

function quoted(state: JsState, char: string): JsState | string {
  const begun = escapeBegun(state.before, char)
  if (begun !== '') return { ...state, before: begun }
  if (state.before === '\\') return { ...state, before: char === '\r' ? '\\\r' : '' }
  if (state.before === '\\\r' && char === '\n') return { ...state, before: '' }
  if (char === '\\') return { ...state, before: '\\' }
  if (char === '\n' || char === '\r') return 'The string is not closed on its line'
  if (char !== (state.mode === 'double' ? '"' : "'")) return state.before === '' ? state : { ...state, before: '' }
  // Behind the address of an import a statement may end without a mark.
  return { ...JS_START, lineStart: false, stack: state.stack, slash: isAddress(state) ? 'unknown' : 'division' }
}

/** Whether the string that is open here is or may be the address of a module. */
export function isAddress({ word, stack }: JsState): boolean {
  return stack.includes('i') || word === 'import' || word === 'from' || word.startsWith('?')
}

function template(state: JsState, char: string): JsState {
  const begun = escapeBegun(state.before, char)
  if (begun !== '') return { ...state, before: begun }
  if (state.before === '\\') return { ...state, before: '' }
  if (state.before === '$' && char === '{') {
    return { ...JS_START, lineStart: false, stack: state.stack + (state.mode === 'tagged' ? 'T' : '$') }
  }
  if (char === '`') return { ...JS_START, lineStart: false, stack: state.stack, slash: 'division' }
  return { ...state, before: char === '\\' || char === '$' ? char : '' }
}

function regex(state: JsState, char: string): JsState | string {
  if (LINE_END.test(char)) return 'The regular expression is not closed on its line'
  if (state.before === '\\') return { ...state, before: '' }
  if (char === '\\') return { ...state, before: '\\' }
  if (char === '[') return { ...state, mode: 'class' }
  if (char === ']') return { ...state, mode: 'regex' }
  if (char !== '/' || state.mode === 'class') return state
  // Its flags are read as a word that is none.
  return { ...state, mode: 'code', slash: 'division', word: '/', open: true }
}

/** Why a value cannot stand in code here, or null. */
export function jsRefuses(state: JsState): string | null {
  const { before, word, open } = state
  if (state.dot) return 'A value cannot be the name of a property: write [ ] around the value, without the dot'
  if (before !== '' && !/^(?:\+|-|--|±)$/.test(before)) return `Put a space between ${before} and the value`
  if (open === 'value') return 'Two values stand directly behind each other'
  if (!state.property && NAMING_WORDS.has(word))
    return `A value cannot be the name or the address behind ${word}: write it, or choose by an object: names[{{ … }}]`
  if ((state.slash === 'division' && state.newline === 'no') || (open === true && word.startsWith('?')))
    return open === true
      ? 'A value cannot be part of a name: put the name into quotes, as a key of an object'
      : 'A value cannot stand directly behind another one: an operator or a comma is missing'
  return null
}

/** The state behind a value in code. */
export function jsAfterValue(state: JsState): JsState {
  return { ...JS_START, lineStart: false, stack: state.stack, slash: 'division', open: 'value' }
}

/** What is known where two ways meet; null when nothing is. */
export function jsJoin(a: JsState, b: JsState): JsState | null {
  if (a.mode !== b.mode || a.stack !== b.stack) return null
  const before = a.before === b.before ? a.before : joinedMark(a.before, b.before)
  if (before === null) return null
  return {
    ...a,
    before,
    slash: a.slash === b.slash ? a.slash : 'unknown',
    signed: a.signed === b.signed ? a.signed : 'unknown',
    newline: a.newline === b.newline ? a.newline : 'maybe',
    lineStart: a.lineStart || b.lineStart,
    ...joinedWord(a, b),
  }
}

function joinedWord(
  a: JsState,
  b: JsState,
): Pick<JsState, 'word' | 'number' | 'previous' | 'property' | 'open' | 'dot'> {
  const { word, number, previous, property, open, dot } = a
  const same = word === b.word && previous === b.previous && property === b.property && open === b.open && dot === b.dot
  if (same && number === b.number) return { word, number, previous, property, open, dot }
  // Where a word may go on, or may be a property's name, whatever comes of it is not known.
  const goesOn = open === true || b.open === true || dot !== b.dot
  const matters = goesOn || [a, b].some((state) => MATTERING_WORDS.test(state.word) || state.word.startsWith('?'))
  return {
    word: matters ? '?' : '',
    number: 'none',
    previous: '',
    property: false,
    open: goesOn ? true : open === b.open && open,
    dot: dot && b.dot,
  }
}

/** Signs can be told from none later; other marks cannot. */
function joinedMark(a: string, b: string): string | null {
  if ((a === '<' && b === '') || (a === '' && b === '<')) return '<'
  const weak = /^(?:\+|-|--|±)?$/
  return weak.test(a) && weak.test(b) ? '±' : null
}
