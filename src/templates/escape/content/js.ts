/** JavaScript in a page: scripts, handlers, the attributes of libraries that run what stands in them. */
import { SafeScript } from '../../safe.ts'
import { printText, Unprintable } from '../values/print.ts'
import { escapeJsString, escapeJsValue } from '../values/script.ts'
import type { Content, ContentOutput } from './content.ts'
import {
  isAddress,
  JS_START,
  type JsState,
  jsAfterValue,
  jsJoin,
  jsNext,
  jsRefuses,
  stringRefuses,
} from './js-state.ts'

const PLACES: { readonly [mode in JsState['mode']]: string } = {
  code: 'in a script',
  double: 'in a string of a script',
  single: 'in a string of a script',
  template: 'in a template literal of a script',
  tagged: 'in a template literal of a script',
  regex: 'in a regular expression of a script',
  class: 'in a regular expression of a script',
  line: 'in a comment of a script',
  block: 'in a comment of a script',
}

/** Stands for whatever is open around a text: nothing in the text closes it. */
const BOTTOM = 'd'

export class JsContent implements Content {
  readonly takesAnyCharacter = false
  readonly indifferent = false
  readonly key: string
  readonly #state: JsState
  /** Whether the attribute takes the name of a variable: a value that is one must be vouched for. */
  readonly #variable: boolean

  constructor(variable = false, state: JsState = JS_START) {
    this.#variable = variable
    this.#state = state
    this.key = `js${variable}/${Object.values(state).join('\0')}`
  }

  get place(): string {
    return PLACES[this.#state.mode]
  }

  next(char: string): JsContent | string {
    const next = jsNext(this.#state, char)
    return typeof next === 'string' ? next : next === this.#state ? this : new JsContent(this.#variable, next)
  }

  output(): ContentOutput | string {
    const state = this.#state
    switch (state.mode) {
      case 'code': {
        if (state.stack.includes('i'))
          return 'A value cannot be the address of a module: its program would run in the page'
        const problem = jsRefuses(state)
        if (problem !== null) return problem
        const after = new JsContent(this.#variable, jsAfterValue(state))
        return { write: this.#variable ? variable : escapeJsValue, after }
      }
      case 'double':
      case 'single':
      case 'template':
        if (state.before !== '') return stringRefuses(state.before)
        if (isAddress(state)) return 'A value cannot be the address of a module: its program would run in the page'
        return { write: text, after: this }
      case 'tagged':
        return 'What a tag makes of its template literal is not known: write the output inside braces behind a dollar sign'
      case 'regex':
      case 'class':
        return 'A value cannot stand in a regular expression: put it into a variable first'
      case 'line':
      case 'block':
        return 'A value cannot stand in a comment of a script'
    }
  }

  end(): string | null {
    switch (this.#state.mode) {
      case 'code':
      case 'line':
        return null
      case 'block':
        return 'A comment is not closed where the script ends'
      case 'regex':
      case 'class':
        return 'A regular expression is not closed where the script ends'
      default:
        return 'A string is not closed where the script ends'
    }
  }

  detached(): JsContent {
    const { stack, mode } = this.#state
    // In an import and in the head of a loop words mean what they mean nowhere else.
    if (stack === '' || stack === BOTTOM || mode !== 'code' || /i|[fu]$/.test(stack)) return this
    return new JsContent(this.#variable, { ...this.#state, stack: BOTTOM })
  }

  attached(behind: Content): Content {
    // Another script that has begun since has nothing of this one around it.
    if (!(behind instanceof JsContent) || !behind.#state.stack.startsWith(BOTTOM)) return behind
    const stack = this.#state.stack + behind.#state.stack.slice(BOTTOM.length)
    return new JsContent(this.#variable, { ...behind.#state, stack })
  }

  join(other: Content): JsContent | null {
    if (!(other instanceof JsContent) || this.#variable !== other.#variable) return null
    if (this.key === other.key) return this
    const state = jsJoin(this.#state, other.#state)
    return state && new JsContent(this.#variable, state)
  }
}

function text(value: unknown): string {
  return escapeJsString(printText(value))
}

function variable(value: unknown): string {
  if (value instanceof SafeScript) return escapeJsValue(value)
  throw new Unprintable(
    'This attribute takes the name of a variable, which a value is not: write the name, or vouch for the value with safeScript',
  )
}
