/** What one visitor's session holds between requests. */
import { UsageError } from '../errors.ts'
import { WEB_LIMITS, type WebLimits } from '../limits.ts'

/** A message for the next page. */
export interface Flash {
  /** What the visitor reads. */
  readonly text: string
  /** `info`, `success`, `warning`, `error`, or what you like. */
  readonly kind: string
}

/** The plain form of a session, as stores keep it. JSON values only. */
export interface SessionRecord {
  /** Random; what a store finds it by. */
  readonly id: string
  /** JSON values by name. */
  readonly data: Readonly<Record<string, unknown>>
}

/** Names that the framework keeps in a session itself. */
export const RESERVED = { user: '@user', stamp: '@stamp', csrf: '@csrf', flash: '@flash' } as const

/**
 * What one visitor's session holds: JSON values by name. It is stored once something is put in.
 *
 * @example
 * c.session.set('seen', [...((c.session.get('seen') as number[] | undefined) ?? []), post.id])
 */
export class Session {
  #id: string
  readonly #values: Map<string, unknown>
  readonly #newId: () => string
  readonly #limits: Pick<WebLimits, 'flashes' | 'flashBytes' | 'flashLength'>
  /** Whether it has to be saved. */
  changed = false
  /** The id it was loaded under, when that is no longer its own: the store forgets it. */
  replaced: string | null = null

  /** @param record null for a visitor without a session: nothing is stored until something is put in. */
  constructor(record: SessionRecord | null, newId: () => string, limits: WebLimits = WEB_LIMITS) {
    this.#newId = newId
    this.#limits = limits
    this.#id = record?.id ?? ''
    this.#values = new Map(record === null ? [] : Object.entries(record.data))
  }

  /** Random; changes at login and logout. Made on first use. */
  get id(): string {
    if (this.#id === '') this.#id = this.#newId()
    return this.#id
  }

  /** How many values it holds, the framework's own included. */
  get size(): number {
    return this.#values.size
  }

  /** A value; undefined when there is none. Visitors cannot change it; in a signed cookie they can read it. */
  get(name: string): unknown {
    return this.#values.get(name)
  }

  /** Whether there is a value of that name. */
  has(name: string): boolean {
    return this.#values.has(name)
  }

  /** @param value a JSON value; undefined deletes. @throws UsageError for a value that JSON cannot hold. */
  set(name: string, value: unknown): void {
    if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint')
      throw new UsageError(`session.set('${name}'): a session holds JSON values only, not a ${typeof value}`)
    if (value === undefined) this.#values.delete(name)
    else this.#values.set(name, value)
    this.changed = true
  }

  /** Takes a value away. */
  delete(name: string): void {
    if (this.#values.delete(name)) this.changed = true
  }

  /** Forgets everything and takes a new id. */
  clear(): void {
    this.#values.clear()
    this.rotate()
  }

  /** A new id for the same session: whoever planted or saw the old one has nothing (session fixation). */
  rotate(): void {
    if (this.#id !== '') this.replaced ??= this.#id
    this.#id = ''
    this.changed = true
  }

  /** Keeps a message for the next page that shows messages; when there is no room the oldest goes. */
  flash(text: string, kind = 'info'): void {
    const { flashes, flashBytes, flashLength } = this.#limits
    const waiting = [...this.#flashes().slice(1 - flashes), { text: cut(String(text), flashLength), kind }]
    const size = () => new TextEncoder().encode(JSON.stringify(waiting)).length
    while (waiting.length > 1 && size() > flashBytes) waiting.shift()
    this.set(RESERVED.flash, waiting)
  }

  /** The messages that wait; they are taken away. */
  takeFlashes(): readonly Flash[] {
    const waiting = this.#flashes()
    if (waiting.length > 0) this.delete(RESERVED.flash)
    return waiting
  }

  #flashes(): readonly Flash[] {
    const waiting = this.#values.get(RESERVED.flash)
    return Array.isArray(waiting) ? (waiting as Flash[]) : []
  }

  /** The plain form, for stores. */
  record(): SessionRecord {
    const data: Record<string, unknown> = Object.create(null)
    for (const [name, value] of this.#values) data[name] = value
    return { id: this.id, data }
  }
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length).toWellFormed()}…`
}
