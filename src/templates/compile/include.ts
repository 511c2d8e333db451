/** Templates inside templates, while one is rendered. */
import { type Source, TemplateError } from '../errors.ts'
import type { Binding, Render, Rendered, Run } from './run.ts'
import { behind } from './sequence.ts'

const NO_DATA: object = Object.freeze(Object.create(null))

/** Renders another template's parts with `inner` for its variables; with `only` for nothing but those. */
export function renderIncluded(run: Run, inner: Binding | null, only: boolean, render: Render): Rendered {
  const { scope, data } = run
  run.scope = only ? cut(inner, scope) : inner
  if (only) run.data = NO_DATA
  return behind(render(run), () => {
    run.depth--
    run.scope = scope
    run.data = data
  })
}

/** The bindings of `scope` that were put in front of `outer`, and nothing of `outer`. */
function cut(scope: Binding | null, outer: Binding | null): Binding | null {
  if (scope === outer || scope === null) return null
  return { name: scope.name, value: scope.value, parent: cut(scope.parent, outer) }
}

/** One level deeper. @throws TemplateError past the limit */
export function enter(run: Run, limit: number, source: Source, at: number): void {
  if (++run.depth <= limit) return
  const problem = `Templates include or call each other deeper than ${limit}`
  throw new TemplateError(problem, source, at, 'TEMPLATE_LIMIT')
}
