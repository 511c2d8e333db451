/** Compiles expressions to closures: no code is ever made from text. */

import { type Source, TemplateError } from '../error.ts'
import { escapeText } from '../escape/context.ts'
import { printText, Unprintable } from '../escape/print.ts'
import { SafeHtml } from '../safe.ts'
import type { Args, Expr, Operator } from '../syntax/ast.ts'
import { find, MISSING, read, truthy } from './read.ts'
import { type Filter, names, type Run, resolve } from './run.ts'

export type Evaluate = (run: Run) => unknown

/** What expressions of one file are compiled with. */
export interface Scope {
  readonly source: Source
  readonly filters: ReadonlyMap<string, Filter>
}

/** @param lenient whether a missing name is no error here: in a test, or before `default`. */
export function evaluator(expr: Expr, scope: Scope, lenient = false): Evaluate {
  switch (expr.type) {
    case 'literal': {
      const { value } = expr
      return () => value
    }
    case 'name':
      return nameOf(expr.name, expr.at, scope, lenient)
    case 'member':
      return member(expr, scope, lenient)
    case 'call':
      return call(expr, scope)
    case 'filter':
      return filter(expr, scope)
    case 'unary': {
      const operand = evaluator(expr.operand, scope, lenient || expr.operator === 'not')
      return expr.operator === 'not' ? (run) => !truthy(operand(run)) : (run) => -Number(operand(run))
    }
    case 'binary':
      return binary(expr.operator, expr, scope, lenient)
    case 'conditional': {
      const test = evaluator(expr.test, scope, true)
      const then = evaluator(expr.then, scope, lenient)
      const otherwise = expr.otherwise ? evaluator(expr.otherwise, scope, lenient) : () => undefined
      return (run) => (truthy(test(run)) ? then(run) : otherwise(run))
    }
    case 'defined': {
      const operand = evaluator(expr.operand, scope, true)
      return (run) => operand(run) !== undefined
    }
    case 'list': {
      const items = expr.items.map((item) => evaluator(item, scope))
      return (run) => items.map((item) => item(run))
    }
    case 'dict': {
      const entries = expr.entries.map(([key, value]) => [key, evaluator(value, scope)] as const)
      return (run) => Object.fromEntries(entries.map(([key, value]) => [key, value(run)]))
    }
  }
}

function nameOf(name: string, at: number, { source }: Scope, lenient: boolean): Evaluate {
  return (run) => {
    const value = resolve(run, name)
    if (value !== MISSING) return value
    if (run.strict && !lenient) throw new TemplateError(missing(name, run), source, at)
    return undefined
  }
}

function missing(name: string, run: Run): string {
  const known = names(run)
  const near = known.find((other) => other.toLowerCase() === name.toLowerCase() || distance(other, name) <= 2)
  const hint = near ? `did you mean ${near}?` : `there are ${known.slice(0, 20).join(', ') || 'no variables at all'}`
  return `There is no variable ${name}: ${hint}`
}

/** How many letters differ, roughly: enough to find a slip of the finger. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2 || a.length < 3) return 3
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[b.length]!
}

function member(expr: Expr & { type: 'member' }, scope: Scope, lenient: boolean): Evaluate {
  const { source } = scope
  const object = evaluator(expr.object, scope, lenient)
  const fail = () => {
    const problem = 'What stands before this is undefined; if it is a relation, load it by .with(…)'
    throw new TemplateError(problem, source, expr.at)
  }
  if (expr.key.type === 'literal') {
    const key = expr.key.value
    return (run) => {
      const owner = object(run)
      if (owner === undefined && run.strict && !lenient) fail()
      return read(owner, key)
    }
  }
  const key = evaluator(expr.key, scope, lenient)
  return (run) => {
    const owner = object(run)
    if (owner === undefined && run.strict && !lenient) fail()
    return read(owner, key(run))
  }
}

function call(expr: Expr & { type: 'call' }, scope: Scope): Evaluate {
  const { source } = scope
  const { name, at } = expr
  const args = argumentsOf(expr.args, scope)
  return (run) => {
    const callee = resolve(run, name)
    if (typeof callee !== 'function') {
      const what = callee === MISSING ? `There is no function ${name}` : `${name} is not a function`
      throw new TemplateError(`${what} among the globals and the data`, source, at)
    }
    try {
      return callee(...args(run))
    } catch (error) {
      throw located(error, `${name}(): `, source, at)
    }
  }
}

function filter(expr: Expr & { type: 'filter' }, scope: Scope): Evaluate {
  const { source, filters } = scope
  const { name, at } = expr
  const apply = filters.get(name) as ((...args: unknown[]) => unknown) | undefined
  if (!apply) throw new TemplateError(`There is no filter ${name}`, source, at)
  const input = evaluator(expr.input, scope, name === 'default')
  const args = argumentsOf(expr.args, scope)
  return (run) => {
    const value = input(run)
    try {
      return apply(value, ...args(run))
    } catch (error) {
      throw located(error, `The filter ${name}: `, source, at)
    }
  }
}

/** The arguments of a call; those with names become one object, the last argument. */
function argumentsOf(args: Args, scope: Scope): (run: Run) => unknown[] {
  const positional = args.positional.map((arg) => evaluator(arg, scope))
  const named = args.named.map(([name, arg]) => [name, evaluator(arg, scope)] as const)
  if (named.length === 0) return (run) => positional.map((arg) => arg(run))
  return (run) => [
    ...positional.map((arg) => arg(run)),
    Object.fromEntries(named.map(([name, arg]) => [name, arg(run)])),
  ]
}

/** An error with the place in the template where it came up; one that has a place keeps it. */
export function located(error: unknown, prefix: string, source: Source, at: number): Error {
  if (error instanceof TemplateError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new TemplateError(prefix + message, source, at, error instanceof Unprintable ? undefined : error)
}

function binary(operator: Operator, expr: Expr & { type: 'binary' }, scope: Scope, lenient: boolean): Evaluate {
  const left = evaluator(expr.left, scope, lenient || operator === 'or')
  const right = evaluator(expr.right, scope, lenient)
  switch (operator) {
    case 'or':
      return (run) => {
        const value = left(run)
        return truthy(value) ? value : right(run)
      }
    case 'and':
      return (run) => {
        const value = left(run)
        return truthy(value) ? right(run) : value
      }
    case '==':
      return (run) => same(left(run), right(run))
    case '!=':
      return (run) => !same(left(run), right(run))
    case '<':
      return (run) => compare(left(run), right(run)) < 0
    case '<=':
      return (run) => compare(left(run), right(run)) <= 0
    case '>':
      return (run) => compare(left(run), right(run)) > 0
    case '>=':
      return (run) => compare(left(run), right(run)) >= 0
    case 'in':
      return (run) => contains(right(run), left(run))
    case 'not in':
      return (run) => !contains(right(run), left(run))
    case '~':
      return (run) => {
        try {
          return concat(left(run), right(run))
        } catch (error) {
          throw located(error, '', scope.source, expr.at)
        }
      }
    default:
      return arithmetic(operator, left, right)
  }
}

/** HTML and text together are HTML, in which the text has been escaped. */
function concat(a: unknown, b: unknown): unknown {
  const html = a instanceof SafeHtml || b instanceof SafeHtml
  return html ? new SafeHtml(escapeText(a) + escapeText(b)) : printText(a) + printText(b)
}

function arithmetic(operator: Operator, left: Evaluate, right: Evaluate): Evaluate {
  switch (operator) {
    case '+':
      return (run) => {
        const [a, b] = [left(run), right(run)]
        return typeof a === 'string' && typeof b === 'string' ? a + b : Number(a) + Number(b)
      }
    case '-':
      return (run) => Number(left(run)) - Number(right(run))
    case '*':
      return (run) => Number(left(run)) * Number(right(run))
    case '/':
      return (run) => Number(left(run)) / Number(right(run))
    case '//':
      return (run) => Math.floor(Number(left(run)) / Number(right(run)))
    default:
      return (run) => {
        const [a, b] = [Number(left(run)), Number(right(run))]
        return a - b * Math.floor(a / b) // as Python has it: the sign of the divisor
      }
  }
}

function same(a: unknown, b: unknown): boolean {
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime()
  // Nothing is nothing, whichever of the two it is.
  return a === b || ((a === null || a === undefined) && (b === null || b === undefined))
}

/** Below, at or above zero; NaN, which no comparison holds for, when the two have no order. */
function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0
  if (a instanceof Date && b instanceof Date) return a.getTime() - b.getTime()
  return Number.NaN
}

function contains(where: unknown, what: unknown): boolean {
  if (typeof where === 'string') return typeof what === 'string' && where.includes(what)
  if (Array.isArray(where)) return where.some((item) => same(item, what))
  if (where instanceof Set || where instanceof Map) return where.has(what)
  if (typeof where !== 'object' || where === null || typeof what !== 'string') return false
  return find(where, what) !== MISSING
}
