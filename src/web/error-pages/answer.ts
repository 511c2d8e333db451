/**
 * Answers errors: by the site's own handlers, while developing with a page that explains, else with a plain one and
 * a reference that the log has too.
 */
import type { RecordingLog } from '../../base/events.ts'
import type { Problem } from '../../base/problem.ts'
import { randomText } from '../../base/random-bytes.ts'
import { sizeText } from '../../base/size.ts'
import { BodyError, BodyTooLarge, reasonPhrase } from '../../http/index.ts'
import { HttpError, InvalidBody, statusOf } from '../errors.ts'
import { type Context, turnOf } from '../request/context.ts'
import { BARE, type Chain, type ErrorDetails } from '../request/hooks.ts'
import { type Reply, TEXT, toReply } from '../request/reply.ts'
import { respond } from '../request/respond.ts'
import { wants } from './negotiation.ts'
import { explainingPage, plainPage } from './page.ts'
import { describe } from './report.ts'

/** What a page for developers may show. */
export interface Evidence {
  /** What happened in the request, in order; null where nothing was recorded. */
  readonly record: RecordingLog | null
  /** The routes that there are. */
  readonly catalog: readonly { readonly method: string; readonly pattern: string; readonly name: string }[]
}

/** Sends the answer to an error, and logs those that are the site's fault. Never throws; gives the status. */
export async function explain(
  c: Context<never, never>,
  error: unknown,
  chain: Chain,
  evidence: Evidence,
): Promise<number> {
  const turn = turnOf(c)
  const report = (what: unknown, reference = '') => turn.services.report(turn.exchange, turn.route, what, reference)
  const status = statusOf(error)
  const reference = status >= 500 ? randomText(c.machine, 6) : ''
  if (reference !== '') report(error, reference)
  // A reply that has begun cannot be taken back: whoever streams has broken it off.
  if (c.exchange.answered) return status
  try {
    const own = await ownAnswer(c, error, { status, message: saidToClient(error, status), reference }, chain)
    return await respond(c, own ?? standardReply(c, error, status, reference, evidence), chain)
  } catch (second) {
    report(second)
    return c.exchange.answered ? status : explainBarely(c, second, evidence)
  }
}

/** The error's own handler or an after hook has failed: what is left is a page without either. */
async function explainBarely(c: Context<never, never>, error: unknown, evidence: Evidence): Promise<number> {
  try {
    return await respond(c, standardReply(c, error, 500, '', evidence), BARE)
  } catch (third) {
    const { exchange, services, route } = turnOf(c)
    services.report(exchange, route, third)
    const fields = ['Content-Type', TEXT, 'X-Content-Type-Options', 'nosniff', 'Cache-Control', 'no-store']
    if (!exchange.answered) exchange.reply(500, fields, `${reasonPhrase(500)}\n`)
    return 500
  }
}

async function ownAnswer(
  c: Context<never, never>,
  error: unknown,
  told: ErrorDetails,
  chain: Chain,
): Promise<Reply | null> {
  const { status, message } = told
  const own = chain.errors.find(({ of }) => (typeof of === 'number' ? of === status : error instanceof of))
  if (own === undefined) return null
  const reply = toReply(
    await own.view(c, error as never, { ...told, message: message || reasonPhrase(status) }),
    typeof own.of === 'number' ? String(own.of) : own.of.name,
    'the error page',
  )
  if (reply.status === 200) reply.status = status
  return withFields(reply, error)
}

function standardReply(
  c: Context<never, never>,
  error: unknown,
  status: number,
  reference: string,
  { record, catalog }: Evidence,
): Reply {
  const message = saidToClient(error, status)
  const kind = wants(c.header('accept'), c.header('content-type'))
  const { debug } = turnOf(c).services
  // While developing a path that no route takes is told which there are.
  const routes = debug && status === 404 && c.route === '' ? catalog : []
  const problems = error instanceof InvalidBody ? error.problems : []
  const members = error instanceof HttpError ? error.problem : {}
  const reply =
    debug && status >= 500
      ? explainingPage(c, describe(c, error, record), status, kind)
      : plainPage({ status, message, reference, routes, problems, members }, kind)
  reply.setHeader('Cache-Control', 'no-store')
  return withFields(reply, error)
}

/** What of an error was meant for the client; what lies behind any other is nobody's business out there. */
function saidToClient(error: unknown, status: number): string {
  if (status >= 500) return ''
  if (error instanceof BodyTooLarge) return `What was sent takes more than ${sizeText(error.limit)}.`
  if (error instanceof HttpError || error instanceof BodyError) return error.message
  const { words, problem } = error as { words?: unknown; problem?: Partial<Problem> }
  return typeof words === 'string' ? words : (problem?.text ?? '')
}

function withFields(reply: Reply, error: unknown): Reply {
  if (error instanceof HttpError)
    for (const [name, value] of Object.entries(error.headers)) reply.setHeader(name, value)
  return reply
}
