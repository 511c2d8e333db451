/**
 * The expression language, as in Jinja without method calls. From loosest to tightest:
 * `a if b else c`, `or`, `and`, `not`, comparisons and `in` and `is`, `~`, `+ -`, `* / // %`, unary `-`,
 * filters and access (`a.b`, `a[b]`, `a|filter(x)`, `a|filter:x`), calls of names, literals.
 */
import type { Args, Expr, Operator } from './ast.ts'
import type { Tokens } from './tokens.ts'

const LEVELS: readonly (readonly Operator[])[] = [['~'], ['+', '-'], ['*', '/', '//', '%']]
const LITERALS = new Map<string, unknown>([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['none', null],
  ['None', null],
  ['null', null],
])
const WORDS = new Set(['if', 'else', 'and', 'or', 'not', 'in', 'is'])

/** Reads one expression and leaves the reader behind it. */
export function parseExpression(tokens: Tokens): Expr {
  return tokens.nested(conditional)
}

function conditional(tokens: Tokens): Expr {
  const then = or(tokens)
  const { at } = tokens.token
  if (!tokens.accept('if')) return then
  const test = or(tokens)
  const otherwise = tokens.accept('else') ? parseExpression(tokens) : null
  return { type: 'conditional', test, then, otherwise, at }
}

function or(tokens: Tokens): Expr {
  let left = and(tokens)
  for (let at = tokens.token.at; tokens.accept('or'); at = tokens.token.at) {
    left = { type: 'binary', operator: 'or', left, right: and(tokens), at }
  }
  return left
}

function and(tokens: Tokens): Expr {
  let left = not(tokens)
  for (let at = tokens.token.at; tokens.accept('and'); at = tokens.token.at) {
    left = { type: 'binary', operator: 'and', left, right: not(tokens), at }
  }
  return left
}

function not(tokens: Tokens): Expr {
  const { at } = tokens.token
  let count = 0
  while (tokens.accept('not')) count++
  const operand = comparison(tokens)
  if (count === 0) return operand
  const negated: Expr = { type: 'unary', operator: 'not', operand, at }
  return count % 2 === 1 ? negated : { type: 'unary', operator: 'not', operand: negated, at }
}

function comparison(tokens: Tokens): Expr {
  let left = binary(tokens, 0)
  for (;;) {
    const { at } = tokens.token
    const operator = comparator(tokens)
    if (operator === null) return left
    left = operator === 'is' ? test(tokens, left, at) : { type: 'binary', operator, left, right: binary(tokens, 0), at }
  }
}

function comparator(tokens: Tokens): Operator | 'is' | null {
  const { text, type } = tokens.token
  if (type === 'mark' && /^(==|!=|<=|>=|<|>)$/.test(text)) return tokens.take().text as Operator
  if (tokens.accept('is')) return 'is'
  if (tokens.accept('in')) return 'in'
  if (type === 'name' && text === 'not' && tokens.peek().text === 'in') {
    tokens.take()
    tokens.take()
    return 'not in'
  }
  return null
}

/** `is defined`, `is none`, `is not …`. */
function test(tokens: Tokens, operand: Expr, at: number): Expr {
  const negated = tokens.accept('not')
  const name = tokens.name('The name of a test')
  let expr: Expr
  if (name === 'defined') expr = { type: 'defined', operand, at }
  else if (name === 'undefined')
    expr = { type: 'unary', operator: 'not', operand: { type: 'defined', operand, at }, at }
  else if (LITERALS.has(name)) {
    expr = {
      type: 'binary',
      operator: '==',
      left: operand,
      right: { type: 'literal', value: LITERALS.get(name), at },
      at,
    }
  } else throw tokens.error(`There is no test ${name}: there are defined, undefined, none, true and false`, at)
  return negated ? { type: 'unary', operator: 'not', operand: expr, at } : expr
}

function binary(tokens: Tokens, level: number): Expr {
  const operators = LEVELS[level]
  if (!operators) return unary(tokens)
  let left = binary(tokens, level + 1)
  while (tokens.token.type === 'mark' && operators.includes(tokens.token.text as Operator)) {
    const { at, text } = tokens.take()
    left = { type: 'binary', operator: text as Operator, left, right: binary(tokens, level + 1), at }
  }
  return left
}

function unary(tokens: Tokens): Expr {
  const { at } = tokens.token
  if (!tokens.accept('-')) return postfix(tokens)
  return { type: 'unary', operator: '-', operand: postfix(tokens), at }
}

function postfix(tokens: Tokens): Expr {
  let expr = primary(tokens)
  for (;;) {
    const { at } = tokens.token
    if (tokens.accept('.')) expr = { type: 'member', object: expr, key: memberName(tokens), at }
    else if (tokens.accept('[')) {
      expr = { type: 'member', object: expr, key: parseExpression(tokens), at }
      tokens.expect(']', 'after an index')
    } else if (tokens.accept('|')) expr = filter(tokens, expr)
    else if (tokens.token.text === '(' && tokens.token.type === 'mark') {
      throw tokens.error('Only functions given to the template by name can be called, not methods or values')
    } else return expr
  }
}

function memberName(tokens: Tokens): Expr {
  const { at, type, value } = tokens.token
  if (type === 'number' && Number.isInteger(value)) {
    tokens.take()
    return { type: 'literal', value, at }
  }
  return { type: 'literal', value: tokens.name('The name of a property'), at }
}

function filter(tokens: Tokens, input: Expr): Expr {
  const { at } = tokens.token
  const name = tokens.name('The name of a filter')
  let args: Args = { positional: [], named: [] }
  if (tokens.accept('(')) args = parseArgs(tokens)
  else if (tokens.accept(':')) args = { positional: [primary(tokens)], named: [] } // Django's way: date:"Y-m-d"
  return { type: 'filter', input, name, args, at }
}

/** The arguments behind an opening parenthesis: `a, b, name=c)`. */
export function parseArgs(tokens: Tokens): Args {
  const positional: Expr[] = []
  const named: (readonly [string, Expr])[] = []
  while (!tokens.accept(')')) {
    if (tokens.token.type === 'name' && tokens.peek().text === '=' && tokens.peek().type === 'mark') {
      named.push(parsePair(tokens))
    } else {
      if (named.length > 0) throw tokens.error('Arguments without a name come before those with one')
      positional.push(parseExpression(tokens))
    }
    if (tokens.accept(')')) break
    tokens.expect(',', 'between arguments')
  }
  return { positional, named }
}

/** `name=expression`. */
export function parsePair(tokens: Tokens): readonly [string, Expr] {
  const name = tokens.name('A name')
  tokens.expect('=', `after ${name}`)
  return [name, parseExpression(tokens)]
}

function primary(tokens: Tokens): Expr {
  const token = tokens.token
  const { at, type, text } = token
  if (type === 'number' || type === 'string') {
    tokens.take()
    return { type: 'literal', value: token.value, at }
  }
  if (type === 'name' && !WORDS.has(text)) {
    tokens.take()
    if (LITERALS.has(text)) return { type: 'literal', value: LITERALS.get(text), at }
    return tokens.accept('(')
      ? { type: 'call', name: text, args: parseArgs(tokens), at }
      : { type: 'name', name: text, at }
  }
  if (tokens.accept('(')) {
    const expr = parseExpression(tokens)
    tokens.expect(')', 'to close the parenthesis')
    return expr
  }
  if (tokens.accept('[')) return { type: 'list', items: items(tokens), at }
  if (tokens.accept('{')) return { type: 'dict', entries: entries(tokens), at }
  throw tokens.error(type === 'end' ? 'An expression is missing here' : `${text} is not a beginning of an expression`)
}

function items(tokens: Tokens): Expr[] {
  const list: Expr[] = []
  while (!tokens.accept(']')) {
    list.push(parseExpression(tokens))
    if (tokens.accept(']')) break
    tokens.expect(',', 'between the items of a list')
  }
  return list
}

function entries(tokens: Tokens): (readonly [string, Expr])[] {
  const list: (readonly [string, Expr])[] = []
  while (!tokens.accept('}')) {
    const key = tokens.string('A key')
    tokens.expect(':', 'after a key')
    list.push([key, parseExpression(tokens)])
    if (tokens.accept('}')) break
    tokens.expect(',', 'between the entries of a dictionary')
  }
  return list
}
