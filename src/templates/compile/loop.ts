/** Loops: what `loop` is, and how the body is rendered for each item. */
import { listOf, pairsOf } from './read.ts'
import type { Binding, Evaluate, Render, Rendered, Run } from './run.ts'
import { behind } from './sequence.ts'
import { evaluated } from './waiting.ts'

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
  const items = (run: Run): readonly unknown[] => {
    const value = list(run)
    const items = names.length > 1 ? pairsOf(value) : listOf(value)
    if (items === null) throw fail(value)
    return items
  }
  const each = (run: Run, items: readonly unknown[]): Rendered => {
    const { scope } = run
    const rendered = items.length === 0 ? otherwise(run) : new Rounds(run, names, items, body).from(0)
    return behind(rendered, () => {
      run.scope = scope
    })
  }
  return (run) => evaluated(run, items, each)
}

/** One loop under way. */
class Rounds {
  readonly #run: Run
  readonly #items: readonly unknown[]
  readonly #body: Render
  readonly #state: Loop
  readonly #variables: readonly Binding[]
  readonly #inner: Binding

  constructor(run: Run, names: readonly string[], items: readonly unknown[], body: Render) {
    this.#run = run
    this.#items = items
    this.#body = body
    const { scope } = run
    const { length } = items
    let outer = scope
    while (outer !== null && outer.name !== 'loop') outer = outer.parent
    this.#state = { index: 0, index0: 0, revindex: 0, first: true, last: false, length, parent: outer?.value }
    let inner: Binding = { name: 'loop', value: this.#state, parent: scope }
    this.#variables = names.map((name): Binding => (inner = { name, value: undefined, parent: inner }))
    this.#inner = inner
  }

  from(first: number): Rendered {
    const { length } = this.#items
    for (let i = first; i < length; i++) {
      const waits = this.#round(i)
      if (waits !== undefined) return this.#rest(i + 1, waits)
    }
    return undefined
  }

  async #rest(from: number, first: Promise<void>): Promise<void> {
    await first
    for (let i = from; i < this.#items.length; i++) {
      const waits = this.#round(i)
      if (waits !== undefined) await waits
    }
  }

  #round(i: number): Rendered {
    const { length } = this.#items
    const state = this.#state
    state.index0 = i
    state.index = i + 1
    state.revindex = length - i
    state.first = i === 0
    state.last = i === length - 1
    const item = this.#items[i]
    const variables = this.#variables
    if (variables.length === 1) variables[0]!.value = item
    else for (let n = 0; n < variables.length; n++) variables[n]!.value = Array.isArray(item) ? item[n] : undefined
    this.#run.scope = this.#inner
    return this.#body(this.#run)
  }
}
