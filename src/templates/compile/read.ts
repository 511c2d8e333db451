/** Reading properties for templates: data and getters, never methods, never what a prototype chain ends in. */

/** Names that lead from data to code; they do not exist for templates. */
const BANNED = new Set(['__proto__', 'constructor', 'prototype', 'caller', 'callee', 'arguments'])

export const MISSING: unique symbol = Symbol('missing')

/** The property's value, or MISSING. Functions are found too: the caller decides. */
export function find(object: object, key: string): unknown {
  if (Object.hasOwn(object, key)) return BANNED.has(key) ? MISSING : (object as { [key: string]: unknown })[key]
  const getter = inheritedGetter(Object.getPrototypeOf(object), key)
  return getter === null ? MISSING : getter.call(object)
}

type Getter = () => unknown
const getters = new WeakMap<object, Map<string, Getter | null>>()

/** The getter that a class gives its objects under this name. */
function inheritedGetter(prototype: object | null, key: string): Getter | null {
  if (prototype === null || prototype === Object.prototype || prototype === Array.prototype) return null
  let known = getters.get(prototype)
  if (!known) getters.set(prototype, (known = new Map()))
  let getter = known.get(key)
  if (getter === undefined) {
    const own = BANNED.has(key) ? undefined : Object.getOwnPropertyDescriptor(prototype, key)
    getter = own?.get ?? (own ? null : inheritedGetter(Object.getPrototypeOf(prototype), key))
    // Keys may come from data (`a[b]`); a class has few getters, so a long list can only be of misses.
    if (known.size < 256) known.set(key, getter)
  }
  return getter
}

/** `object.key` or `object[key]` of the template language; undefined for what does not exist. Methods do not exist. */
export function read(object: unknown, key: unknown): unknown {
  if (typeof object === 'string') {
    if (key === 'length') return object.length
    return typeof key === 'number' ? object[key] : undefined
  }
  if (typeof object !== 'object' || object === null) return undefined
  if (typeof key === 'number' && Array.isArray(object)) return object[key < 0 ? object.length + key : key]
  if (object instanceof Map) {
    const value = object.get(key)
    if (value !== undefined || key !== 'size') return typeof value === 'function' ? undefined : value
  }
  if (typeof key !== 'string' && typeof key !== 'number') return undefined
  const value = find(object, String(key))
  return value === MISSING || typeof value === 'function' ? undefined : value
}

/** Whether a value counts as true: not for nothing, zero, empty texts, and collections and objects that hold nothing. */
export function truthy(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return Boolean(value)
  if (Array.isArray(value)) return value.length > 0
  if (value instanceof Map || value instanceof Set) return value.size > 0
  const prototype = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) {
    for (const key in value) if (Object.hasOwn(value, key)) return true
    return false
  }
  const length = read(value, 'length')
  return typeof length !== 'number' || length > 0
}

/** What a loop goes over: arrays as they are, other iterables as arrays, the keys of an object. */
export function listOf(value: unknown): readonly unknown[] | null {
  if (Array.isArray(value)) return value
  if (value === null || value === undefined) return []
  if (typeof value === 'string') return [...value]
  if (typeof value !== 'object') return null
  if (Symbol.iterator in value && typeof value[Symbol.iterator] === 'function') return [...(value as Iterable<unknown>)]
  return Object.keys(value)
}

/** What a loop with two names goes over: the pairs of a map, of an object, or of a list of pairs. */
export function pairsOf(value: unknown): readonly unknown[] | null {
  if (value === null || value === undefined) return []
  if (value instanceof Map) return [...value]
  if (typeof value === 'object' && !Array.isArray(value) && !(Symbol.iterator in value)) return Object.entries(value)
  return listOf(value)
}
