/** From an answer to bytes: hooks, session, cookies, security fields, and out. */
import { isBodiless } from '../../../http/index.ts'
import { isActive } from '../../security/headers.ts'
import type { Chain } from '../compile.ts'
import type { Context } from '../context/context.ts'
import { awaited, type Maybe } from '../maybe.ts'
import { HTML, JSON_TYPE, type Pieces, Reply, type ReplyBody, TEXT, toReply } from './reply.ts'
import { release, sendPieces } from './streaming.ts'

/**
 * Sends the answer. The status it had; a promise only where something on the way needed time.
 * @throws TypeError for what is no answer, and whatever hooks throw; nothing has been sent then.
 */
export function respond(c: Context<never, never>, answer: unknown, chain: Chain): Maybe<number> {
  const reply = toReply(answer, c.route)
  const { after } = chain
  try {
    const done = after.length === 0 ? reply : runAfter(c, reply, chain, 0)
    const sent = done instanceof Promise ? done.then((last) => seal(c, last)) : seal(c, done)
    return sent instanceof Promise && isPieces(reply.body) ? sent.catch((error) => giveUp(c, reply, error)) : sent
  } catch (error) {
    return giveUp(c, reply, error)
  }
}

function isPieces(body: ReplyBody): body is Pieces {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body
}

function giveUp(c: Context<never, never>, reply: Reply, error: unknown): never {
  if (!c.exchange.answered && isPieces(reply.body)) release(reply.body)
  throw error
}

/** What a hook answered, in place of the reply before. */
function instead(c: Context<never, never>, answer: unknown, before: Reply): Reply {
  const reply = toReply(answer, c.route)
  if (reply.body !== before.body && isPieces(before.body)) release(before.body)
  return reply
}

function runAfter(c: Context<never, never>, first: Reply, chain: Chain, from: number): Maybe<Reply> {
  let reply = first
  for (let i = from; i < chain.after.length; i++) {
    const said = awaited(chain.after[i]!(c, reply))
    if (said instanceof Promise) {
      const current = reply
      return said.then((late) => runAfter(c, late ? instead(c, late, current) : current, chain, i + 1))
    }
    if (said) reply = instead(c, said, reply)
  }
  return reply
}

/** Saves the session, then sends. */
function seal(c: Context<never, never>, reply: Reply): Maybe<number> {
  const { session, personal } = c.made()
  // What a shared cache must know: another visitor may see another page (RFC 9111 §4.1).
  if (personal) c.append('Vary', 'Cookie')
  if (session === null) return send(c, reply)
  // What a failing request did to the session is not kept: perhaps that is what failed.
  if (!session.changed || reply.status >= 500) return send(c, reply)
  if (reply.get('cache-control') === undefined) c.append('Cache-Control', 'private')
  return c.services.sessions.save(c, session).then(() => send(c, reply))
}

/** Field lines of replies that have nothing of their own: made once for each type. */
const ready = new WeakMap<object, Map<string, readonly string[]>>()
const COMMON = new Set<string>([TEXT, HTML, JSON_TYPE, ''])

function send(c: Context<never, never>, reply: Reply): Maybe<number> {
  const { exchange } = c
  const { cookies, nonce, status: asked } = c.made()
  const status = asked !== 0 && reply.status === 200 ? asked : reply.status
  const plain = reply.lines === null && c.lines === null && cookies === null && nonce === '' && COMMON.has(reply.type)
  const lines = plain ? commonLines(c, reply.type) : ownLines(c, reply, nonce)
  const { body } = reply
  if (body === null || typeof body === 'string' || body instanceof Uint8Array) {
    exchange.reply(status, lines, isBodiless(status) ? null : body)
    return status
  }
  return sendPieces(exchange, status, lines, body).then(() => status)
}

function commonLines(c: Context<never, never>, type: string): readonly string[] {
  const key = c.secure ? `https ${type}` : type
  let lines = ready.get(c.services)
  if (lines === undefined) ready.set(c.services, (lines = new Map()))
  let made = lines.get(key)
  if (made === undefined) lines.set(key, (made = Object.freeze(ownLines(c, new Reply(200, type, null), ''))))
  return made
}

/** The reply's own lines before those of the context, and the security fields that neither has set. */
function ownLines(c: Context<never, never>, reply: Reply, nonce: string): string[] {
  const lines: string[] = []
  if (reply.type !== '') lines.push('Content-Type', reply.type)
  for (const more of [reply.lines, c.lines]) if (more !== null) lines.push(...more)
  const cookies = c.made().cookies
  if (cookies !== null) for (const line of cookies.lines()) lines.push('Set-Cookie', line)
  const security: string[] = []
  c.services.headers.add(security, isActive(reply.type), c.secure, nonce)
  const given = new Set<string>()
  for (let i = 0; i < lines.length; i += 2) given.add(lines[i]!.toLowerCase())
  for (let i = 0; i < security.length; i += 2)
    if (!given.has(security[i]!.toLowerCase())) lines.push(security[i]!, security[i + 1]!)
  return lines
}
