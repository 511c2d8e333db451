/** The table and the columns of a model, read once from an instance of its class. */

import { ModelError } from './errors.ts'
import { Field, type FieldOptions } from './fields/field.ts'
import type { Kind } from './fields/kind.ts'
import { type Class, Many, Ref } from './fields/relation.ts'
import type { OnDelete } from './state.ts'

/** One column: a field, or the id of a reference. */
export interface Column {
  /** The property of a row: `authorId`. */
  readonly property: string
  /** The column's name: `author_id`. */
  readonly name: string
  /** As declared: `author`. */
  readonly declared: string
  readonly kind: Kind<unknown>
  readonly options: FieldOptions<unknown>
  readonly field: Field<unknown, boolean> | Ref<object, boolean>
  readonly reference: { readonly target: () => Meta; readonly onDelete: OnDelete } | null
}

export interface Relation {
  readonly name: string
  readonly target: () => Meta
  /** A reference has its id here; many have theirs at the other model. */
  readonly kind: 'ref' | 'many'
  /** The column that holds the id: of this model for 'ref', of the other for 'many'. @throws ModelError when there is no such column. */
  readonly column: () => Column
}

export interface Meta {
  readonly model: Class<object>
  /** The class's name. */
  readonly name: string
  readonly table: string
  /** By property, in the order of declaration. */
  readonly columns: ReadonlyMap<string, Column>
  /** The same columns as a list, for the loop that makes rows. */
  readonly list: readonly Column[]
  readonly relations: ReadonlyMap<string, Relation>
}

const known = new WeakMap<object, Meta>()

/**
 * The metadata of a model.
 * @throws ModelError for a declaration that cannot be a table.
 */
export function metaOf(model: Class<object>): Meta {
  const meta = known.get(model)
  if (meta) return meta
  const made = describe(model)
  known.set(model, made)
  return made
}

/** @throws ModelError for two models with one table. */
export function requireOwnTables(models: Iterable<Class<object>>): void {
  const owners = new Map<string, Class<object>>()
  for (const model of models) {
    // Most databases do not tell names apart by case.
    const table = metaOf(model).table.toLowerCase()
    const owner = owners.get(table)
    if (owner !== undefined && owner !== model)
      throw new ModelError(
        `two models have the table "${table}", ${owner.name} and ${model.name}: give one of them another, static table = '…'`,
      )
    owners.set(table, model)
  }
}

function describe(model: Class<object>): Meta {
  const columns = new Map<string, Column>()
  const relations = new Map<string, Relation>()
  const names = new Set<string>()
  const add = (column: Column) => {
    if (columns.has(column.property) || relations.has(column.property) || names.has(column.name)) {
      throw new ModelError(
        `${model.name}.${column.property}: another field has this name already, or the column ${column.name}`,
      )
    }
    columns.set(column.property, column)
    names.add(column.name)
  }
  const instance = new model()
  for (const [name, field] of Object.entries(instance)) {
    if (!/^[A-Za-z][A-Za-z0-9]*$/.test(name)) {
      throw new ModelError(
        `${model.name}.${name}: the name of a field must begin with a letter and consist of ASCII letters and digits`,
      )
    }
    if (field instanceof Field) add(fieldColumn(name, field))
    else if (field instanceof Ref) {
      add(refColumn(model, name, field))
      relations.set(name, {
        name,
        kind: 'ref',
        target: () => targetOf(model, name, field),
        column: () => columns.get(`${name}Id`)!,
      })
    } else if (field instanceof Many) {
      relations.set(name, {
        name,
        kind: 'many',
        target: () => targetOf(model, name, field),
        column: () => backColumn(model, name, field),
      })
    } else throw new ModelError(`${model.name}.${name} is not a field: declare it with f, or make it a method`)
  }
  const id = columns.get('id')
  if (id?.kind.name !== 'id') throw new ModelError(`${model.name} has no id: declare id = f.id()`)
  const table = Object.hasOwn(model, 'table')
    ? String((model as unknown as { table: unknown }).table)
    : snake(model.name)
  return {
    model,
    name: model.name,
    table,
    columns,
    list: [...columns.values()],
    relations,
  }
}

function fieldColumn(name: string, field: Field<unknown, boolean>): Column {
  return {
    property: name,
    name: snake(name),
    declared: name,
    kind: field.kind as Kind<unknown>,
    options: field.options,
    field,
    reference: null,
  }
}

function refColumn(model: Class<object>, name: string, field: Ref<object, boolean>): Column {
  if (field.onDelete === 'set null' && !field.options.nullable) {
    throw new ModelError(
      `${model.name}.${name}: onDelete is 'set null', but the field does not allow null: add .null()`,
    )
  }
  return {
    property: `${name}Id`,
    name: `${snake(name)}_id`,
    declared: name,
    kind: field.kind as Kind<unknown>,
    options: field.options as FieldOptions<unknown>,
    field,
    reference: { target: () => targetOf(model, name, field), onDelete: field.onDelete },
  }
}

function targetOf(model: Class<object>, name: string, field: { readonly target: () => Class<object> }): Meta {
  const target = field.target()
  if (typeof target !== 'function')
    throw new ModelError(`${model.name}.${name} refers to ${String(target)}, which is not a model`)
  return metaOf(target)
}

function backColumn(model: Class<object>, name: string, field: Many<object>): Column {
  const column = targetOf(model, name, field).columns.get(`${field.by}Id`)
  if (column?.reference?.target().model !== model) {
    throw new ModelError(
      `${model.name}.${name}: ${field.target().name}.${field.by} is not a reference to ${model.name}`,
    )
  }
  return column
}

/** `publishedAt` → `published_at`. */
function snake(name: string): string {
  return name.replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '_').toLowerCase()
}

/**
 * A column by the name of its property; a reference also by the name it is declared with.
 * @throws ModelError for a name that the model does not have, whatever it is: names reach SQL only through this.
 */
export function columnOf(meta: Meta, name: string): Column {
  const column = meta.columns.get(name) ?? meta.columns.get(`${name}Id`)
  if (column && (column.property === name || column.declared === name)) return column
  throw new ModelError(
    `${meta.name} has no field ${JSON.stringify(name)}; the fields are ${[...meta.columns.keys()].join(', ')}`,
  )
}
