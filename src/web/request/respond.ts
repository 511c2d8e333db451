/** From an answer to bytes: hooks, session, cookies, security fields, and out. */
import { compressExchange, type Exchange, isBodiless, splitList } from '../../http/index.ts'
import { awaited, type Maybe } from '../ground/maybe.ts'
import { mayCompress } from '../security/compression.ts'
import { isActive } from '../security/headers.ts'
import { isLoopbackAuthority } from '../security/hosts.ts'
import { type Context, turnOf } from './context.ts'
import type { Chain } from './hooks.ts'
import { HTML, JSON_TYPE, type Pieces, type Reply, type ReplyContent, SwitchReply, TEXT, toReply } from './reply.ts'
import { release, sendPieces } from './streaming.ts'
import type { Turn } from './turn.ts'

/**
 * Sends the answer. The status it had; a promise only where something on the way needed time.
 * @throws UsageError for what is no answer, and whatever hooks throw; nothing has been sent then.
 */
export function respond(c: Context<never, never>, answer: unknown, chain: Chain): Maybe<number> {
  const reply = toReply(answer, turnOf(c).route)
  const { body } = reply
  if (!(body instanceof Promise)) return finish(c, reply, chain)
  return body.then((made) => {
    reply.body = made
    return finish(c, reply, chain)
  })
}

function finish(c: Context<never, never>, reply: Reply, chain: Chain): Maybe<number> {
  const turn = turnOf(c)
  try {
    const done = chain.after.length === 0 ? reply : runAfter(c, reply, chain, 0)
    const sent = done instanceof Promise ? done.then((last) => seal(turn, last)) : seal(turn, done)
    return sent instanceof Promise && isPieces(reply.body) ? sent.catch((error) => giveUp(turn, reply, error)) : sent
  } catch (error) {
    return giveUp(turn, reply, error)
  }
}

/**
 * Whether a hook has given no answer. `(c) => c.set(tenant, …)` and `(c) => c.setHeader(…)` give the context, and mean
 * nothing by it.
 */
export function isNothing(answer: unknown, c: Context<never, never>): boolean {
  return answer === undefined || answer === c
}

export function isPieces(body: Maybe<ReplyContent>): body is Pieces {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body
}

function giveUp(turn: Turn, reply: Reply, error: unknown): never {
  if (!turn.exchange.answered && isPieces(reply.body)) release(reply.body)
  throw error
}

/** What an after hook answered, in place of the reply before. */
function instead(turn: Turn, answer: unknown, before: Reply): Maybe<Reply> {
  const reply = toReply(answer, turn.route, 'an after hook')
  if (reply.body !== before.body && isPieces(before.body)) release(before.body)
  if (!(reply.body instanceof Promise)) return reply
  return reply.body.then((made) => {
    reply.body = made
    return reply
  })
}

function runAfter(c: Context<never, never>, first: Reply, chain: Chain, from: number): Maybe<Reply> {
  const turn = turnOf(c)
  let reply = first
  for (let i = from; i < chain.after.length; i++) {
    const said = awaited(chain.after[i]!(c, reply))
    const current = reply
    const after = (answer: unknown) =>
      isNothing(answer, c) || answer === current ? current : instead(turn, answer, current)
    const next = said instanceof Promise ? said.then(after) : after(said)
    if (next instanceof Promise) return next.then((done) => runAfter(c, done, chain, i + 1))
    reply = next
  }
  return reply
}

/** Saves the session, then sends. */
function seal(turn: Turn, reply: Reply): Maybe<number> {
  const saved = saveSession(turn, reply.status)
  return saved instanceof Promise ? saved.then(() => send(turn, reply)) : send(turn, reply)
}

/** What has become of the session goes into its store, and its cookie among the others. */
export function saveSession(turn: Turn, status: number): Maybe<void> {
  const session = turn.sessionMade
  // What a shared cache must know: another visitor may see another page (RFC 9111 §4.1).
  if (turn.personal) turn.vary('Cookie')
  if (session === null) return
  // What a failing request did to the session is not kept: perhaps that is what failed.
  if (!session.changed || status >= 500) return
  turn.private = true
  return turn.services.sessions.save(turn, session)
}

/** Field lines of replies that have nothing of their own: made once for each type. */
const ready = new WeakMap<object, Map<string, readonly string[]>>()
const COMMON = new Set<string>([TEXT, HTML, JSON_TYPE, ''])

function send(turn: Turn, reply: Reply): Maybe<number> {
  const { exchange, cookiesMade, nonceMade, lines: set, status: asked } = turn
  if (reply instanceof SwitchReply) return reply.make(exchange, ownLines(turn, '', reply.lines))
  const status = asked !== 0 && reply.status === 200 ? asked : reply.status
  const plain =
    reply.lines === null && set === null && cookiesMade === null && nonceMade === '' && COMMON.has(reply.type)
  const lines = plain ? commonLines(turn, reply.type) : ownLines(turn, reply.type, reply.lines)
  const body = reply.body as ReplyContent // promises have been awaited
  if (body === null || typeof body === 'string' || body instanceof Uint8Array) {
    const long = body !== null && body.length >= COMPRESSED_FROM
    const out = long ? compressing(turn, reply) : exchange
    out.reply(status, lines, isBodiless(status) ? null : body)
    return status
  }
  return sendPieces(compressing(turn, reply), status, lines, body).then(() => status)
}

/** Shorter bodies are not looked at: they fit into the packet of their head. Characters are three bytes at most. */
const COMPRESSED_FROM = 340

/** The exchange as the reply is to be sent on it: compressed where the site does that, and where the length tells nothing. */
function compressing({ exchange, services: { compress }, cookiesMade }: Turn, reply: Reply): Exchange {
  if (compress === null) return exchange
  const safe = reply.forEverybody || mayCompress(exchange, compress, cookiesMade?.changed === true)
  return safe ? compressExchange(exchange, compress) : exchange
}

/**
 * Whether browsers are told to use https only from now on (RFC 6797). Not for localhost: all that ever listens on a port of
 * this machine would be meant, for a year.
 */
function isStrict({ secure, exchange }: Turn): boolean {
  return secure && !isLoopbackAuthority(exchange.authority)
}

function commonLines(turn: Turn, type: string): readonly string[] {
  const key = isStrict(turn) ? `https ${type}` : type
  let lines = ready.get(turn.services)
  if (lines === undefined) ready.set(turn.services, (lines = new Map()))
  let made = lines.get(key)
  if (made === undefined) lines.set(key, (made = Object.freeze(ownLines(turn, type, null))))
  return made
}

/** The reply's own lines before those of the context, and the security fields that neither has set. */
export function ownLines(turn: Turn, type: string, own: readonly string[] | null): string[] {
  const lines: string[] = []
  if (type !== '') lines.push('Content-Type', type)
  for (const more of [own, turn.lines]) if (more !== null) lines.push(...more)
  if (turn.cookiesMade !== null) for (const line of turn.cookiesMade.lines()) lines.push('Set-Cookie', line)
  if (turn.private) keepPrivate(lines)
  const security: string[] = []
  turn.services.headers.add(security, isActive(type), isStrict(turn), turn.nonceMade)
  const given = new Set<string>()
  for (let i = 0; i < lines.length; i += 2) given.add(lines[i]!.toLowerCase())
  for (let i = 0; i < security.length; i += 2)
    if (!given.has(security[i]!.toLowerCase())) lines.push(security[i]!, security[i + 1]!)
  return lines
}

/**
 * A reply that sets a session's cookie is for one visitor, whatever the program has said: kept by a shared cache it would
 * hand that session to everybody (RFC 9111 §5.2.2.7). What allows shared caches is taken out.
 */
function keepPrivate(lines: string[]): void {
  let kept = false
  for (let i = 0; i < lines.length; i += 2) {
    if (lines[i]!.toLowerCase() !== 'cache-control') continue
    const directives = splitList(lines[i + 1]!).filter(
      (directive) => !/^(?:public$|s-maxage\b|proxy-revalidate$)/i.test(directive),
    )
    if (!directives.some((directive) => /^(?:private|no-store)$/i.test(directive))) directives.push('private')
    lines[i + 1] = directives.join(', ')
    kept = true
  }
  if (!kept) lines.push('Cache-Control', 'private')
}
