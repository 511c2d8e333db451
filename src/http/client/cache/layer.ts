/** The cache as a layer of the client (RFC 9111). */
import { MILLISECOND, type Nanos } from '../../../base/clock.ts'
import { type Duration, requireDuration, seconds } from '../../../base/duration.ts'
import type { Machine } from '../../../base/machine.ts'
import { checkConditions } from '../../fields/conditional.ts'
import { parseDate } from '../../fields/date.ts'
import { fieldValue } from '../../fields/lines.ts'
import { HTTP_LIMITS, type HttpLimits } from '../../limits.ts'
import { type Layer, type Outgoing, type Reply, ReplyDecorator, type Send } from '../send.ts'
import { Collapse } from './collapse.ts'
import { type Directives, parseDirectives } from './directives.ts'
import { dateOf, type Manner, useOf } from './freshness.ts'
import { keptBody } from './kept-body.ts'
import { cutOut, joined, partOf } from './part.ts'
import { given, notHere, notModified } from './reply.ts'
import { isStorable } from './storable.ts'
import { type CacheStore, MemoryCacheStore } from './store.ts'
import { freshened, keptFields, type StoredReply, selects, varyOf } from './stored.ts'

/** What a cache may cost. */
export type CacheLimits = Pick<
  HttpLimits,
  'cacheBytes' | 'cacheVariants' | 'cacheEntryBytes' | 'cacheDirectives' | 'cachePassed'
>

/** How a cache keeps replies. */
export interface CacheOptions {
  /** Where they are kept; default a `MemoryCacheStore` of the client's own. */
  readonly store?: CacheStore
  /** The cache serves several people, as a proxy's does: what is private is not kept. Default false. */
  readonly shared?: boolean
  /**
   * A reply that says nothing of how long it is good is good for this part of the time since it was last changed, a day at most
   * (RFC 9111 §4.2.2); default 0.1, 0 for never.
   */
  readonly heuristic?: number
  /** How long a request waits for another one of the same URL that is under way; default 5 s, 0 for not at all. */
  readonly collapseTime?: Duration
  readonly limits?: Partial<CacheLimits>
}

const NO_DIRECTIVES: Directives = new Map()

/** Methods that change nothing, after which what is kept stays good (RFC 9110 §9.2.1). */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY'])

/**
 * Keeps replies to GET and gives them again, as RFC 9111 allows: fresh ones at once, others after asking the origin whether they
 * are still good; stale ones while it is asked, or when it fails, where the reply says so (RFC 5861); parts cut out of what is
 * there. Requests of one URL that come together are asked once. A reply to a request with Authorization is given only to
 * the same Authorization.
 *
 * Goes inside a jar (a Cookie that comes later is not seen), and outside `retries` and `decoding`.
 *
 * @example
 * const client = new Client(kernelHost(), { layers: [cookies(jar), cache(), retries(), decoding()] })
 */
export function cache(options: CacheOptions = {}): Layer {
  const { shared = false, heuristic = 0.1 } = options
  if (!(heuristic >= 0 && heuristic <= 1))
    throw new RangeError(`cache(): heuristic must be a number from 0 to 1, not ${heuristic}`)
  const wait = requireDuration('cache(): collapseTime', options.collapseTime ?? seconds(5), MILLISECOND)
  const limits = { ...HTTP_LIMITS, ...options.limits }
  return (next, machine) => {
    const store = options.store ?? new MemoryCacheStore(limits)
    const cached = new Cache(next, machine, store, { shared, guess: heuristic }, limits, wait)
    return (request) => cached.send(request)
  }
}

/** One request, looked at once. */
interface Asked {
  readonly request: Outgoing
  readonly key: string
  readonly directives: Directives
}

class Cache {
  readonly #next: Send
  readonly #machine: Machine
  readonly #store: CacheStore
  readonly #manner: Manner
  readonly #limits: CacheLimits
  readonly #collapse: Collapse
  /** Keys that are being asked for anew while stale replies are given. */
  readonly #revalidating = new Set<string>()

  constructor(next: Send, machine: Machine, store: CacheStore, manner: Manner, limits: CacheLimits, wait: Nanos) {
    this.#next = next
    this.#machine = machine
    this.#store = store
    this.#manner = manner
    this.#limits = limits
    this.#collapse = new Collapse(machine.clock, wait, limits.cachePassed)
  }

  get #now(): number {
    return this.#machine.clock.wallMillis()
  }

  send(request: Outgoing): Promise<Reply> {
    const { method, upgrade, target, body } = request
    if (upgrade !== undefined || target !== undefined) return this.#next(request)
    if (!SAFE.has(method)) return this.#change(request)
    if ((method !== 'GET' && method !== 'HEAD') || body !== null) return this.#next(request)
    const field = fieldValue(request.fields, 'cache-control') ?? fieldValue(request.fields, 'pragma')
    const directives = parseDirectives(field, this.#limits.cacheDirectives)
    // What only the origin can tell, and what is to leave no trace.
    const { fields } = request
    const passes =
      directives.has('no-store') ||
      fieldValue(fields, 'if-match') !== undefined ||
      fieldValue(fields, 'if-unmodified-since') !== undefined
    return passes ? this.#next(request) : this.#read({ request, key: request.url.href, directives })
  }

  /** RFC 9111 §4.4: what is kept of a URL that was changed is not good any more, nor of those that the reply names. */
  async #change(request: Outgoing): Promise<Reply> {
    const reply = await this.#next(request)
    if (reply.status < 200 || reply.status >= 400) return reply
    const named = [reply.header('location'), reply.header('content-location')]
    for (const url of [
      request.url,
      ...named.map((text) => (text === undefined ? null : URL.parse(text, request.url))),
    ]) {
      // Of another origin anybody could have it thrown away.
      if (url === null || url.origin !== request.url.origin) continue
      url.hash = ''
      await this.#forget(url.href)
    }
    return reply
  }

  async #read(asked: Asked): Promise<Reply> {
    const { request, directives } = asked
    const stored = await this.#find(asked)
    if (stored !== null) return this.#use(asked, stored)
    if (directives.has('only-if-cached')) return notHere(request)
    if (request.method === 'HEAD' || isParticular(request) || directives.has('no-cache')) return this.#fetch(asked)
    const leader = this.#collapse.wait(asked.key, request.signal)
    if (leader === null) return this.#fetch(asked, this.#collapse.lead(asked.key))
    await leader
    const meanwhile = await this.#find(asked)
    return meanwhile === null ? this.#fetch(asked) : this.#use(asked, meanwhile)
  }

  /** The newest reply that the request selects (RFC 9111 §4.1). */
  async #find({ request, key }: Asked): Promise<StoredReply | null> {
    let best: StoredReply | null = null
    for (const stored of await this.#variants(key)) {
      if (!selects(request.fields, stored.vary)) continue
      if (stored.part !== null && (request.method === 'HEAD' || cutOut(stored, headerOf(request), this.#now) === null))
        continue
      if (best === null || dateOf(stored) >= dateOf(best)) best = stored
    }
    return best
  }

  async #use(asked: Asked, stored: StoredReply): Promise<Reply> {
    const { request, directives } = asked
    const said = this.#said(stored)
    const use = useOf(stored, directives, said, this.#now, this.#manner)
    if (use === 'fresh') return this.#give(request, stored)
    if (use === 'while revalidating') {
      void this.#revalidate(asked, stored)
      return this.#give(request, stored)
    }
    if (directives.has('only-if-cached')) return notHere(request)
    if (request.method === 'HEAD') return this.#fetch(asked)
    return this.#validate(asked, stored, use === 'if error')
  }

  #give(request: Outgoing, stored: StoredReply): Reply {
    const now = this.#now
    if (isConditional(request)) {
      const { fields } = stored
      const lastModified = parseDate(fieldValue(fields, 'last-modified') ?? '', now) ?? dateOf(stored)
      const validators = { etag: fieldValue(fields, 'etag'), lastModified }
      if (checkConditions(request.method, headerOf(request), validators, now) === 'not modified')
        return notModified(request, stored, now)
    }
    const part = request.method === 'GET' ? cutOut(stored, headerOf(request), now) : stored
    return given(request, part ?? stored, now)
  }

  /** Asks the origin whether what is kept is still good (RFC 9111 §4.3). */
  async #validate(asked: Asked, stored: StoredReply, givenOnFailure: boolean): Promise<Reply> {
    const { request } = asked
    const requestedAt = this.#now
    let reply: Reply
    try {
      reply = await this.#next(isConditional(request) ? request : conditional(request, stored))
    } catch (error) {
      if (!givenOnFailure || request.signal?.aborted) throw error
      return this.#give(request, stored)
    }
    if (reply.status >= 500 && givenOnFailure) {
      reply.body.discard()
      return this.#give(request, stored)
    }
    if (reply.status !== 304) return this.#received(asked, reply, requestedAt)
    const tag = reply.header('etag')
    const same = tag === undefined || tag === fieldValue(stored.fields, 'etag')
    if (same) {
      const newer = freshened(stored, reply.fields, requestedAt, this.#now)
      await this.#renew(asked.key, newer)
      if (isConditional(request)) return reply
      reply.body.discard()
      return this.#give(request, newer)
    }
    if (isConditional(request)) return reply
    // A 304 about something that is not here (RFC 9111 §4.3.4): once more, without a condition.
    reply.body.discard()
    return this.#fetch(asked)
  }

  /** Asks anew behind a reply that was given stale. Its failure is nobody's: the next request asks again. */
  async #revalidate(asked: Asked, stored: StoredReply): Promise<void> {
    const { key } = asked
    if (this.#revalidating.has(key)) return
    this.#revalidating.add(key)
    try {
      const request = { ...asked.request, signal: undefined, onInformation: undefined, onProgress: undefined }
      const reply = await this.#validate({ ...asked, request }, stored, false)
      await reply.body.bytes(this.#limits.cacheEntryBytes)
    } catch {
    } finally {
      this.#revalidating.delete(key)
    }
  }

  /** @param done told once it is decided whether the reply is kept, and where it is, once that is done. */
  async #fetch(asked: Asked, done: (kept: boolean) => void = () => {}): Promise<Reply> {
    const requestedAt = this.#now
    try {
      return await this.#received(asked, await this.#next(asked.request), requestedAt, done)
    } catch (error) {
      done(false)
      throw error
    }
  }

  async #received(
    asked: Asked,
    reply: Reply,
    requestedAt: number,
    done: (kept: boolean) => void = () => {},
  ): Promise<Reply> {
    const { request, key, directives } = asked
    const receivedAt = this.#now
    const { status, reason, fields } = reply
    if (request.method === 'HEAD') {
      await this.#compare(asked, reply, requestedAt)
      return reply
    }
    const said = parseDirectives(fieldValue(fields, 'cache-control'), this.#limits.cacheDirectives)
    const vary = this.#vary(request, reply)
    const part = status === 206 ? partOf(reply.header('content-range')) : null
    const storable =
      vary !== null &&
      (status !== 206 || part !== null) &&
      isStorable({ status, fields, receivedAt }, request.fields, directives, said, this.#manner)
    if (!storable) {
      done(false)
      // What is not to be kept is not to be answered by what was kept before.
      if (status === 200) await this.#forget(key)
      return reply
    }
    const keep = async (body: Uint8Array | null) => {
      if (body !== null && (part === null || part.length === body.length))
        await this.#keep(key, { status, reason, fields: keptFields(fields), vary, body, part, requestedAt, receivedAt })
      done(body !== null)
    }
    const body = keptBody(
      reply.body,
      reply.header('content-type'),
      this.#limits.cacheEntryBytes,
      (whole) => void keep(whole),
    )
    return new Kept(reply, body)
  }

  /** A part is joined with what is there of the same whole, and does not take the place of the whole. */
  async #keep(key: string, reply: StoredReply): Promise<void> {
    if (reply.part === null) {
      await this.#put(key, reply)
      return
    }
    for (const other of await this.#variants(key)) {
      if (other.vary.join('\n') !== reply.vary.join('\n')) continue
      const tag = fieldValue(reply.fields, 'etag')
      const whole = other.part === null
      if (whole && tag !== undefined && tag === fieldValue(other.fields, 'etag'))
        await this.#put(key, freshened(other, reply.fields, reply.requestedAt, reply.receivedAt))
      else await this.#put(key, (whole ? null : joined(other, reply)) ?? reply)
      return
    }
    await this.#put(key, reply)
  }

  /** RFC 9111 §4.3.5: what HEAD says of the same thing is news of it; of another thing, what is kept is old. */
  async #compare({ request, key }: Asked, reply: Reply, requestedAt: number): Promise<void> {
    if (reply.status !== 200) return
    for (const stored of await this.#variants(key)) {
      if (!selects(request.fields, stored.vary)) continue
      const same = (name: string) => {
        const said = reply.header(name)
        return said === undefined || said === fieldValue(stored.fields, name)
      }
      if (same('etag') && same('last-modified') && same('content-length'))
        await this.#renew(key, freshened(stored, reply.fields, requestedAt, this.#now))
      else await this.#forget(key)
      return
    }
  }

  /** News of what is kept can be that it is to be kept no longer, or by nobody who serves others. */
  async #renew(key: string, newer: StoredReply): Promise<void> {
    const keeps = isStorable(newer, [], NO_DIRECTIVES, this.#said(newer), this.#manner)
    await (keeps ? this.#put(key, newer) : this.#forget(key))
  }

  /** Which requests the reply answers: those that say the same where it looked, and are from the same person. */
  #vary({ fields }: Outgoing, reply: Reply): string[] | null {
    const vary = varyOf(reply.fields, fields)
    if (vary === null || this.#manner.shared || vary.includes('authorization')) return vary
    return [...vary, ...varyOf(['Vary', 'authorization'], fields)!]
  }

  #said({ fields }: StoredReply): Directives {
    return parseDirectives(fieldValue(fields, 'cache-control'), this.#limits.cacheDirectives)
  }

  // A store that fails has nothing: the request goes on as without a cache.

  async #variants(key: string): Promise<readonly StoredReply[]> {
    try {
      return await this.#store.get(key)
    } catch {
      return []
    }
  }

  async #put(key: string, reply: StoredReply): Promise<void> {
    try {
      await this.#store.put(key, reply)
    } catch {}
  }

  async #forget(key: string): Promise<void> {
    try {
      await this.#store.remove(key)
    } catch {}
  }
}

/** A reply whose body is kept as it is read. */
class Kept extends ReplyDecorator {
  readonly #body: Reply['body']

  constructor(of: Reply, body: Reply['body']) {
    super(of)
    this.#body = body
  }

  override get body(): Reply['body'] {
    return this.#body
  }
}

function headerOf({ fields }: Outgoing): (name: string) => string | undefined {
  return (name) => fieldValue(fields, name)
}

/** The program has something itself, and asks whether that is still good. */
function isConditional({ fields }: Outgoing): boolean {
  return fieldValue(fields, 'if-none-match') !== undefined || fieldValue(fields, 'if-modified-since') !== undefined
}

/** The reply may not be the whole, and is for this request alone. */
function isParticular(request: Outgoing): boolean {
  return isConditional(request) || fieldValue(request.fields, 'range') !== undefined
}

function conditional(request: Outgoing, { fields, part }: StoredReply): Outgoing {
  const tag = fieldValue(fields, 'etag')
  const modified = fieldValue(fields, 'last-modified')
  const conditions: string[] = []
  if (tag !== undefined) conditions.push('If-None-Match', tag)
  if (modified !== undefined && part === null) conditions.push('If-Modified-Since', modified)
  return { ...request, fields: [...request.fields, ...conditions] }
}
