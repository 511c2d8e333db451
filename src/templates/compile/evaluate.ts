/** Compiles expressions to closures: no code is ever made from text. */

import { type Source, TemplateError } from '../errors.ts'
import { printHtml, printText } from '../escape/values/print.ts'
import { EscapedText, SafeHtml } from '../safe.ts'
import type { Args, Expr, Operator } from '../syntax/ast.ts'
import { located } from './located.ts'
import { macroOf } from './macro.ts'
import { arithmetic, compare, negative, same } from './operators.ts'
import { find, MISSING, read, truthy } from './read.ts'
import { type Evaluate, type Filter, names, type Place, type Run, resolve } from './run.ts'
import { isAttempt, there } from './waiting.ts'

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
      return expr.operator === 'not' ? (run) => !truthy(operand(run)) : (run) => negative(operand(run))
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
  const place: Place = { source, at }
  return (run) => {
    const { waits } = run
    let value: unknown
    if (waits !== null) value = waits.replays ? waits.replay() : waits.keep(resolve(run, name), place)
    else if (typeof (value = resolve(run, name)) === 'object') return there(value, name, place)
    if (value !== MISSING) return value
    if (run.strict && !lenient) throw new TemplateError(missing(name, run), source, at, 'TEMPLATE_RENDER')
    return undefined
  }
}

function missing(name: string, run: Run): string {
  const known = names(run)
  const near = nearest(known, name)
  const hint = near ? `did you mean ${near}?` : `there are ${known.slice(0, 20).join(', ') || 'no variables at all'}`
  return `There is no variable ${name}: ${hint}`
}

/** The name that was probably meant. */
function nearest(known: readonly string[], name: string): string | undefined {
  return known.find((other) => other.toLowerCase() === name.toLowerCase() || distance(other, name) <= 2)
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
  const place: Place = { source: scope.source, at: expr.at }
  const object = evaluator(expr.object, scope, lenient)
  const owned = (run: Run): unknown => {
    const owner = object(run)
    if (owner !== undefined || !run.strict || lenient) return owner
    const problem = 'What stands before this is undefined; if it is a relation, load it by .with(…)'
    throw new TemplateError(problem, place.source, place.at, 'TEMPLATE_RENDER')
  }
  if (expr.key.type === 'literal') {
    const { value: key } = expr.key
    const what = String(key)
    return (run) => {
      const owner = owned(run)
      const { waits } = run
      if (waits !== null) return waits.replays ? waits.replay() : waits.keep(read(owner, key), place)
      const value = read(owner, key)
      return typeof value === 'object' ? there(value, what, place) : value
    }
  }
  const key = evaluator(expr.key, scope, lenient)
  return (run) => {
    const owner = owned(run)
    const name = key(run)
    const { waits } = run
    if (waits !== null) return waits.replays ? waits.replay() : waits.keep(read(owner, name), place)
    const value = read(owner, name)
    return typeof value === 'object' ? there(value, 'This', place) : value
  }
}

function call(expr: Expr & { type: 'call' }, scope: Scope): Evaluate {
  const { source } = scope
  const { name, at } = expr
  const place: Place = { source, at }
  const args = argumentsOf(expr.args, scope)
  return (run) => {
    const callee = resolve(run, name)
    if (typeof callee !== 'function') {
      const what = callee === MISSING ? `There is no function ${name}` : `${name} is not a function`
      throw new TemplateError(`${what} among the globals and the data`, source, at, 'TEMPLATE_RENDER')
    }
    const given = args(run)
    const { waits } = run
    try {
      if (waits === null || macroOf(callee) !== null) return there(callee(...given), `What ${name}() gives`, place)
      return waits.replays ? waits.replay() : waits.keep(callee(...given), place)
    } catch (error) {
      throw isAttempt(error) ? error : located(error, `${name}(): `, source, at)
    }
  }
}

function filter(expr: Expr & { type: 'filter' }, scope: Scope): Evaluate {
  const { source, filters } = scope
  const { name, at } = expr
  const place: Place = { source, at }
  const apply = filters.get(name) as ((...args: unknown[]) => unknown) | undefined
  if (!apply) {
    const near = nearest([...filters.keys()], name)
    throw new TemplateError(`There is no filter ${name}${near ? `: did you mean ${near}?` : ''}`, source, at)
  }
  const input = evaluator(expr.input, scope, name === 'default')
  const args = argumentsOf(expr.args, scope)
  return (run) => {
    const value = input(run)
    const given = args(run)
    const { waits } = run
    try {
      if (waits === null) return there(apply(value, ...given), `What the filter ${name} gives`, place)
      return waits.replays ? waits.replay() : waits.keep(apply(value, ...given), place)
    } catch (error) {
      throw isAttempt(error) ? error : located(error, `The filter ${name}: `, source, at)
    }
  }
}

/** The arguments of a call; those with names become one object, the last argument. */
export function argumentsOf(args: Args, scope: Scope): (run: Run) => unknown[] {
  const positional = args.positional.map((arg) => evaluator(arg, scope))
  const named = args.named.map(([name, arg]) => [name, evaluator(arg, scope)] as const)
  if (named.length === 0) return (run) => positional.map((arg) => arg(run))
  return (run) => [
    ...positional.map((arg) => arg(run)),
    Object.fromEntries(named.map(([name, arg]) => [name, arg(run)])),
  ]
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
          throw isAttempt(error) ? error : located(error, '', scope.source, expr.at)
        }
      }
    default: {
      const compute = arithmetic(operator)
      return (run) => {
        try {
          return compute(left(run), right(run))
        } catch (error) {
          throw isAttempt(error) ? error : located(error, '', scope.source, expr.at)
        }
      }
    }
  }
}

/** HTML and text together are HTML, in which the text has been escaped. */
function concat(a: unknown, b: unknown): unknown {
  if (!(a instanceof SafeHtml || b instanceof SafeHtml)) return printText(a) + printText(b)
  const html = printHtml(a) + printHtml(b)
  const text = [a, b].every((part) => part instanceof EscapedText || !(part instanceof SafeHtml))
  return text ? new EscapedText(printText(a) + printText(b), html) : new SafeHtml(html)
}

function contains(where: unknown, what: unknown): boolean {
  if (typeof where === 'string') return typeof what === 'string' && where.includes(what)
  if (Array.isArray(where)) return where.some((item) => same(item, what))
  if (where instanceof Set || where instanceof Map) return where.has(what)
  if (typeof where !== 'object' || where === null || typeof what !== 'string') return false
  return find(where, what) !== MISSING
}
