/**
 * Runs cases of caching, in the form of http-tests/cache-tests (https://github.com/http-tests/cache-tests, CONTRIBUTING.md),
 * against the client's cache, in virtual time: the origin answers as the case says, what the client gets and what the origin
 * has seen is compared with what the case expects.
 */
import { SECOND } from '../../../src/base/clock.ts'
import { messageBody } from '../../../src/http/body/from-stream.ts'
import { cache } from '../../../src/http/client/cache/layer.ts'
import { outgoing } from '../../../src/http/client/request.ts'
import { chain, type Outgoing, type Reply, type Send } from '../../../src/http/client/send.ts'
import { RequestError } from '../../../src/http/errors.ts'
import { formatDate } from '../../../src/http/fields/date.ts'
import { fieldValue } from '../../../src/http/fields/lines.ts'
import { testMachine } from '../../../src/http/trial/machine.ts'

type Field = readonly [name: string, value: string | number, checked?: boolean]
type Expected = string | readonly [string, string | number] | readonly [string, '=' | '>', string | number]

/** One request of a case, and the reply to it. */
export interface Step {
  readonly request_method?: string
  readonly request_headers?: readonly Field[]
  readonly request_body?: string
  readonly query_arg?: string
  readonly filename?: string
  readonly pause_after?: boolean
  readonly disconnect?: boolean
  readonly magic_locations?: boolean
  readonly magic_ims?: boolean
  readonly rfc850date?: readonly string[]
  readonly response_status?: readonly [number, string]
  readonly response_headers?: readonly Field[]
  readonly response_body?: string | null
  readonly interim_responses?: readonly (readonly [number, (readonly Field[])?])[]
  readonly response_pause?: number
  readonly check_body?: boolean
  readonly expected_type?: 'cached' | 'not_cached' | 'lm_validated' | 'etag_validated'
  readonly expected_method?: string
  readonly expected_status?: number | null
  readonly expected_request_headers?: readonly (string | readonly [string, string])[]
  readonly expected_request_headers_missing?: readonly (string | readonly [string, string])[]
  readonly expected_response_headers?: readonly Expected[]
  readonly expected_response_headers_missing?: readonly (string | readonly [string, string])[]
  readonly expected_response_text?: string | null
  readonly expected_interim_responses?: readonly (readonly [number, (readonly Field[])?])[]
  readonly setup?: boolean
  readonly setup_tests?: readonly string[]
}

export interface Case {
  readonly suite: string
  readonly id: string
  readonly kind: 'required' | 'optimal' | 'check'
  /** For caches that several people share. */
  readonly browser_skip?: boolean
  readonly requests: readonly Step[]
}

/** `setup`: what the case presupposes did not happen, so that it says nothing. */
export type Outcome = { readonly kind: 'pass' } | { readonly kind: 'fail' | 'setup'; readonly why: string }

const DATES: ReadonlySet<string> = new Set([
  'date',
  'expires',
  'last-modified',
  'if-modified-since',
  'if-unmodified-since',
])
const PLACES: ReadonlySet<string> = new Set(['location', 'content-location'])
const BASE = 'http://origin.test/test/one'

/** What the origin has seen. */
interface Seen {
  readonly step: number
  readonly method: string
  readonly fields: readonly string[]
  readonly checked: readonly (readonly [string, string])[]
}

interface Got {
  readonly reply: Reply
  readonly text: string
  readonly interims: readonly (readonly [number, readonly string[]])[]
}

class Unmet extends Error {
  readonly setup: boolean

  constructor(setup: boolean, why: string) {
    super(why)
    this.setup = setup
  }
}

export async function runCase(one: Case, shared: boolean): Promise<Outcome> {
  const run = new Run(one, shared)
  try {
    await run.play()
    run.compare()
    return { kind: 'pass' }
  } catch (error) {
    if (error instanceof Unmet) return { kind: error.setup ? 'setup' : 'fail', why: error.message }
    return { kind: 'setup', why: String(error) }
  }
}

class Run {
  readonly #case: Case
  readonly #machine = testMachine()
  readonly #send: Send
  readonly #seen: Seen[] = []
  readonly #got: Got[] = []

  constructor(one: Case, shared: boolean) {
    this.#case = one
    this.#send = chain([cache({ shared })], (request) => this.#origin(request), this.#machine)
  }

  async play(): Promise<void> {
    for (const [index, step] of this.#case.requests.entries()) {
      const interims: [number, readonly string[]][] = []
      const playing = this.#send(this.#request(step, index, interims))
      playing.catch(() => {})
      await this.#machine.clock.advance((step.response_pause ?? 0) * SECOND)
      const reply = await playing.catch((error: unknown) => {
        if (step.disconnect && step.expected_status === null) return null
        throw new Unmet(isSetup(step, 'expected_type'), String(error))
      })
      if (reply === null) continue
      const got = { reply, text: await reply.body.text(), interims }
      this.#got[index] = got
      await this.#machine.clock.advance(0)
      this.#checkReply(step, index, got)
      if (step.pause_after) await this.#machine.clock.advance(3 * SECOND)
    }
  }

  #request(step: Step, index: number, interims: [number, readonly string[]][]): Outgoing {
    const fields: string[] = ['Pragma', 'foo', 'Cache-Control', 'nothing-to-see-here']
    const before = this.#got[index - 1]?.reply
    for (const field of step.request_headers ?? []) {
      const [name, value] = field
      const magic = step.magic_ims && name.toLowerCase() === 'if-modified-since'
      const now = Number(before?.header('server-now') ?? 0)
      fields.push(name, magic ? dateText(name, Number(value), now, step) : String(value))
    }
    fields.push('Test-ID', this.#case.id, 'Req-Num', String(index + 1))
    const url = `${BASE}${step.filename ? `/${step.filename}` : ''}${step.query_arg ? `?${step.query_arg}` : ''}`
    return outgoing(url, {
      method: step.request_method ?? 'GET',
      fields,
      body: step.request_body ?? null,
      onInformation: (status, lines) => void interims.push([status, lines]),
    })
  }

  async #origin(request: Outgoing): Promise<Reply> {
    const { clock } = this.#machine
    const number = Number(fieldValue(request.fields, 'req-num'))
    const step = this.#case.requests[number - 1]!
    if (step.response_pause)
      await new Promise<void>((resolve) => clock.at(clock.now() + step.response_pause! * SECOND, resolve))
    for (const [status, fields = []] of step.interim_responses ?? [])
      await request.onInformation?.(
        status,
        fields.flatMap(([name, value]) => [name, String(value)]),
      )
    const [status, reason] = this.#status(step, number, request)
    const now = clock.wallMillis()
    const count = this.#seen.length + 1
    const fields = ['Server-Base-Url', '/test/one', 'Server-Request-Count', String(count)]
    fields.push('Client-Request-Count', String(number), 'Server-Now', String(now))
    const checked = new Set<string>()
    for (const [name, value, isChecked = true] of step.response_headers ?? []) {
      const text = this.#value(name, value, now, step)
      fields.push(name, text)
      if (isChecked) checked.add(name.toLowerCase())
    }
    if (fieldValue(fields, 'content-type') === undefined) fields.push('Content-Type', 'text/plain')
    // Node's server says when it answers; the cases count on it.
    if (fieldValue(fields, 'date') === undefined) fields.push('Date', formatDate(now))
    const values = [...checked].map((name) => [name, fieldValue(fields, name)!] as const)
    this.#seen.push({ step: number, method: request.method, fields: request.fields, checked: values })
    if (step.disconnect) throw new RequestError('closed', 'the server closed without a reply')
    fields.push('Request-Numbers', this.#seen.map((seen) => seen.step).join(' '))
    const bare = status === 204 || status === 304 || request.method === 'HEAD'
    const body = messageBody(bare ? null : (step.response_body ?? 'the body'))
    const { url } = request
    const header = (name: string) => fieldValue(fields, name)
    return { url, redirected: false, status, reason, version: 'HTTP/1.1', fields, body, connection: null, header }
  }

  #status(step: Step, number: number, request: Outgoing): readonly [number, string] {
    if (!step.expected_type?.endsWith('validated')) return step.response_status ?? [200, 'OK']
    const before = this.#case.requests[number - 2]!
    const had = (name: string) => {
      const field = before.response_headers?.findLast((one) => one[0].toLowerCase() === name)
      if (field === undefined) return undefined
      // The dates of the reply before were said then.
      return typeof field[1] === 'number' ? this.#got[number - 2]?.reply.header(name) : field[1]
    }
    const [modified, tag] = [had('last-modified'), had('etag')]
    const since = fieldValue(request.fields, 'if-modified-since')
    const none = fieldValue(request.fields, 'if-none-match')
    const good = (modified !== undefined && since === modified) || (tag !== undefined && none === tag)
    return good ? [304, 'Not Modified'] : [999, '304 Not Generated']
  }

  #value(name: string, value: string | number, now: number, step: Step): string {
    const lower = name.toLowerCase()
    if (typeof value === 'number' && DATES.has(lower)) return dateText(name, value, now, step)
    if (step.magic_locations && PLACES.has(lower)) return value ? `/test/one/${value}` : '/test/one'
    return String(value)
  }

  #checkReply(step: Step, index: number, { reply, text, interims }: Got): void {
    const number = index + 1
    const count = Number.parseInt(reply.header('server-request-count') ?? '', 10)
    const need = (member: string, ok: boolean, why: string) => {
      if (!ok) throw new Unmet(isSetup(step, member), `reply ${number}: ${why}`)
    }
    if (step.expected_type === 'cached' && !(reply.status === 304 && Number.isNaN(count)))
      need('expected_type', count < number, 'does not come from the cache')
    if (step.expected_type === 'not_cached') need('expected_type', count === number, 'comes from the cache')
    if (step.expected_status !== undefined) {
      if (step.expected_status !== null)
        need('expected_status', reply.status === step.expected_status, `status ${reply.status}`)
    } else if (step.response_status !== undefined)
      need('', reply.status === step.response_status[0], `status ${reply.status}`)
    else if (reply.status === 999) need('expected_type', false, 'the request should have had a condition')
    else if (reply.status !== 200) throw new Unmet(true, `reply ${number}: status ${reply.status}`)
    this.#checkFields(step, reply, need)
    const wanted = step.expected_interim_responses
    if (wanted !== undefined) {
      need('expected_interim_responses', interims.length === wanted.length, `${interims.length} interim responses`)
      for (const [at, [status]] of wanted.entries())
        need('expected_interim_responses', interims[at]![0] === status, `interim status ${interims[at]![0]}`)
    }
    if (step.check_body === false) return
    if (step.expected_response_text !== undefined) {
      if (step.expected_response_text !== null)
        need('expected_response_text', text === step.expected_response_text, `body ${JSON.stringify(text)}`)
    } else if (typeof step.response_body === 'string') {
      if (text !== step.response_body) throw new Unmet(true, `reply ${number}: body ${JSON.stringify(text)}`)
    } else if (reply.status !== 204 && reply.status !== 304 && step.request_method !== 'HEAD' && text !== 'the body')
      throw new Unmet(true, `reply ${number}: body ${JSON.stringify(text)}`)
  }

  #checkFields(step: Step, reply: Reply, need: (member: string, ok: boolean, why: string) => void): void {
    const now = Number(reply.header('server-now'))
    for (const expected of step.expected_response_headers ?? []) {
      const name = (typeof expected === 'string' ? expected : expected[0]).toLowerCase()
      const value = reply.header(name)
      const member = 'expected_response_headers'
      if (typeof expected === 'string') need(member, value !== undefined, `no ${name}`)
      else if (expected.length === 3) {
        const [, operator, other] = expected
        const ok =
          operator === '=' ? value === reply.header(String(other).toLowerCase()) : Number(value) > Number(other)
        need(member, value !== undefined && ok, `${name} is ${value}, not ${operator} ${other}`)
      } else {
        const text = this.#value(name, expected[1], now, step)
        need(member, value === text, `${name} is ${JSON.stringify(value)}, not ${JSON.stringify(text)}`)
      }
    }
    for (const missing of step.expected_response_headers_missing ?? [])
      if (typeof missing === 'string')
        need('expected_response_headers_missing', reply.header(missing.toLowerCase()) === undefined, `has ${missing}`)
  }

  /** What the origin has seen against what it should have seen. */
  compare(): void {
    let at = 0
    for (const [index, step] of this.#case.requests.entries()) {
      const number = index + 1
      const seen = this.#seen[at]
      const need = (member: string, ok: boolean, why: string) => {
        if (!ok) throw new Unmet(isSetup(step, member), `request ${number}: ${why}`)
      }
      if (step.expected_type === 'cached') continue
      if (step.expected_type === 'not_cached') need('expected_type', seen?.step === number, 'was not sent')
      at++
      const has = (name: string) => (seen === undefined ? undefined : fieldValue(seen.fields, name.toLowerCase()))
      if (step.expected_type === 'etag_validated')
        need('expected_type', has('if-none-match') !== undefined, 'no If-None-Match')
      if (step.expected_type === 'lm_validated')
        need('expected_type', has('if-modified-since') !== undefined, 'no If-Modified-Since')
      for (const header of step.expected_request_headers ?? []) {
        const [name, value] = typeof header === 'string' ? [header, undefined] : header
        const ok = value === undefined ? has(name) !== undefined : has(name) === value
        need('expected_request_headers', ok, `${name} is ${has(name)}`)
      }
      for (const header of step.expected_request_headers_missing ?? []) {
        const [name, value] = typeof header === 'string' ? [header, undefined] : header
        const ok = value === undefined ? has(name) === undefined : has(name) !== value
        need('expected_request_headers_missing', ok, `${name} is ${has(name)}`)
      }
      const reply = this.#got[index]?.reply
      for (const [name, value] of seen?.checked ?? [])
        if (name !== 'date' && reply !== undefined && reply.header(name) !== value)
          throw new Unmet(true, `reply ${number}: ${name} is ${reply.header(name)}, not ${value}`)
      if (step.expected_method !== undefined)
        need('expected_method', seen?.method === step.expected_method, `method ${seen?.method}`)
    }
  }
}

function isSetup(step: Step, member: string): boolean {
  return step.setup === true || member === '' || (step.setup_tests ?? []).includes(member)
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

function dateText(name: string, seconds: number, now: number, step: Step): string {
  const instant = now + seconds * 1000
  const text = formatDate(instant)
  if (!step.rfc850date?.includes(name.toLowerCase())) return text
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) \d\d(\d\d) (\S+)/.exec(text)!
  return `${DAYS[new Date(instant).getUTCDay()]}, ${day}-${month}-${year} ${time} GMT`
}
