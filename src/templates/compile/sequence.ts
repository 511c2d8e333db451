/** Parts one after the other. Without a promise among them they are rendered in one go. */
import type { Binding, Render, Rendered, Run } from './run.ts'

export const nothing: Render = () => undefined

/** Prints text of the template. */
export function print(text: string): Render {
  return (run) => {
    run.out += text
    return undefined
  }
}

export function sequence(parts: readonly Render[]): Render {
  if (parts.length === 0) return nothing
  if (parts.length === 1) return parts[0]!
  return (run) => {
    for (let i = 0; i < parts.length; i++) {
      const waits = parts[i]!(run)
      if (waits !== undefined) return rest(parts, i + 1, run, waits)
    }
    return undefined
  }
}

async function rest(parts: readonly Render[], from: number, run: Run, first: Promise<void>): Promise<void> {
  await first
  for (let i = from; i < parts.length; i++) {
    const waits = parts[i]!(run)
    if (waits !== undefined) await waits
  }
}

/** What is to be done behind a part, whether it had to wait or not. */
export function behind(waits: Rendered, then: () => void): Rendered {
  if (waits !== undefined) return waits.then(then)
  then()
  return undefined
}

/** Renders with this scope; variables made inside are gone behind the part. */
export function inScope(run: Run, inner: Binding | null, render: Render): Rendered {
  const { scope } = run
  run.scope = inner
  return behind(render(run), () => {
    run.scope = scope
  })
}
