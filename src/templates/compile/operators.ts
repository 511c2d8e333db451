/** What the operators of the expression language make of two values. */
import type { Operator } from '../syntax/ast.ts'

type Computed = (a: unknown, b: unknown) => unknown

/** The operators that compute. Two whole numbers of which one is a big integer give a big integer: no digit is lost. */
export function arithmetic(operator: Operator): Computed {
  switch (operator) {
    case '+':
      return (a, b) =>
        typeof a === 'string' && typeof b === 'string'
          ? a + b
          : compute(
              a,
              b,
              (x, y) => x + y,
              (x, y) => x + y,
            )
    case '-':
      return (a, b) =>
        compute(
          a,
          b,
          (x, y) => x - y,
          (x, y) => x - y,
        )
    case '*':
      return (a, b) =>
        compute(
          a,
          b,
          (x, y) => x * y,
          (x, y) => x * y,
        )
    case '//':
      return (a, b) => compute(a, b, (x, y) => Math.floor(x / y), floored)
    case '%':
      // As Python has it: the sign of the divisor.
      return (a, b) =>
        compute(
          a,
          b,
          (x, y) => x - y * Math.floor(x / y),
          (x, y) => x - y * floored(x, y),
        )
    default:
      return (a, b) => Number(a) / Number(b)
  }
}

function compute(
  a: unknown,
  b: unknown,
  numbers: (x: number, y: number) => number,
  integers: (x: bigint, y: bigint) => bigint,
): number | bigint {
  if (typeof a === 'number' && typeof b === 'number') return numbers(a, b)
  return typeof a === 'bigint' || typeof b === 'bigint'
    ? integers(integer(a), integer(b))
    : numbers(Number(a), Number(b))
}

/** @throws RangeError for what is no whole number: with a big integer it would lose its fraction, or the integer its digits. */
function integer(value: unknown): bigint {
  if (typeof value === 'bigint') return value
  const number = Number(value)
  if (!Number.isInteger(number))
    throw new RangeError(`A big integer and ${String(value)} do not compute: both must be whole`)
  return BigInt(number)
}

/** @throws RangeError for a division by zero */
function floored(x: bigint, y: bigint): bigint {
  const quotient = x / y
  return x % y !== 0n && x < 0n !== y < 0n ? quotient - 1n : quotient
}

export function negative(value: unknown): number | bigint {
  return typeof value === 'bigint' ? -value : -Number(value)
}

export function same(a: unknown, b: unknown): boolean {
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime()
  if (a === b) return true
  if (isNumeric(a) && isNumeric(b)) return compare(a, b) === 0
  // Nothing is nothing, whichever of the two it is.
  return (a === null || a === undefined) && (b === null || b === undefined)
}

function isNumeric(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

/** Below, at or above zero; NaN, which no comparison holds for, when the two have no order. */
export function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (isNumeric(a) && isNumeric(b)) return a < b ? -1 : a > b ? 1 : a === b || Number(a) === Number(b) ? 0 : Number.NaN
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0
  if (a instanceof Date && b instanceof Date) return a.getTime() - b.getTime()
  return Number.NaN
}
