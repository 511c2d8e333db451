/** Makes rows of what a database gives: with the methods of their class, and nothing else of the class. */
import { UnreadableValueError } from '../errors.ts'
import type { Meta } from '../meta.ts'
import type { ColumnType } from '../state.ts'
import { type Codec, type Dialect, UnreadableStored } from './dialect.ts'
import type { AddedColumn } from './node.ts'
import type { SqlValue } from './value.ts'

/** A row whose fields are known at run time only. */
export type Loaded = Record<string, unknown>

/** What a value of a row is made with. */
interface Cell {
  readonly property: string
  readonly decode: Codec['decode']
}

const known = new WeakMap<Dialect, WeakMap<Meta, readonly Cell[]>>()

/** Made once for each model of a dialect: the loop over rows looks nothing up. */
function cellsOfModel(dialect: Dialect, meta: Meta): readonly Cell[] {
  let models = known.get(dialect)
  if (models === undefined) known.set(dialect, (models = new WeakMap()))
  let cells = models.get(meta)
  if (cells === undefined) {
    cells = meta.list.map(({ property, kind }) => cell(dialect, property, kind.stores))
    models.set(meta, cells)
  }
  return cells
}

function cell(dialect: Dialect, property: string, stores: ColumnType): Cell {
  return { property, decode: dialect.codec(stores).decode }
}

function cellsOf(dialect: Dialect, columns: readonly AddedColumn[]): Cell[] {
  return columns.map(({ name, as }) => cell(dialect, name, as))
}

/** Rows of a model, from the values of its columns and of the added columns. @throws UnreadableValueError */
export function readRows(
  dialect: Dialect,
  meta: Meta,
  added: readonly AddedColumn[],
  rows: readonly (readonly SqlValue[])[],
): Loaded[] {
  const own = cellsOfModel(dialect, meta)
  const { prototype } = meta.model
  const cells = added.length === 0 ? own : [...own, ...cellsOf(dialect, added)]
  return rows.map((values) => fill(Object.create(prototype) as Loaded, meta, cells, values))
}

/** Rows of a summary: plain objects. @throws UnreadableValueError */
export function readGroups(
  dialect: Dialect,
  meta: Meta,
  columns: readonly AddedColumn[],
  rows: readonly (readonly SqlValue[])[],
): Loaded[] {
  const cells = cellsOf(dialect, columns)
  return rows.map((values) => fill({}, meta, cells, values))
}

function fill(row: Loaded, meta: Meta, cells: readonly Cell[], values: readonly SqlValue[]): Loaded {
  let i = 0
  try {
    for (; i < cells.length; i++) {
      const { property, decode } = cells[i]!
      const value = values[i]!
      row[property] = value === null ? null : decode(value)
    }
    return row
  } catch (error) {
    if (!(error instanceof UnreadableStored)) throw error
    const where = cells[0]?.property === 'id' ? ` (the row with the id ${values[0]})` : ''
    throw new UnreadableValueError(meta.name, cells[i]!.property, `${error.why}${where}`)
  }
}
