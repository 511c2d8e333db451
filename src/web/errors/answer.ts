/**
 * Answers errors: by the site's own handlers, while developing with a page that explains, else with a plain one and
 * a reference that the log has too.
 */
import type { RecordingLog } from '../../base/events.ts'
import { randomText } from '../../base/random-bytes.ts'
import { sizeText } from '../../base/size.ts'
import { BodyError, BodyTooLarge, reasonPhrase } from '../../http/index.ts'
import type { Chain } from '../site/compile.ts'
import type { Context } from '../site/context/context.ts'
import { prepare } from '../site/dispatch.ts'
import type { Told } from '../site/group.ts'
import { type Reply, TEXT, toReply } from '../site/reply/reply.ts'
import { respond } from '../site/reply/respond.ts'
import { HttpError, statusOf } from './http-error.ts'
import { wants } from './negotiation.ts'
import { explainingPage, plainPage } from './page.ts'
import { describe } from './report.ts'

const BARE: Chain = { before: [], after: [], teardown: [], errors: [] }

/** Sends the answer to an error, and logs those that are the site's fault. Never throws; gives the status. */
export async function explain(
  c: Context<never, never>,
  error: unknown,
  chain: Chain,
  record: RecordingLog | null,
): Promise<number> {
  const status = statusOf(error)
  const reference = status >= 500 ? randomText(c.machine, 6) : ''
  if (reference !== '') c.services.report(c, error, reference)
  // A reply that has begun cannot be taken back: whoever streams has broken it off.
  if (c.exchange.answered) return status
  try {
    const own = await ownAnswer(c, error, { status, message: saidToClient(error, status), reference }, chain)
    return await respond(c, own ?? standardReply(c, error, status, reference, record), chain)
  } catch (second) {
    c.services.report(c, second)
    return c.exchange.answered ? status : explainBarely(c, second, record)
  }
}

/** The error's own handler or an after hook has failed: what is left is a page without either. */
async function explainBarely(c: Context<never, never>, error: unknown, record: RecordingLog | null): Promise<number> {
  try {
    return await respond(c, standardReply(c, error, 500, '', record), BARE)
  } catch (third) {
    c.services.report(c, third)
    const fields = ['Content-Type', TEXT, 'X-Content-Type-Options', 'nosniff', 'Cache-Control', 'no-store']
    if (!c.exchange.answered) c.exchange.reply(500, fields, `${reasonPhrase(500)}\n`)
    return 500
  }
}

async function ownAnswer(c: Context<never, never>, error: unknown, told: Told, chain: Chain): Promise<Reply | null> {
  const { status, message } = told
  const own = chain.errors.find(({ of }) => (typeof of === 'number' ? of === status : error instanceof of))
  if (own === undefined) return null
  // No route, so nobody has looked who is there: the site's page shall greet them as the others do.
  if (c.route === '') await prepare(c)
  const reply = toReply(
    await own.view(c, error as never, { ...told, message: message || reasonPhrase(status) }),
    `the error handler of ${String(own.of)}`,
  )
  if (reply.status === 200) reply.status = status
  return withFields(reply, error)
}

function standardReply(
  c: Context<never, never>,
  error: unknown,
  status: number,
  reference: string,
  record: RecordingLog | null,
): Reply {
  const message = saidToClient(error, status)
  const kind = wants(c.header('accept'), c.header('content-type'))
  let reply: Reply
  if (c.services.debug && status >= 500) reply = explainingPage(c, describe(c, error, record), status, kind)
  else reply = plainPage(status, message, reference, kind, routesTried(c, status))
  reply.set('Cache-Control', 'no-store')
  return withFields(reply, error)
}

/** While developing a path that no route takes is told which there are. */
function routesTried(c: Context<never, never>, status: number): readonly string[] {
  if (!c.services.debug || status !== 404 || c.route !== '') return []
  return c.services.catalog.map(({ method, pattern, name }) => `${method} ${pattern}${name === '' ? '' : `  ${name}`}`)
}

/** What of an error was meant for the client; what lies behind any other is nobody's business out there. */
function saidToClient(error: unknown, status: number): string {
  if (status >= 500) return ''
  if (error instanceof BodyTooLarge) return `What was sent takes more than ${sizeText(error.limit)}.`
  if (error instanceof HttpError || error instanceof BodyError) return error.message
  const { words } = error as { words?: unknown }
  return typeof words === 'string' ? words : ''
}

function withFields(reply: Reply, error: unknown): Reply {
  if (error instanceof HttpError) for (const [name, value] of Object.entries(error.headers)) reply.set(name, value)
  return reply
}
