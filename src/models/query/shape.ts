/**
 * Compiled queries by their shape. Building and compiling costs some ten times what SQLite needs to find a row by its
 * key, and most queries of a program differ in their values only: the shape is what is left without them.
 */

import type { SqlValue } from '../fields/field.ts'
import { MAX_SHAPES } from '../limits.ts'
import type { Column, Meta } from '../meta.ts'
import { compileByIds, compileInsert, compileUpdate, type Selection, type Sql } from './compile.ts'
import type { ConditionNode, OperandNode } from './expression.ts'

const shapes = new WeakMap<Meta, Map<string, string>>()

/** The SQL of `verb` for this selection. */
export function shaped(verb: string, selection: Selection, compile: (selection: Selection) => Sql): Sql {
  const parameters: SqlValue[] = []
  const key = selectionShape(verb, selection, parameters)
  return cached(selection.meta, key, parameters, () => compile(selection))
}

export function shapedInsert(meta: Meta, names: readonly string[], values: readonly SqlValue[]): Sql {
  return cached(meta, `insert ${names}`, values, () => compileInsert(meta, names, values))
}

export function shapedUpdate(selection: Selection, changes: readonly (readonly [Column, OperandNode])[]): Sql {
  const parameters: SqlValue[] = []
  const sets = changes.map(([column, value]) => `${column.name}=${operandShape(value, parameters)}`)
  const key = selectionShape(`update ${sets}`, selection, parameters)
  return cached(selection.meta, key, parameters, () => compileUpdate(selection, changes))
}

export function shapedByIds(meta: Meta, column: string, ids: readonly SqlValue[]): Sql {
  return cached(meta, `ids ${column}`, [JSON.stringify(ids)], () => compileByIds(meta, column, ids))
}

/** `compile` is asked only the first time for each key. */
function cached(meta: Meta, key: string, parameters: readonly SqlValue[], compile: () => Sql): Sql {
  let compiled = shapes.get(meta)
  if (!compiled) shapes.set(meta, (compiled = new Map()))
  const known = compiled.get(key)
  if (known !== undefined) return { sql: known, parameters }
  const made = compile()
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

function selectionShape(verb: string, { where, order, limit, offset }: Selection, parameters: SqlValue[]): string {
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
