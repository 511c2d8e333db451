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
/** The getters found, by class and name: as many as the classes have. */
const getters = new WeakMap<object, Map<string, Getter>>()

/** The getter that a class gives its objects under this name. */
function inheritedGetter(prototype: object | null, key: string): Getter | null {
  if (prototype === null || prototype === Object.prototype || prototype === Array.prototype || BANNED.has(key))
    return null
  const known = getters.get(prototype)?.get(key)
  if (known !== undefined) return known
  for (
    let owner: object | null = prototype;
    owner !== null && owner !== Object.prototype;
    owner = Object.getPrototypeOf(owner)
  ) {
    const own = Object.getOwnPropertyDescriptor(owner, key)
    if (own === undefined) continue
    if (own.get === undefined) return null
    const names = getters.get(prototype) ?? new Map<string, Getter>()
    getters.set(prototype, names.set(key, own.get))
    return own.get
  }
  return null
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
