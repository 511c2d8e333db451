/** The SQL that is written, where its text matters: names in quotes, values bound, and what databases are told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MODEL_LIMITS } from '../limits.ts'
import { metaOf } from '../meta.ts'
import { columnsOf } from '../query/columns.ts'
import { Operand } from '../query/operand.ts'
import type { Columns } from '../rows.ts'
import { Post } from '../trial/fixture.ts'
import type { Dialect } from './dialect.ts'
import { everything, type Selection } from './selection.ts'
import { sqlite } from './sqlite.ts'
import { deleteRows, selectCount, selectRows, updateRows } from './statements.ts'

const meta = metaOf(Post)
const p = columnsOf(meta) as Columns<Post>
const target = { dialect: sqlite, limits: MODEL_LIMITS }
const but = (change: Partial<Selection>): Selection => ({ ...everything(meta), ...change })
const column = (operand: Operand<never>) => operand.node

test('joins come from whatever leads over a reference, each once, and parameters in the order of the text', () => {
  const selection = but({
    where: [p.author.name.eq('Ada').and(p.replyTo.author.name.ne('Bob')).node],
    order: [{ operand: p.author.email.node, descending: true }],
    columns: [{ name: 'x', operand: p.views.plus(7).node, as: { type: 'integer' } }],
    limit: 5,
  })
  const { sql, parameters } = selectRows(target, selection)
  assert.deepEqual(parameters, [7, 'Ada', 'Bob', 5, 0])
  assert.equal(
    sql.slice(sql.indexOf(', ("t"."views"')),
    ', ("t"."views" + ?) from "post" as "t"' +
      ' left join "user" as "t.author" on "t.author"."id" = "t"."author_id"' +
      ' left join "post" as "t.replyTo" on "t.replyTo"."id" = "t"."reply_to_id"' +
      ' left join "user" as "t.replyTo.author" on "t.replyTo.author"."id" = "t.replyTo"."author_id"' +
      ' where ("t.author"."name" = ? and "t.replyTo.author"."name" is distinct from ?)' +
      ' order by "t.author"."email" desc limit ? + 0 offset ? + 0',
  )
})

test('a change goes by way of the ids only where it must', () => {
  const plain = but({ where: [p.views.gt(3).node] })
  assert.equal(deleteRows(target, plain).sql, 'delete from "post" as "t" where "t"."views" > ?')
  const far = but({ where: [p.author.name.eq('Ada').node] })
  assert.equal(
    deleteRows(target, far).sql,
    'delete from "post" as "t" where "t"."id" in (select "t"."id" from "post" as "t"' +
      ' left join "user" as "t.author" on "t.author"."id" = "t"."author_id" where "t.author"."name" = ?)',
  )
  const views = meta.columns.get('views')!
  const { sql, parameters } = updateRows(target, plain, [[views, p.views.plus(1).node]])
  assert.equal(sql, 'update "post" as "t" set "views" = ("t"."views" + ?) where "t"."views" > ?')
  assert.deepEqual(parameters, [1, 3])
  assert.equal(selectCount(target, plain).sql, 'select count(*) from "post" as "t" where "t"."views" > ?')
})

test('each dialect has its own text, also for a model that another has written before', () => {
  const other: Dialect = {
    ...sqlite,
    name: 'other',
    identifier: (name) => `[${name}]`,
    placeholder: (position, { type }) => `$${position}::${type}`,
    codec: (type) => ({
      ...sqlite.codec(type),
      encode: (value) => (type.type === 'boolean' ? String(value) : sqlite.codec(type).encode(value)),
    }),
    inList: (operand, values, as, bind) => `${operand} = any(${bind(values.join(), as)})`,
    like: (operand, pattern) => `${operand} ilike ${pattern}`,
    order: (operand, descending) => `${operand}${descending ? ' desc nulls last' : ' nulls first'}`,
    limit: (limit, offset, bind) =>
      limit === null ? '' : ` limit ${bind(limit, { type: 'integer' })} offset ${bind(offset, { type: 'integer' })}`,
  }
  const selection = but({
    where: [p.pinned.eq(true).node, p.views.in([1, 2]).node, p.title.contains('x').node],
    order: [{ operand: p.score.node, descending: true }],
    limit: 3,
  })
  const { sql, parameters } = selectRows({ ...target, dialect: other }, selection)
  assert.deepEqual(parameters, ['true', '1,2', '%x%', 3, 0])
  assert.equal(
    sql.slice(sql.indexOf(' from')),
    ' from [post] as [t] where ([t].[pinned] = $1::boolean and [t].[views] = any($2::integer) and [t].[title] ilike $3::text)' +
      ' order by [t].[score] desc nulls last limit $4::integer offset $5::integer',
  )
  assert.match(selectRows(target, selection).sql, /^select "t"\."id", .* where \("t"\."pinned" = \? and/)
})

test('names are quoted whatever they are', () => {
  assert.equal(sqlite.identifier('a"; drop table post; --'), '"a""; drop table post; --"')
  assert.ok(p.views instanceof Operand && column(p.views as never).type === 'column')
})
