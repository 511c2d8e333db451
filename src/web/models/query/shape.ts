/**
 * Compiled queries by their shape. Building and compiling costs some ten times what SQLite needs to find a row by its
 * key, and most queries of a program differ in their values only: the shape is what is left without them.
 */

import type { SqlValue } from '../fields/field.ts'
import { MAX_SHAPES } from '../limits.ts'
import type { Meta } from '../meta.ts'
import type { Selection, Sql } from './compile.ts'
import type { ConditionNode, OperandNode } from './expression.ts'

const shapes = new WeakMap<Meta, Map<string, string>>()

/** The SQL of `verb` for this selection: `compile` is asked only the first time for each shape. */
export function shaped(verb: string, selection: Selection, compile: (selection: Selection) => Sql): Sql {
  let compiled = shapes.get(selection.meta)
  if (!compiled) shapes.set(selection.meta, (compiled = new Map()))
  const parameters: SqlValue[] = []
  const key = shapeOf(verb, selection, parameters)
  const known = compiled.get(key)
  if (known !== undefined) return { sql: known, parameters }
  const made = compile(selection)
  // The shape is used again only if it knows the parameters and their order as well as the compiler does.
  if (same(made.parameters, parameters)) {
    if (compiled.size >= MAX_SHAPES) {
      for (const oldest of compiled.keys()) {
        compiled.delete(oldest)
        break
      }
    }
    compiled.set(key, made.sql)
  }
  return made
}

function same(a: readonly SqlValue[], b: readonly SqlValue[]): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]))
}

function shapeOf(verb: string, { where, order, limit, offset }: Selection, parameters: SqlValue[]): string {
  let key = verb
  for (const node of where) key += ` w ${conditionShape(node, parameters)}`
  for (const { operand, descending } of order) key += ` ${descending ? 'd' : 'a'} ${operandShape(operand, parameters)}`
  if (limit !== null || offset !== 0) {
    key += ' l'
    parameters.push(limit ?? -1, offset)
  }
  return key
}

function conditionShape(node: ConditionNode, parameters: SqlValue[]): string {
  switch (node.type) {
    case 'compare': {
      const left = operandShape(node.left, parameters)
      return `${left}${node.operator}${operandShape(node.right, parameters)}`
    }
    case 'null':
      return `${operandShape(node.operand, parameters)}${node.negated ? '!0' : '=0'}`
    case 'in': {
      const operand = operandShape(node.operand, parameters)
      parameters.push(JSON.stringify(node.values))
      return `${operand} in`
    }
    case 'like': {
      const operand = operandShape(node.operand, parameters)
      parameters.push(node.pattern)
      return `${operand} like`
    }
    case 'and':
    case 'or':
      return `${node.type}(${node.parts.map((part) => conditionShape(part, parameters)).join(',')})`
    case 'not':
      return `not(${conditionShape(node.part, parameters)})`
  }
}

function operandShape(node: OperandNode, parameters: SqlValue[]): string {
  switch (node.type) {
    case 'column':
      return [...node.path, node.column.name].join('.')
    case 'value':
      parameters.push(node.value)
      return '?'
    case 'arithmetic': {
      const left = operandShape(node.left, parameters)
      return `(${left}${node.operator}${operandShape(node.right, parameters)})`
    }
  }
}
