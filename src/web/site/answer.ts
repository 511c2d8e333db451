/** Answers one exchange of a compiled site: finds who answers, runs the layers around it, sends, and explains errors. */
import { type Surroundings, surround, within } from '../../base/ambient.ts'
import { stopwatch } from '../../base/clock.ts'
import { type EventLog, RecordingLog, silent, tee } from '../../base/events.ts'
import type { Report } from '../../base/report.ts'
import type { Work } from '../../base/work.ts'
import type { Exchange, FieldLines } from '../../http/index.ts'
import type { Databases } from '../../models/index.ts'
import { explain } from '../error-pages/answer.ts'
import { UnknownHostError } from '../errors.ts'
import type { WebDoneEvent } from '../events.ts'
import { legible } from '../ground/log.ts'
import { awaited, type Maybe } from '../ground/maybe.ts'
import { Context } from '../request/context.ts'
import type { Teardown } from '../request/hooks.ts'
import { Reply } from '../request/reply.ts'
import { ownLines, respond, saveSession } from '../request/respond.ts'
import { Turn } from '../request/turn.ts'
import type { Addresses } from '../routing/address.ts'
import { isSafe, opensSocket } from '../security/csrf.ts'
import type { HostCheck } from '../security/hosts.ts'
import type { Compiled, Mounted } from './compile.ts'
import { checkHost, checkOrigin, type Found, find } from './dispatch.ts'
import { MountedExchange } from './mounted-exchange.ts'
import { run } from './run.ts'
import { AFTERWARDS } from './surroundings.ts'

/** What answers. */
export interface Answerer {
  readonly compiled: Compiled
  readonly hosts: HostCheck
  /** Hosts that were refused and told to the log: each once, and not without end. */
  readonly refused: Set<string>
  /** The outermost site, and where it takes failures that nobody waits for. */
  readonly site: unknown
  readonly report: Report
}

/**
 * What surrounds one request: the slots by their names, spelled out since this is made for every request. A test holds
 * them against the slots.
 */
export class RequestRecord {
  readonly site: unknown
  readonly report: unknown
  readonly work: Work
  readonly exchange: Exchange
  readonly addresses: Addresses
  readonly databases: Databases | undefined

  constructor(of: Answerer, turn: Turn, { action }: Found) {
    this.site = of.site
    this.report = of.report
    this.work = turn.work
    this.exchange = turn.exchange
    this.addresses = action.place
    this.databases = action.scope.databases ?? undefined
  }
}

/** One request on its way. */
interface Visitor {
  readonly of: Answerer
  readonly c: Context<never, never>
  readonly turn: Turn
  readonly found: Found
  /** What happened, for the page that explains an error. */
  readonly record: RecordingLog | null
}

/** A reply that a bare handler has sent itself: nothing is to be done any more. */
class Sent extends Reply {
  constructor(status: number) {
    super(status, '', null)
  }
}

/** @param strict a name that a template does not find is an error */
export function answerExchange(of: Answerer, exchange: Exchange, strict: boolean): void | Promise<void> {
  const { machine, id } = exchange
  const { root } = of.compiled
  const record = root.scope.debug ? new RecordingLog(root.scope.limits.recordedEvents) : null
  const events: EventLog = record === null ? machine.events : tee(machine.events, record ?? silent)
  const current = { machine, events, exchange: id }
  const turn = new Turn(current, exchange, root.scope, root, strict)
  const found = find(turn, of.compiled)
  const c = new Context<never, never>(turn)
  const visitor: Visitor = { of, c, turn, found, record }
  return surround(new RequestRecord(of, turn, found) as unknown as Surroundings, () => serve(visitor))
}

function serve(visitor: Visitor): void | Promise<void> {
  const { turn } = visitor
  const started = turn.machine.events.on ? stopwatch(turn.machine.clock) : 0
  let sent: Maybe<number>
  try {
    const given = answer(visitor)
    sent = given instanceof Promise ? given.then((last) => send(visitor, last)) : send(visitor, given)
  } catch (error) {
    sent = failed(visitor, error)
  }
  if (!(sent instanceof Promise)) return done(visitor, sent, started)
  return sent.catch((error: unknown) => failed(visitor, error)).then((status) => done(visitor, status, started))
}

/** What is to be sent. @throws whatever checks, layers and the handler throw. */
function answer({ of, c, turn, found }: Visitor): Maybe<unknown> {
  const { action } = found
  if (!action.anyHost) checkHost(turn, of.hosts)
  const { exchange } = turn
  const matters =
    action.checksCsrf && (!isSafe(exchange.method) || opensSocket(exchange.header('upgrade') ?? exchange.protocol))
  const checked = matters ? checkOrigin(turn, found) : undefined
  const { steps } = action.place.chain
  if (checked === undefined && steps.length === 0) return innermost(c, turn, found)
  const visit = { c, scope: action.scope, steps, inside: () => innermost(c, turn, found) }
  return checked === undefined ? run(visit) : checked.then(() => run(visit))
}

function innermost(c: Context<never, never>, turn: Turn, found: Found): Maybe<unknown> {
  switch (found.kind) {
    case 'action':
      return awaited(found.action.view(c))
    case 'handler':
      return handOver(turn, found.mounted)
    case 'none':
      if (found.answer instanceof Reply) return found.answer
      throw found.answer
  }
}

/** Lets a bare handler answer. What hooks have put into the session and the reply goes with it. */
function handOver(turn: Turn, { handler, prefix, bare }: Mounted): Maybe<Reply> {
  const saved = saveSession(turn, 200)
  const hand = (): Maybe<Reply> => {
    const exchange = new MountedExchange(turn.exchange, prefix.length, (given) => withOwn(turn, given, bare))
    const later = handler(exchange)
    const sent = () => new Sent(exchange.status)
    return later instanceof Promise ? later.then(sent) : sent()
  }
  return saved instanceof Promise ? saved.then(hand) : hand()
}

/** The handler's fields, and those of the site that it has not set. */
function withOwn(turn: Turn, given: FieldLines, bare: boolean): FieldLines {
  if (bare && turn.lines === null && turn.cookiesMade === null) return given
  let type = ''
  const names = new Set<string>()
  for (let i = 0; i < given.length; i += 2) {
    const name = given[i]!.toLowerCase()
    names.add(name)
    if (name === 'content-type') type = given[i + 1]!
  }
  const all = [...given]
  const own = ownLines(turn, type, null)
  for (let i = 0; i < own.length; i += 2) {
    const name = own[i]!.toLowerCase()
    const several = name === 'set-cookie' || name === 'vary'
    if (several || !names.has(name)) all.push(own[i]!, own[i + 1]!)
  }
  return all
}

function send(visitor: Visitor, given: unknown): Maybe<number> {
  if (given instanceof Sent) return given.status
  return afterwards(visitor, () => respond(visitor.c, given, visitor.found.action.place.chain))
}

/** What comes after the layers runs in the surroundings of what was inside them, but outside its transaction. */
function afterwards<T>({ turn }: Visitor, run: () => T): T {
  return turn.inside === undefined ? run() : within(turn.inside, AFTERWARDS, run)
}

/** Answers an error: by the site's own pages, else with a plain one. Never throws. */
async function failed(visitor: Visitor, thrown: unknown): Promise<number> {
  const { of, c, turn, found, record } = visitor
  const error = legible(thrown)
  turn.failure = error
  if (error instanceof UnknownHostError) reportHost(visitor, error)
  const { catalog } = of.compiled
  return afterwards(visitor, () => explain(c, error, found.action.place.chain, { record, catalog }))
}

/** A stranger can send any name, as often as he likes: each is told once, and not without end. */
function reportHost({ of, turn }: Visitor, error: UnknownHostError): void {
  const { authority } = turn.exchange
  const { refused } = of
  if (refused.has(authority) || refused.size >= turn.services.limits.refusedHosts) return
  refused.add(authority)
  turn.services.report(turn.exchange, '', error)
}

function done(visitor: Visitor, status: number, started: number): void | Promise<void> {
  const { turn, found } = visitor
  const { machine, id } = turn.exchange
  if (machine.events.on) {
    const at = machine.clock.now()
    const duration = stopwatch(machine.clock) - started
    const event: WebDoneEvent = { type: 'web.done', at, host: machine.name, exchange: id, status, duration }
    machine.events.emit(event)
  }
  const { teardown } = found.action.place.chain
  if (teardown.length === 0) return
  return afterwards(visitor, () => tearDown(visitor, teardown))
}

/** All of them, whatever the others do. */
async function tearDown({ c, turn }: Visitor, hooks: readonly Teardown<never>[]): Promise<void> {
  for (const hook of hooks) {
    try {
      await hook(c, turn.failure)
    } catch (error) {
      turn.services.report(turn.exchange, turn.route, error)
    }
  }
}
