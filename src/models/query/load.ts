/** Loads related rows: one statement for each relation, however many rows there are. */
import type { Database } from '../database/database.ts'
import { execute } from '../database/execute.ts'
import { ModelError } from '../errors.ts'
import { type Column, columnOf, type Meta, type Relation } from '../meta.ts'
import { type Loaded, readRows } from '../sql/rows.ts'
import { selectAmong } from '../sql/statements.ts'

/** Relations to load, and those to load of what they lead to. */
export type Tree = ReadonlyMap<string, Tree>

/** `['author', 'comments.author']` as a tree. @throws ModelError for a path that the models do not have. */
export function treeOf(meta: Meta, paths: readonly string[], onto: Tree = new Map()): Tree {
  const tree = new Map(onto)
  for (const path of paths) {
    const [head, ...tail] = path.split('.')
    const relation = meta.relations.get(head!)
    if (!relation) {
      const known = [...meta.relations.keys()].join(', ')
      throw new ModelError(
        `${meta.name} has no relation ${JSON.stringify(head)}${known === '' ? '' : `: the relations are ${known}`}`,
      )
    }
    const below = tree.get(head!) ?? new Map()
    tree.set(head!, tail.length === 0 ? below : treeOf(relation.target(), [tail.join('.')], below))
  }
  return tree
}

/** Puts the relations of `tree` into the rows. */
export async function load(database: Database, meta: Meta, rows: readonly Loaded[], tree: Tree): Promise<void> {
  for (const [name, below] of tree) {
    const relation = meta.relations.get(name)!
    if (relation.kind === 'ref') await loadRef(database, relation, rows, below)
    else await loadMany(database, relation, rows, below)
  }
}

async function loadRef(database: Database, relation: Relation, rows: readonly Loaded[], below: Tree): Promise<void> {
  const { property } = relation.column()
  const ids = new Set(rows.map((row) => row[property]))
  ids.delete(null)
  const target = relation.target()
  const found = await among(database, target, columnOf(target, 'id'), [...ids], below)
  const byId = new Map(found.map((row) => [row['id'], row]))
  for (const row of rows) row[relation.name] = byId.get(row[property]) ?? null
}

async function loadMany(database: Database, relation: Relation, rows: readonly Loaded[], below: Tree): Promise<void> {
  const column = relation.column()
  const lists = new Map<unknown, Loaded[]>(rows.map((row) => [row['id'], []]))
  const found = await among(database, relation.target(), column, [...lists.keys()], below)
  for (const row of found) lists.get(row[column.property])?.push(row)
  for (const row of rows) row[relation.name] = lists.get(row['id'])
}

async function among(
  database: Database,
  meta: Meta,
  column: Column,
  values: unknown[],
  below: Tree,
): Promise<Loaded[]> {
  if (values.length === 0) return []
  const result = await execute(database, { ...selectAmong(database, meta, column, values), writes: false })
  const rows = readRows(database.dialect, meta, [], result.rows)
  await load(database, meta, rows, below)
  return rows
}
