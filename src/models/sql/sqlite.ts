/** SQLite's SQL. */
import type { ColumnType, LogicalType } from '../state.ts'
import { type Codec, type Dialect, UnreadableStored } from './dialect.ts'
import { quoted, sqliteSchema } from './sqlite-schema.ts'
import type { SqlValue } from './value.ts'

function encodeAsItIs(value: unknown): SqlValue {
  return value as SqlValue
}

/** A whole number: a bigint where the statement has read large ones. */
function decodeInteger(stored: SqlValue): number {
  if (typeof stored === 'number') return stored
  const value = Number(stored)
  if (Number.isSafeInteger(value)) return value
  throw new UnreadableStored(`${shown(stored)}, which is not a whole number below 2^53`)
}

function shown(stored: SqlValue): string {
  return typeof stored === 'string' ? JSON.stringify(stored.slice(0, 40)) : String(stored)
}

/** SQLite keeps no −0, and a row that was made is what is stored. */
function encodeNumber(value: unknown): SqlValue {
  return (value as number) + 0
}

const integer: Codec = { encode: encodeNumber, decode: decodeInteger }
const text: Codec = { encode: encodeAsItIs, decode: (stored) => (typeof stored === 'string' ? stored : String(stored)) }

const CODECS: { readonly [type in LogicalType]: Codec } = {
  id: integer,
  integer,
  float: { encode: encodeNumber, decode: Number },
  text,
  date: text,
  boolean: { encode: (value) => (value ? 1 : 0), decode: (stored) => stored !== 0 && stored !== 0n },
  // Milliseconds since 1970-01-01T00:00:00Z as an integer: exact, short, and its order is the order of time.
  datetime: {
    encode: (value) => (value as Date).getTime(),
    decode(stored) {
      const value = new Date(Number(stored))
      if (Number.isNaN(value.getTime())) throw new UnreadableStored(`${shown(stored)}, which is not a date`)
      return value
    },
  },
  json: {
    encode: (value) => JSON.stringify(value),
    decode(stored) {
      try {
        return JSON.parse(String(stored))
      } catch {
        throw new UnreadableStored(`${shown(stored)}, which is not JSON`)
      }
    },
  },
}

const JSON_TEXT: ColumnType = { type: 'json' }
const COUNT: ColumnType = { type: 'integer' }
/** Up to this many rows a limit stands in the text: so few that one statement each does no harm. */
const LITERAL_LIMIT = 2

/** SQLite's SQL, for databases that run SQLite elsewhere: in a browser, behind a network. */
export const sqlite: Dialect = {
  name: 'sqlite',
  identifier: quoted,
  placeholder: () => '?',
  codec: ({ type }: ColumnType) => CODECS[type],
  inList: (operand, values, _, bind) =>
    `${operand} in (select value from json_each(${bind(JSON.stringify(values), JSON_TEXT)}))`,
  like: (operand, pattern) => `${operand} like ${pattern} escape '\\'`,
  // Of whole numbers SQLite's sum() fails at 2^63; of doubles it is exact up to 2^53 (it compensates), and rounded above.
  sum: (operand) => `sum(cast(${operand} as real))`,
  order: (operand, descending) => (descending ? `${operand} desc` : operand),
  limit(limit, offset, bind) {
    if (limit === null && offset === 0) return ''
    if (limit !== null && limit <= LITERAL_LIMIT && offset === 0) return ` limit ${limit}`
    // A bare parameter here makes SQLite plan the statement anew whenever it is bound (the planner looks at LIMIT's
    // value): 50 µs instead of 5 for a row by its key. An expression it does not look into.
    return ` limit ${bind(limit ?? -1, COUNT)} + 0 offset ${bind(offset, COUNT)} + 0`
  },
  returningId: '', // the driver is told it
  schema: sqliteSchema,
}
