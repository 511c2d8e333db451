/**
 * A browser for tests: it calls the site in this process, without a port, keeps cookies, follows redirects when told
 * to, and sends what a browser would send of itself with every form. In a site that has one, a name that a template
 * does not find is an error, as while developing: a misspelled `{{ tittle }}` fails the test, and is not empty there.
 */

import type { Machine } from '../../base/machine.ts'
import type { Exchange } from '../../http/index.ts'
import { answer, answerWebSocket, isBodiless, type WebSocketConnection } from '../../http/index.ts'
import { login, type Signable } from '../auth/sign-in.ts'
import { UsageError } from '../errors.ts'
import { Context } from '../request/context.ts'
import { Turn } from '../request/turn.ts'
import { answerStrictly, rootOf, type Site } from '../site/site.ts'
import { TestCookies } from './cookies.ts'
import { findForm } from './page-forms.ts'

/** What a form sends; a Blob or File makes it multipart. */
export type FormValues = Readonly<Record<string, string | number | boolean | Blob | readonly string[]>>

/** What the browser of a test is. */
export interface TestOptions {
  /** Default `http://localhost`. */
  readonly origin?: string
  /** Whose clock, randomness and event log the requests go by; default: that of the site. */
  readonly machine?: Machine
  /** Fields of every request. */
  readonly headers?: Readonly<Record<string, string>>
}

/** How one request is made. */
export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** Follows redirects within the site, up to ten. */
  readonly follow?: boolean
}

/** A browser for one site, in this process: made by `testClient(site)`. */
export class TestClient {
  /** What the browser keeps between requests. */
  readonly cookies = new TestCookies()
  /** The site's address, as the browser knows it. */
  readonly origin: string
  readonly #site: Site<never>
  readonly #machine: Machine
  readonly #headers: Readonly<Record<string, string>>

  constructor(site: Site<never>, options: TestOptions) {
    this.#site = site
    this.origin = options.origin ?? 'http://localhost'
    this.#machine = options.machine ?? site.machine
    this.#headers = options.headers ?? { accept: 'text/html,*/*' }
  }

  /** A GET request. */
  get(path: string, options?: RequestOptions): Promise<TestResponse> {
    return this.request('GET', path, undefined, options)
  }
  /** A HEAD request. */
  head(path: string, options?: RequestOptions): Promise<TestResponse> {
    return this.request('HEAD', path, undefined, options)
  }
  /** POST, as a form on the site's own page would send it. */
  post(path: string, data?: FormValues, options?: RequestOptions): Promise<TestResponse> {
    return this.request('POST', path, formBody(data ?? {}), options)
  }
  /** PUT, with fields as a form has them; `json('PUT', …)` sends JSON. */
  put(path: string, data?: FormValues, options?: RequestOptions): Promise<TestResponse> {
    return this.request('PUT', path, formBody(data ?? {}), options)
  }
  /** PATCH, with fields as a form has them. */
  patch(path: string, data?: FormValues, options?: RequestOptions): Promise<TestResponse> {
    return this.request('PATCH', path, formBody(data ?? {}), options)
  }
  /** A DELETE request. */
  delete(path: string, options?: RequestOptions): Promise<TestResponse> {
    return this.request('DELETE', path, undefined, options)
  }
  /** Sends a value as JSON. */
  json(method: string, path: string, value: unknown, options: RequestOptions = {}): Promise<TestResponse> {
    const headers = { 'content-type': 'application/json', accept: 'application/json', ...options.headers }
    return this.request(method, path, JSON.stringify(value), { ...options, headers })
  }

  /**
   * Fills in a page's form and sends it, hidden inputs, token and standing values with it, as a browser does that
   * sends no Sec-Fetch-Site or Origin: what stands is what the page's HTML says. Of several forms it is the first
   * with that action, or that has all the fields of `data`.
   * @throws Error when the page has no such form.
   */
  async submit(
    page: string,
    data: FormValues,
    options: RequestOptions & { readonly action?: string } = {},
  ): Promise<TestResponse> {
    const shown = await this.get(page)
    const form = findForm(shown.text, options.action, Object.keys(data))
    if (form === null) {
      const wanted = options.action ? `action ${options.action}` : `the fields ${Object.keys(data).join(', ')}`
      throw new UsageError(`${page} (status ${shown.status}) has no form with ${wanted}`)
    }
    const headers = { 'sec-fetch-site': '', ...options.headers }
    const body = formBody({ ...form.values, ...data })
    // A GET form replaces the query of its action (HTML §4.10.22.3).
    if (form.method === 'GET')
      return this.request('GET', `${(form.action ?? page).replace(/\?.*$/, '')}?${body}`, undefined, {
        ...options,
        headers,
      })
    return this.request(form.method, form.action ?? page, body, { ...options, headers })
  }

  /**
   * Opens a WebSocket, as a page of the site would. @throws SocketRefused with the reply, where the site answers otherwise.
   * @example
   * const socket = await web.websocket('/chat')
   * socket.send('hello')
   * const { value } = await socket[Symbol.asyncIterator]().next()
   */
  async websocket(
    path: string,
    options: RequestOptions & { readonly protocols?: readonly string[] } = {},
  ): Promise<WebSocketConnection> {
    const url = new URL(path.startsWith('/') ? this.origin + path : path)
    const headers = this.#fieldsOf(url, { origin: this.origin, ...options.headers })
    const handler = (exchange: Exchange) => answerStrictly(this.#site, exchange)
    const { protocols = [] } = options
    const opened = await answerWebSocket(handler, new Request(url, { headers }), this.#machine, { protocols })
    if (!(opened instanceof Response)) return opened
    throw new SocketRefused(new TestResponse(opened, url.pathname + url.search, await opened.text()))
  }

  /** Signs a user in as `login(c, user)` does. */
  async login(user: Signable): Promise<void> {
    this.cookies.take(
      await sessionCookie(this.#site, this.#machine, this.origin, user),
      this.#machine.clock.wallMillis(),
    )
  }
  /** Forgets the session's cookie, without asking the site. */
  logout(): void {
    for (const name of ['session', '__Host-session']) this.cookies.delete(name)
  }

  /** Any request. Fields with an empty value are left out: `{ 'sec-fetch-site': '' }`. */
  async request(
    method: string,
    path: string,
    body?: string | FormData | URLSearchParams,
    options: RequestOptions = {},
  ): Promise<TestResponse> {
    // Not resolved against the origin: `//a` shall reach the site as it is.
    const url = new URL(path.startsWith('/') ? this.origin + path : path)
    const headers = this.#fieldsOf(url, options.headers)
    const now = this.#machine.clock.wallMillis()
    const init: RequestInit = { method, headers, ...(body === undefined ? {} : { body }) }
    const response = await this.#answer(new Request(url, init))
    for (const line of response.headers.getSetCookie()) this.cookies.take(line, now)
    const made = new TestResponse(response, url.pathname + url.search, await response.text())
    return options.follow ? this.#follow(made, 10) : made
  }

  /** What a browser would send of itself, and what the test says otherwise. */
  #fieldsOf(url: URL, given: Readonly<Record<string, string>> | undefined): Headers {
    const headers = new Headers({ 'sec-fetch-site': 'same-origin', ...this.#headers, ...given })
    for (const [name, value] of [...headers]) if (value === '') headers.delete(name)
    const cookie = this.cookies.field(url.pathname, url.protocol === 'https:', this.#machine.clock.wallMillis())
    if (cookie !== null && !headers.has('cookie')) headers.set('cookie', cookie)
    return headers
  }

  /** The whole reply, when the site is done with the request, teardown and all. */
  async #answer(request: Request): Promise<Response> {
    const done: Promise<void>[] = []
    const handler = (exchange: Exchange) => {
      const later = answerStrictly(this.#site, exchange)
      if (later !== undefined) done.push(later)
      return later
    }
    const begun = await answer(handler, request, this.#machine)
    const { status, statusText, headers } = begun
    const bytes = await begun.arrayBuffer()
    await Promise.allSettled(done)
    return new Response(isBodiless(status) ? null : bytes, { status, statusText, headers })
  }

  async #follow(response: TestResponse, left: number): Promise<TestResponse> {
    const { location } = response
    if (response.status < 300 || response.status > 399 || location === null) return response
    if (left === 0) throw new UsageError(`more than ten redirects, the last to ${location}`)
    return this.#follow(await this.get(location), left - 1)
  }
}

/** The site has answered a request for a WebSocket with a reply. */
export class SocketRefused extends Error {
  override readonly name = 'SocketRefused'
  /** What it has answered. */
  readonly response: TestResponse

  constructor(response: TestResponse) {
    super(`${response.path} was answered ${response.status}, not by a WebSocket: ${response.text.slice(0, 200)}`)
    this.response = response
  }
}

/** A reply, read to its end. */
export class TestResponse {
  /** As the platform has it; its body has been read. */
  readonly response: Response
  /** The path that was asked for, after redirects the last one. */
  readonly path: string
  /** The whole body. */
  readonly text: string

  constructor(response: Response, path: string, text: string) {
    this.response = response
    this.path = path
    this.text = text
  }

  /** The three digits. */
  get status(): number {
    return this.response.status
  }
  /** The fields of the reply. */
  get headers(): Headers {
    return this.response.headers
  }
  /** Where a redirect leads; null when the reply is none. */
  get location(): string | null {
    return this.response.headers.get('location')
  }
  /** The body as a value. @throws SyntaxError when it is not JSON. */
  json(): unknown {
    return JSON.parse(this.text)
  }
}

/** The Set-Cookie field of a session in which `user` is signed in: made by the site as it makes any. */
async function sessionCookie(site: Site<never>, machine: Machine, origin: string, user: Signable): Promise<string> {
  let line = ''
  await answer(
    async (exchange) => {
      const root = rootOf(site)
      const work = { machine, events: machine.events, exchange: exchange.id }
      const turn = new Turn(work, exchange, root.scope, root, true)
      login(new Context<unknown, unknown>(turn), user)
      await root.scope.sessions.save(turn, turn.session)
      line = [...turn.cookies.lines()].join()
      exchange.reply(204, [], null)
    },
    new Request(origin),
    machine,
  )
  return line
}

/**
 * A browser for one site, without a port.
 *
 * @example
 * const web = testClient(site)
 * await web.submit('/sign-up', { name: 'ada', password: 'correct horse' })
 * assert.match((await web.get('/')).text, /Welcome, ada/)
 */
export function testClient<U>(site: Site<U>, options: TestOptions = {}): TestClient {
  return new TestClient(site as unknown as Site<never>, options)
}

function formBody(data: FormValues): URLSearchParams | FormData {
  const many = Object.values(data).some((value) => value instanceof Blob)
  const body = many ? new FormData() : new URLSearchParams()
  for (const [name, value] of Object.entries(data)) {
    if (value instanceof Blob) (body as FormData).append(name, value)
    else for (const one of Array.isArray(value) ? value : [value]) body.append(name, String(one))
  }
  return body
}
