/** What is wrong with a template, and where. */
import { CodedError } from '../base/errors.ts'

/** A template's text, with the name it is known by. */
export interface Source {
  readonly name: string
  readonly text: string
  /** The file it came from, when it came from one. */
  readonly path?: string | undefined
}

/**
 * `TEMPLATE_SYNTAX`: not written as a template is. `TEMPLATE_UNSAFE`: a value stands where none can be made safe, or it is
 * not known where. `TEMPLATE_RENDER`: the data, a filter or a function fail. `TEMPLATE_LIMIT`: more than a limit allows.
 */
export type TemplateErrorCode = 'TEMPLATE_SYNTAX' | 'TEMPLATE_UNSAFE' | 'TEMPLATE_RENDER' | 'TEMPLATE_LIMIT'

/** A template that cannot be compiled or rendered. `message` says what and where; `excerpt` shows the lines. */
export class TemplateError extends CodedError {
  override readonly name = 'TemplateError'
  override readonly code: TemplateErrorCode
  readonly template: string
  readonly path: string | undefined
  /** From 1, as editors count. */
  readonly line: number
  readonly column: number
  /** The line, its neighbours and a mark under the column. */
  readonly excerpt: string
  /** What is wrong, without the place. */
  readonly problem: string

  constructor(
    problem: string,
    source: Source,
    offset: number,
    code: TemplateErrorCode = 'TEMPLATE_SYNTAX',
    cause?: unknown,
  ) {
    const { line, column } = position(source.text, offset)
    super(`${source.name}:${line}:${column}: ${problem}`, cause === undefined ? {} : { cause })
    this.code = code
    this.problem = problem
    this.template = source.name
    this.path = source.path
    this.line = line
    this.column = column
    this.excerpt = excerpt(source.text, line, column)
  }
}

/** There is no template of that name where the engine looks. */
export class TemplateNotFound extends CodedError {
  override readonly name = 'TemplateNotFound'
  override readonly code = 'TEMPLATE_NOT_FOUND'
  readonly template: string

  constructor(template: string, where: string) {
    super(`No template ${JSON.stringify(template)} in ${where}`)
    this.template = template
  }
}

/** The engine is used as it cannot be meant: by an option, a name or data that are none. A mistake of the program. */
export class TemplateUsageError extends CodedError {
  override readonly name = 'TemplateUsageError'
  override readonly code = 'TEMPLATE_USAGE'
}

/** Line and column of an offset, both from 1. */
export function position(text: string, offset: number): { line: number; column: number } {
  let line = 1
  let start = 0
  for (let next = text.indexOf('\n'); next !== -1 && next < offset; next = text.indexOf('\n', next + 1)) {
    line++
    start = next + 1
  }
  return { line, column: Math.min(offset, text.length) - start + 1 }
}

/** Longest piece of one line that an excerpt shows. */
const WIDTH = 160

function excerpt(text: string, line: number, column: number): string {
  const lines = text.split('\n')
  const shown: string[] = []
  const digits = String(line + 1).length
  const from = Math.max(0, column - WIDTH)
  for (let number = Math.max(1, line - 1); number <= Math.min(lines.length, line + 1); number++) {
    shown.push(`${String(number).padStart(digits)} | ${(lines[number - 1] ?? '').slice(from, from + WIDTH)}`)
    if (number === line) shown.push(`${' '.repeat(digits)} | ${' '.repeat(column - 1 - from)}^`)
  }
  return shown.join('\n')
}
