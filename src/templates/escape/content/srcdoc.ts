/** A document inside an attribute: a second run of the machine that reads HTML. */
import type { Content, ContentOutput, Escaper, Settings } from './content.ts'

/** What reads the document; the HTML machine, which this file does not know. */
export interface DocumentReader<S> {
  readonly start: S
  next(state: S, char: string): S | string
  output(state: S, settings: Settings): { readonly before: string; readonly write: Escaper; readonly state: S } | string
  join(a: S, b: S): S | null
  key(state: S): string
  /** Why a document cannot end here, or null. */
  end(state: S): string | null
  describe(state: S): string
}

export class SrcdocContent<S> implements Content {
  readonly takesAnyCharacter = false
  readonly indifferent = false
  readonly key: string
  readonly #reader: DocumentReader<S>
  readonly #state: S

  constructor(reader: DocumentReader<S>, state = reader.start) {
    this.#reader = reader
    this.#state = state
    this.key = `srcdoc/${reader.key(state)}`
  }

  get place(): string {
    return `in the document of srcdoc, ${this.#reader.describe(this.#state)}`
  }

  next(char: string): SrcdocContent<S> | string {
    const next = this.#reader.next(this.#state, char)
    return typeof next === 'string' ? next : new SrcdocContent(this.#reader, next)
  }

  output(settings: Settings): ContentOutput | string {
    const output = this.#reader.output(this.#state, settings)
    if (typeof output === 'string') return output
    const { before, write, state } = output
    if (before === '"') return 'Put quotes around the value: inside srcdoc they are not put there for you'
    return {
      write: before === '' ? write : (value, replaced) => before + write(value, replaced),
      after: new SrcdocContent(this.#reader, state),
    }
  }

  end(): string | null {
    return this.#reader.end(this.#state)
  }

  detached(): this {
    return this
  }

  attached(behind: Content): Content {
    return behind
  }

  join(other: Content): SrcdocContent<S> | null {
    if (!(other instanceof SrcdocContent)) return null
    const state = this.#reader.join(this.#state, other.#state as S)
    return state && new SrcdocContent(this.#reader, state)
  }
}
