/** The words of the expression language, and a reader that walks over them. */
import { type Source, TemplateError, type TemplateErrorCode } from '../errors.ts'
import type { TemplateLimits } from '../limits.ts'

export interface Token {
  readonly type: 'name' | 'number' | 'string' | 'mark' | 'end'
  readonly text: string
  readonly value: string | number
  readonly at: number
}

const WORD = /\s*(?:([A-Za-z_][A-Za-z0-9_]*)|(\d+(?:\.\d+)?)|(==|!=|<=|>=|\/\/|[-+*/%~<>()[\]{}.,:|=])|(["']))?/y
const ESCAPES: { readonly [char: string]: string } = { n: '\n', t: '\t', r: '\r' }

/** Walks over the tokens of one `{{ }}` or `{% %}`. */
export class Tokens {
  readonly source: Source
  readonly limits: TemplateLimits
  readonly #tokens: Token[] = []
  #next = 0
  /** How many expressions are open. */
  #depth = 0

  constructor(source: Source, text: string, offset: number, limits: TemplateLimits) {
    this.source = source
    this.limits = limits
    let at = 0
    for (;;) {
      if (this.#tokens.length >= limits.words)
        throw this.error(`More than ${limits.words} words in one expression`, offset, 'TEMPLATE_LIMIT')
      WORD.lastIndex = at
      const match = WORD.exec(text)!
      const [all, name, number, mark, quote] = match
      at += all.length
      const value = name ?? number ?? mark ?? ''
      const start = offset + at - (value || (quote ?? '')).length
      if (quote !== undefined) at = this.#string(text, at, quote, offset)
      else if (value === '') {
        if (at < text.length) throw this.error(`${JSON.stringify(text[at])} has no meaning here`, offset + at)
        this.#tokens.push({ type: 'end', text: 'the end', value: '', at: offset + at })
        return
      } else if (name !== undefined) this.#tokens.push({ type: 'name', text: name, value: name, at: start })
      else if (number !== undefined)
        this.#tokens.push({ type: 'number', text: number, value: Number(number), at: start })
      else this.#tokens.push({ type: 'mark', text: value, value, at: start })
    }
  }

  #string(text: string, from: number, quote: string, offset: number): number {
    let value = ''
    for (let at = from; at < text.length; at++) {
      const char = text[at]!
      if (char === quote) {
        this.#tokens.push({ type: 'string', text: text.slice(from - 1, at + 1), value, at: offset + from - 1 })
        return at + 1
      }
      if (char !== '\\') value += char
      else {
        const next = text[++at] ?? ''
        value += ESCAPES[next] ?? next
      }
    }
    throw this.error('The string is not closed', offset + from - 1)
  }

  get token(): Token {
    return this.#tokens[this.#next]!
  }

  peek(ahead = 1): Token {
    return this.#tokens[Math.min(this.#next + ahead, this.#tokens.length - 1)]!
  }

  take(): Token {
    const token = this.token
    if (token.type !== 'end') this.#next++
    return token
  }

  /** Takes the next token if it is this name or mark. */
  accept(text: string): boolean {
    const { type } = this.token
    if ((type !== 'name' && type !== 'mark') || this.token.text !== text) return false
    this.#next++
    return true
  }

  expect(text: string, where: string): void {
    if (!this.accept(text)) throw this.error(`${text} is expected ${where}, and ${this.token.text} stands here`)
  }

  name(what: string): string {
    if (this.token.type !== 'name') throw this.error(`${what} is expected, and ${this.token.text} stands here`)
    return this.take().text
  }

  string(what: string): string {
    if (this.token.type !== 'string')
      throw this.error(`${what} is expected in quotes, and ${this.token.text} stands here`)
    return String(this.take().value)
  }

  /** Reads an expression inside another one. */
  nested<T>(read: (tokens: Tokens) => T): T {
    const { expressionDepth } = this.limits
    if (++this.#depth > expressionDepth) {
      throw this.error(`The expression is nested deeper than ${expressionDepth}`, this.token.at, 'TEMPLATE_LIMIT')
    }
    const expr = read(this)
    this.#depth--
    return expr
  }

  end(): void {
    if (this.token.type !== 'end') throw this.error(`${this.token.text} is too much here`)
  }

  error(problem: string, at = this.token.at, code: TemplateErrorCode = 'TEMPLATE_SYNTAX'): TemplateError {
    return new TemplateError(problem, this.source, at, code)
  }
}
