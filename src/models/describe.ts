/** A model as plain data. */
import { NOW } from './fields/field.ts'
import type { Class } from './fields/relation.ts'
import { type Column, metaOf } from './meta.ts'
import type { FieldState, Json, ModelState } from './state.ts'

/**
 * The declaration of a model as JSON: for tables and their migrations, for documents and for forms.
 *
 * @example
 * describe(Post).fields.map(({ name, kind, params }) => [name, kind, params])
 * // [['id', 'id', {}], ['title', 'text', { max: 200 }], …]
 * @throws ModelError for a declaration that cannot be a table.
 */
export function describe(model: Class<object>): ModelState {
  const { name, table, list, relations } = metaOf(model)
  const many = [...relations.values()].filter(({ kind }) => kind === 'many')
  return {
    model: name,
    table,
    fields: list.map(fieldState),
    many: many.map((relation) => ({
      name: relation.name,
      model: relation.target().name,
      by: relation.column().declared,
    })),
  }
}

function fieldState({ property, name, kind, options, reference }: Column): FieldState {
  return {
    name: property,
    column: name,
    kind: kind.name,
    params: kind.params,
    stores: kind.stores,
    nullable: options.nullable,
    unique: options.unique,
    index: options.index,
    default: defaultState(options.default),
    references: reference && {
      model: reference.target().name,
      table: reference.target().table,
      column: 'id',
      onDelete: reference.onDelete,
    },
    label: options.label ?? null,
    help: options.help ?? null,
  }
}

function defaultState(standard: unknown): FieldState['default'] {
  if (standard === undefined) return null
  if (standard === NOW) return 'now'
  if (typeof standard === 'function') return 'computed'
  return { value: JSON.parse(JSON.stringify(standard)) as Json }
}
