/** Typed places for what hooks hand on to handlers. */

declare const type: unique symbol

/** A name for a value of one type that a request carries: made by `key`, used by `c.set` and `c.get`. */
export interface Key<T> {
  /** For messages; it need not be unique. */
  readonly name: string
  /** For the type checker only. */
  readonly [type]?: T
}

/**
 * Makes a place for what a hook finds out and handlers need. Two keys of the same name are two places.
 *
 * @example
 * const tenant = key<Tenant>('tenant')
 * site.before(async (c) => void c.set(tenant, await tenantOf(c.host)))
 * site.get('/', (c) => c.text(c.get(tenant).name))
 */
export function key<T>(name: string): Key<T> {
  return Object.freeze({ name })
}
