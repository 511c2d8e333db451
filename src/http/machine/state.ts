/**
 * The life of an exchange and of its connection, as two tables. They know no role: on a server the request is what
 * comes in, on a client what goes out. Whoever moves messages asks them what may happen next, and keeps no flags
 * of its own beside them. `docs/architecture.md` draws both.
 */

// The exchange

/** `awaited`: its head is to come. `body`: the head is through, the body is not. `cut`: the rest will not come. */
export type Progress = 'awaited' | 'body' | 'whole' | 'cut'
/** What becomes of the connection after the exchange (RFC 9112 §9.3). */
export type Keep = 'keep' | 'close'
/** `offered`: the request asks for another protocol, or for a tunnel. `made`: the connection belongs to that. */
export type Switching = 'no' | 'offered' | 'made'

/** One of the states that there are; two of the same kind are the same object. */
export interface ExchangeState {
  readonly request: Progress
  readonly reply: Progress
  readonly keep: Keep
  readonly switching: Switching
  /** Nothing of the exchange is under way: the next one may come forward. */
  readonly through: boolean
  /** The connection may carry another exchange after this one. */
  readonly reusable: boolean
  /** By the number of the event: the state that it leads to, null where it must not happen. */
  readonly next: readonly (ExchangeState | null)[]
}

/** What happens to an exchange. Numbers, because every request passes through several. */
export const On = Object.freeze({
  /** The head of the request, which has a body. */
  requestHead: 0,
  /** The head of the request, which has none. */
  requestAlone: 1,
  requestEnd: 2,
  /** The rest of the request will not be sent, or not be read. */
  requestCut: 3,
  /** The final head of the reply. */
  replyHead: 4,
  replyEnd: 5,
  /** The request asks to switch: `Connection: upgrade`, or CONNECT. */
  offer: 6,
  /** 101, or 200 to CONNECT. */
  switch: 7,
  /** Either side says that the connection closes, or a message ends with it. */
  close: 8,
  /** The connection is gone. */
  lose: 9,
})

export type ExchangeEvent = keyof typeof On

type Parts = Pick<ExchangeState, 'request' | 'reply' | 'keep' | 'switching'>
type Step = Partial<Parts>

interface Rule {
  readonly on: ExchangeEvent
  /** The states in which the event may come: those that agree with all of these. */
  readonly from: { readonly [part in keyof Parts]?: readonly Parts[part][] }
  readonly to: Step
}

/** What each event does. Where no rule fits, the event must not happen. */
export const RULES: readonly Rule[] = [
  { on: 'requestHead', from: { request: ['awaited'] }, to: { request: 'body' } },
  { on: 'requestAlone', from: { request: ['awaited'] }, to: { request: 'whole' } },
  { on: 'requestEnd', from: { request: ['body'] }, to: { request: 'whole' } },
  { on: 'requestCut', from: { request: ['awaited', 'body'] }, to: { request: 'cut' } },
  { on: 'requestCut', from: { request: ['whole', 'cut'] }, to: {} },
  // A reply may come before its request is through (RFC 9110 §7.5), and to a request that was cut: the refusal.
  { on: 'replyHead', from: { request: ['body', 'whole', 'cut'], reply: ['awaited'] }, to: { reply: 'body' } },
  { on: 'replyEnd', from: { reply: ['body'] }, to: { reply: 'whole' } },
  { on: 'offer', from: { reply: ['awaited'], switching: ['no'] }, to: { switching: 'offered' } },
  // RFC 9110 §7.8: the other protocol begins where the request has ended.
  {
    on: 'switch',
    from: { request: ['whole'], reply: ['awaited'], switching: ['offered'] },
    to: { reply: 'whole', switching: 'made' },
  },
  { on: 'close', from: { switching: ['no', 'offered'] }, to: { keep: 'close' } },
  {
    on: 'lose',
    from: { request: ['awaited', 'body'], reply: ['awaited', 'body'] },
    to: { request: 'cut', reply: 'cut' },
  },
  { on: 'lose', from: { request: ['whole', 'cut'], reply: ['awaited', 'body'] }, to: { reply: 'cut' } },
  { on: 'lose', from: { request: ['awaited', 'body'], reply: ['whole', 'cut'] }, to: { request: 'cut' } },
  { on: 'lose', from: { request: ['whole', 'cut'], reply: ['whole', 'cut'] }, to: {} },
]

/** What follows from a state by itself, whichever event led there. */
function settled(parts: Parts): Parts {
  const { request, reply } = parts
  // A reply that is no switch declines it.
  const switching = parts.switching === 'offered' && reply !== 'awaited' ? 'no' : parts.switching
  // Where a message is not read to its end, nobody can tell where the next one begins.
  const keep = request === 'cut' || reply === 'cut' ? 'close' : parts.keep
  // A reply that closes ends the request too: what is still to come of the request is for nobody.
  const done = reply === 'whole' && keep === 'close' && (request === 'body' || request === 'awaited')
  return { request: done ? 'cut' : request, reply, keep, switching }
}

interface Open extends ExchangeState {
  next: (ExchangeState | null)[]
}

/** All states that can be reached, found by walking the rules once. */
function walk(first: Parts): Open[] {
  const found = new Map<string, Open>()
  const stateOf = (parts: Parts): Open => {
    const { request, reply, keep, switching } = parts
    const key = `${request}/${reply}/${keep}/${switching}`
    const known = found.get(key)
    if (known !== undefined) return known
    const through = (request === 'whole' || request === 'cut') && (reply === 'whole' || reply === 'cut')
    const reusable = through && keep === 'keep' && switching !== 'made'
    const state: Open = { request, reply, keep, switching, through, reusable, next: [] }
    found.set(key, state)
    for (const [event, number] of Object.entries(On)) {
      const to = follow(state, event as ExchangeEvent)
      state.next[number] = to === null ? null : stateOf(to)
    }
    return state
  }
  stateOf(first)
  return [...found.values()]
}

function follow(state: Parts, event: ExchangeEvent): Parts | null {
  for (const { on, from, to } of RULES) {
    const { request = [state.request], reply = [state.reply], switching = [state.switching] } = from
    if (
      on === event &&
      request.includes(state.request) &&
      reply.includes(state.reply) &&
      switching.includes(state.switching)
    )
      return settled({
        request: state.request,
        reply: state.reply,
        keep: state.keep,
        switching: state.switching,
        ...to,
      })
  }
  return null
}

/** Every state that an exchange can be in; the first is the one in which nothing has come yet. */
export const EXCHANGE_STATES: readonly ExchangeState[] = walk({
  request: 'awaited',
  reply: 'awaited',
  keep: 'keep',
  switching: 'no',
})

/** Nothing of the exchange has come yet. */
export const BEGINNING: ExchangeState = EXCHANGE_STATES[0]!

/** Whether the event may happen now. */
export function may(state: ExchangeState, event: number): boolean {
  return state.next[event] !== null
}

/** The state after the event. @throws Error for an event that must not happen then: a fault of this layer. */
export function after(state: ExchangeState, event: number): ExchangeState {
  const next = state.next[event]
  if (next === null || next === undefined)
    throw new Error(`${Object.keys(On)[event]} must not happen in: ${describe(state)}`)
  return next
}

/** `request whole, reply body, keep, switch no`. */
export function describe({ request, reply, keep, switching }: ExchangeState): string {
  return `request ${request}, reply ${reply}, ${keep}, switch ${switching}`
}

// The connection

/**
 * - `open`: carries exchanges.
 * - `last`: takes no further ones, and is left when those under way are through.
 * - `half`: the other side has ended too, so that there will be none.
 * - `lingering`: this side has ended and reads on, so that the other side finds what was sent (RFC 9112 §9.6).
 * - `closing`: both have ended, or this side has given up; the network finishes.
 * - `handed over`: belongs to another protocol.
 * - `closed`.
 */
export type Life = 'open' | 'last' | 'half' | 'lingering' | 'closing' | 'handed over' | 'closed'

export type LifeEvent =
  /** No further exchange: a refusal, a limit, a server that drains, `Connection: close`. */
  | 'stop'
  /** The other side has ended. */
  | 'end'
  /** All is sent: this side ends, and listens on. */
  | 'leave'
  /** This side lets go of both directions, in order or by a reset. */
  | 'drop'
  | 'hand over'
  /** The host has reported the end. */
  | 'gone'

export const LIFE: Readonly<Record<Life, Readonly<Partial<Record<LifeEvent, Life>>>>> = Object.freeze({
  open: { stop: 'last', end: 'half', leave: 'lingering', drop: 'closing', 'hand over': 'handed over', gone: 'closed' },
  last: { stop: 'last', end: 'half', leave: 'lingering', drop: 'closing', 'hand over': 'handed over', gone: 'closed' },
  half: { stop: 'half', leave: 'closing', drop: 'closing', 'hand over': 'handed over', gone: 'closed' },
  lingering: { stop: 'lingering', end: 'closing', leave: 'lingering', drop: 'closing', gone: 'closed' },
  closing: { stop: 'closing', end: 'closing', leave: 'closing', drop: 'closing', gone: 'closed' },
  'handed over': { gone: 'handed over' },
  closed: { stop: 'closed', leave: 'closed', drop: 'closed', gone: 'closed' },
})

/** The life after the event. @throws Error for an event that must not happen then: a fault of this layer. */
export function lifeAfter(life: Life, event: LifeEvent): Life {
  const next = LIFE[life][event]
  if (next === undefined) throw new Error(`${event} must not happen to a connection that is ${life}`)
  return next
}

/** Whether exchanges are under way or may come: the connection is this layer’s to read and to write. */
export function isAlive(life: Life): boolean {
  return life === 'open' || life === 'last' || life === 'half'
}
