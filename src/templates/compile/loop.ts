/** Loops: what `loop` is, and how the body is rendered for each item. */
import type { Evaluate } from './evaluate.ts'
import { listOf, pairsOf } from './read.ts'
import type { Binding, Render } from './run.ts'

/** What `loop` is inside a loop. */
interface Loop {
  index: number
  index0: number
  revindex: number
  first: boolean
  last: boolean
  length: number
  parent: unknown
}

/** @param fail makes the error for a value that cannot be gone through. */
export function loop(
  names: readonly string[],
  list: Evaluate,
  body: Render,
  otherwise: Render,
  fail: (value: unknown) => Error,
): Render {
  return (run) => {
    const value = list(run)
    const items = names.length > 1 ? pairsOf(value) : listOf(value)
    if (items === null) throw fail(value)
    const { scope } = run
    const { length } = items
    if (length === 0) {
      otherwise(run)
      run.scope = scope
      return
    }
    let outer = scope
    while (outer !== null && outer.name !== 'loop') outer = outer.parent
    const state: Loop = { index: 0, index0: 0, revindex: 0, first: true, last: false, length, parent: outer?.value }
    let inner: Binding = { name: 'loop', value: state, parent: scope }
    const variables = names.map((name): Binding => (inner = { name, value: undefined, parent: inner }))
    for (let i = 0; i < length; i++) {
      state.index0 = i
      state.index = i + 1
      state.revindex = length - i
      state.first = i === 0
      state.last = i === length - 1
      const item = items[i]
      if (variables.length === 1) variables[0]!.value = item
      else for (let n = 0; n < variables.length; n++) variables[n]!.value = Array.isArray(item) ? item[n] : undefined
      run.scope = inner
      body(run)
    }
    run.scope = scope
  }
}
