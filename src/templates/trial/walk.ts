/** Where the machine thinks that the outputs of a template stand. */
import { HtmlProblem } from '../escape/html/machine.ts'
import { endProblem, outputAt } from '../escape/html/output.ts'
import { HTML_START, type HtmlState } from '../escape/html/state.ts'
import { MACHINE } from '../escape/machine.ts'
import { SCHEMES } from '../escape/values/address.ts'
import { OUT } from './markup.ts'

/** What each output is printed as: a word that is itself in every place. */
export function marker(n: number): string {
  return `mk${n}x`
}

export interface Walked {
  readonly template: string
  readonly data: { readonly [name: string]: string }
  readonly states: readonly HtmlState[]
}

/** Null where the template is refused. */
export function walk(pieces: readonly string[]): Walked | null {
  const states: HtmlState[] = []
  const data: { [name: string]: string } = {}
  let template = ''
  let state = HTML_START
  for (const piece of pieces) {
    if (piece !== OUT) {
      const advanced = MACHINE.advance(state, piece)
      if (advanced instanceof HtmlProblem) return null
      template += piece
      state = advanced.state
      continue
    }
    const output = outputAt(MACHINE, state, { schemes: SCHEMES })
    if (typeof output === 'string') return null
    template += `{{ x${states.length} }}`
    data[`x${states.length}`] = marker(states.length)
    states.push(state)
    state = output.state
  }
  return endProblem(state) === null ? { template, data, states } : null
}

/** What a browser shows of a place: where in its tree what stands there arrives. */
export function kindOf(state: HtmlState): string {
  switch (state.mode) {
    case 'text':
      return 'text'
    case 'raw':
    case 'rcdata':
      return `raw ${state.element}`
    case 'comment':
      return 'comment'
    case 'value':
    case 'beforeValue':
      return `${state.attr.replace('…', '')} of ${state.element === 'image' ? 'img' : state.element}`
    default:
      return 'name'
  }
}
