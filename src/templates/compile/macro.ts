/** How the arguments of a call become the parameters of a macro. */

/** By parameter. @throws Error for more arguments than there are parameters. */
export function macroArguments(names: readonly string[], args: readonly unknown[]): Map<string, unknown> {
  const given = new Map<string, unknown>()
  let positional = args
  const last = args.at(-1)
  // Named arguments arrive as one plain object behind the others; a macro knows the names it has.
  if (isNamed(last, names)) {
    positional = args.slice(0, -1)
    for (const [name, value] of Object.entries(last)) given.set(name, value)
  }
  positional.forEach((value, i) => {
    const name = names[i]
    if (name === undefined) throw new Error(`at most ${names.length} arguments`)
    given.set(name, value)
  })
  return given
}

function isNamed(value: unknown, names: readonly string[]): value is object {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return false
  const keys = Object.keys(value)
  return keys.length > 0 && keys.every((key) => names.includes(key))
}
