/** Port numbers, as programs and people give them. */

export function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 65_535
}

/**
 * What is wrong with a value that was given as a port, in words; null when it is one. Where 0 ("choose one for me")
 * makes no sense, `least` is 1.
 */
export function portProblem(value: unknown, least: 0 | 1 = 0): string | null {
  if (isPort(value) && value >= least) return null
  const given = typeof value === 'string' ? `the string '${value.slice(0, 40)}'` : String(value)
  return `a port is a number from ${least} to 65535, not ${given}`
}
