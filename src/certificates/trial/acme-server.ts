/** An ACME server for tests (RFC 8555), strict about what clients send; each of its vices can be switched on. */
import { createHash, createPublicKey, type KeyObject, verify, X509Certificate } from 'node:crypto'
import { fromBase64, toBase64Url } from '../../base/base64.ts'
import { seconds } from '../../base/duration.ts'
import { Client, type Exchange, type HttpServer, serve } from '../../http/index.ts'
import type { Host } from '../../socket/host.ts'
import { clientTls, type Identity, issue, tlsHost } from '../../tls/index.ts'
import { sequence } from '../../tls/node/authority/der.ts'
import { elementAt, elements } from '../acme/der-reader.ts'
import type { Jwk, Jws } from '../acme/jws.ts'
import { certificateFor } from './signing.ts'

/** What it does wrong, or slowly. */
export interface Vices {
  /** So many signed requests get badNonce first. */
  badNonces?: number
  /** Nonces are never any good. */
  noNonce?: boolean
  /** Authorizations stay pending whatever comes. */
  pendingForever?: boolean
  /** How often an order is shown as processing before it is valid. */
  processing?: number
  /** The Location of orders. */
  orderLocation?: string
  /** The URL in finalize. */
  finalize?: string
  /** Certificates are for another key than was asked for. */
  otherKey?: boolean
  /** Certificates are for other names. */
  otherNames?: readonly string[]
  /** newOrder answers rateLimited, so many times. */
  limited?: number
  /** Retry-After of such answers, in seconds. */
  retryAfter?: number
  /** Authorizations are for this name. */
  otherName?: string
  /** The token of challenges. */
  token?: string
  /** An endless answer to newOrder. */
  endless?: boolean
  /** The server breaks down, so many answers long. */
  broken?: number
  /** Leaves the renewal to the client. */
  noRenewalInfo?: boolean
  /** Says that an order replaces what another one did. */
  alreadyReplaced?: boolean
}

/** What it is told. */
export interface AcmeServerOptions {
  readonly host: Host
  readonly address: string
  readonly port?: number
  /** Where challenges by TLS are looked for; default 443. */
  readonly alpnPort?: number
  /** Signs what the server shows itself, and what it issues. */
  readonly authority: Identity
  /** `acme.example`, with the port where it is not 443. */
  readonly name: string
  /** Where a name is looked for. */
  readonly addressOf: (name: string) => string
  /** The TXT records of a name, as the world sees them. */
  readonly texts?: (name: string) => Promise<readonly string[]>
  readonly offers?: readonly string[]
  /** How long certificates are valid. */
  readonly days?: number
  readonly externalKeys?: Readonly<Record<string, Uint8Array>>
}

interface Account {
  readonly key: KeyObject
  readonly jwk: Jwk
  readonly contact: unknown
}

interface PlacedOrder {
  readonly names: readonly string[]
  readonly account: string
  readonly replaces: unknown
  processing: number
  status: 'pending' | 'ready' | 'processing' | 'valid' | 'invalid'
  certificate: string | null
}

interface Pending {
  readonly name: string
  readonly wildcard: boolean
  readonly token: string
  readonly account: string
  status: 'pending' | 'valid' | 'invalid'
  error: { readonly type: string; readonly detail: string } | null
}

const DAY = 86_400_000
const PREFIX = 'urn:ietf:params:acme:error:'

class Refusal extends Error {
  readonly status: number
  readonly type: string
  readonly fields: readonly string[]

  constructor(status: number, type: string, detail: string, fields: readonly string[] = []) {
    super(detail)
    this.status = status
    this.type = type
    this.fields = fields
  }
}

export class AcmeServer {
  readonly vices: Vices = {}
  readonly accounts = new Map<string, Account>()
  readonly orders: PlacedOrder[] = []
  readonly issued: X509Certificate[] = []
  /** What was asked for: `POST /order/1`. */
  readonly asked: string[] = []
  /** RFC 9773, milliseconds since 1970. */
  window: { readonly start: number; readonly end: number } | null = null
  readonly url: string
  readonly #options: AcmeServerOptions
  readonly #authorizations: Pending[] = []
  readonly #nonces = new Set<string>()
  readonly #client: Client
  #made = 0
  #server: HttpServer | null = null

  constructor(options: AcmeServerOptions) {
    this.#options = options
    this.url = `https://${options.name}/directory`
    this.#client = new Client(options.host, { resolve: async (name) => [options.addressOf(name)], timeout: seconds(5) })
  }

  async listen(): Promise<void> {
    const { host, authority, name, address, port = 443 } = this.#options
    const certificates = issue(authority, [name.replace(/:\d+$/, '')])
    this.#server = await serve(tlsHost(host, { server: { certificates } }), (exchange) => this.#answer(exchange), {
      address,
      port,
    })
  }

  async close(): Promise<void> {
    this.#client.close()
    await this.#server?.close()
  }

  async #answer(exchange: Exchange): Promise<void> {
    const { method, path } = exchange
    this.asked.push(`${method} ${path}`)
    try {
      if (!exchange.header('user-agent')) throw new Refusal(400, 'malformed', 'no User-Agent (RFC 8555 §6.1)')
      if (this.vices.broken !== undefined && this.vices.broken-- > 0) {
        exchange.reply(500, ['Content-Type', 'text/html'], '<h1>sorry</h1>')
        return
      }
      await this.#route(exchange)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const fields = ['Content-Type', 'application/problem+json', ...this.#fresh(), ...error.fields]
      exchange.reply(error.status, fields, JSON.stringify({ type: PREFIX + error.type, detail: error.message }))
    }
  }

  #fresh(): string[] {
    if (this.vices.noNonce === true) return []
    const nonce = toBase64Url(
      createHash('sha256')
        .update(`nonce ${++this.#made}`)
        .digest(),
    )
    this.#nonces.add(nonce)
    return ['Replay-Nonce', nonce, 'Cache-Control', 'no-store']
  }

  async #route(exchange: Exchange): Promise<void> {
    const { method, path } = exchange
    const base = `https://${this.#options.name}`
    if (path === '/directory') {
      const renewalInfo = this.vices.noRenewalInfo === true ? {} : { renewalInfo: `${base}/renewal` }
      const meta = {
        termsOfService: `${base}/terms`,
        externalAccountRequired: this.#options.externalKeys !== undefined,
      }
      const urls = {
        newNonce: `${base}/nonce`,
        newAccount: `${base}/account`,
        newOrder: `${base}/order`,
        ...renewalInfo,
      }
      return exchange.reply(200, ['Content-Type', 'application/json'], JSON.stringify({ ...urls, meta }))
    }
    if (path === '/nonce') return exchange.reply(200, this.#fresh(), null)
    if (path.startsWith('/renewal/')) return this.#renewal(exchange, path.slice('/renewal/'.length))
    if (method !== 'POST') throw new Refusal(405, 'malformed', `${method} is not for ${path}`)
    const { account, payload } = await this.#verified(exchange)
    const [, kind = '', id = ''] = path.split('/')
    switch (id === '' ? `new ${kind}` : kind) {
      case 'new account':
        return this.#account(exchange, payload as Record<string, unknown>, account)
      case 'new order':
        return this.#order(exchange, payload as Record<string, unknown>, account.url)
      case 'order':
        return this.#show(exchange, Number(id), payload)
      case 'authorization':
        return this.#authorization(exchange, Number(id))
      case 'challenge':
        return this.#challenge(exchange, Number(id), path.split('/')[3]!, payload)
      case 'finalize':
        return this.#finalize(exchange, Number(id), payload as { csr: string })
      case 'certificate':
        return exchange.reply(
          200,
          [...this.#fresh(), 'Content-Type', 'application/pem-certificate-chain'],
          this.orders[Number(id)]!.certificate,
        )
    }
    throw new Refusal(404, 'malformed', `there is no ${path}`)
  }

  #reply(exchange: Exchange, status: number, body: object, fields: readonly string[] = []): void {
    exchange.reply(status, [...this.#fresh(), 'Content-Type', 'application/json', ...fields], JSON.stringify(body))
  }

  /** RFC 8555 §6.2 to §6.5, to the letter. */
  async #verified(
    exchange: Exchange,
  ): Promise<{ account: { url: string; jwk: Jwk; key: KeyObject }; payload: unknown }> {
    if (exchange.header('content-type') !== 'application/jose+json')
      throw new Refusal(415, 'malformed', 'the type must be application/jose+json')
    const jws = JSON.parse(await exchange.body.text()) as Jws
    const header = JSON.parse(text(jws.protected)) as Record<string, unknown>
    if (header['alg'] !== 'ES256') throw new Refusal(400, 'badSignatureAlgorithm', 'ES256 alone')
    if (header['url'] !== `https://${this.#options.name}${exchange.path}`)
      throw new Refusal(401, 'unauthorized', 'the url of the header is another one')
    const isNew = exchange.path === '/account'
    if (isNew !== 'jwk' in header || isNew === 'kid' in header) throw new Refusal(400, 'malformed', 'jwk or kid')
    const url = String(header['kid'] ?? '')
    const account = isNew ? null : this.accounts.get(url)
    if (account === undefined) throw new Refusal(400, 'accountDoesNotExist', `there is no account ${url}`)
    const jwk = account?.jwk ?? (header['jwk'] as Jwk)
    const key = createPublicKey({ key: { ...jwk }, format: 'jwk' })
    const signed = new TextEncoder().encode(`${jws.protected}.${jws.payload}`)
    if (!verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, fromBase64(jws.signature)!))
      throw new Refusal(401, 'unauthorized', 'the signature is wrong')
    if (!this.#nonces.delete(String(header['nonce'])))
      throw new Refusal(400, 'badNonce', 'the nonce was not given, or used')
    if (this.vices.badNonces !== undefined && this.vices.badNonces-- > 0)
      throw new Refusal(400, 'badNonce', 'the nonce is too old')
    return { account: { url, jwk, key }, payload: jws.payload === '' ? null : JSON.parse(text(jws.payload)) }
  }

  #account(exchange: Exchange, payload: Record<string, unknown>, { jwk, key }: { jwk: Jwk; key: KeyObject }): void {
    if (payload['termsOfServiceAgreed'] !== true) throw new Refusal(403, 'userActionRequired', 'agree to the terms')
    this.#checkBinding(payload['externalAccountBinding'] as Jws | undefined, jwk)
    for (const [url, account] of this.accounts)
      if (JSON.stringify(account.jwk) === JSON.stringify(jwk)) {
        this.#reply(exchange, 200, { status: 'valid' }, ['Location', url])
        return
      }
    const url = `https://${this.#options.name}/account/${this.accounts.size}`
    this.accounts.set(url, { key, jwk, contact: payload['contact'] })
    this.#reply(exchange, 201, { status: 'valid' }, ['Location', url])
  }

  #checkBinding(binding: Jws | undefined, jwk: Jwk): void {
    const { externalKeys } = this.#options
    if (externalKeys === undefined) return
    if (binding === undefined) throw new Refusal(403, 'externalAccountRequired', 'who are you?')
    const header = JSON.parse(text(binding.protected)) as { alg: string; kid: string; url: string }
    const secret = externalKeys[header.kid]
    if (secret === undefined || header.alg !== 'HS256') throw new Refusal(403, 'unauthorized', 'no such key')
    const right = macOf(secret, `${binding.protected}.${binding.payload}`)
    if (right !== binding.signature || text(binding.payload) !== JSON.stringify(jwk))
      throw new Refusal(403, 'unauthorized', 'the binding is wrong')
  }

  #order(exchange: Exchange, payload: Record<string, unknown>, account: string): void {
    const { vices } = this
    if (vices.endless === true) {
      exchange.reply(201, this.#fresh(), 'x'.repeat(1 << 20))
      return
    }
    if (vices.limited !== undefined && vices.limited-- > 0)
      throw new Refusal(429, 'rateLimited', 'too many certificates for these names', [
        'Retry-After',
        String(vices.retryAfter ?? 3600),
      ])
    if (vices.alreadyReplaced === true && payload['replaces'] !== undefined)
      throw new Refusal(409, 'alreadyReplaced', 'that one was replaced')
    const identifiers = payload['identifiers'] as readonly { type: string; value: string }[]
    const names = identifiers.map(({ value }) => value)
    this.orders.push({
      names,
      account,
      replaces: payload['replaces'] ?? null,
      processing: vices.processing ?? 0,
      status: 'pending',
      certificate: null,
    })
    const id = this.orders.length - 1
    for (const name of names) {
      const wildcard = name.startsWith('*.')
      const token =
        vices.token ??
        toBase64Url(
          createHash('sha256')
            .update(`token ${++this.#made}`)
            .digest(),
        )
      const below = vices.otherName ?? (wildcard ? name.slice(2) : name)
      this.#authorizations.push({ name: below, wildcard, token, account, status: 'pending', error: null })
    }
    const location = vices.orderLocation ?? `https://${this.#options.name}/order/${id}`
    this.#reply(exchange, 201, this.#orderBody(id), location === '' ? [] : ['Location', location])
  }

  #orderBody(id: number): object {
    const base = `https://${this.#options.name}`
    const order = this.orders[id]!
    const before = this.orders.slice(0, id).reduce((sum, { names }) => sum + names.length, 0)
    const mine = this.#authorizations.slice(before, before + order.names.length)
    if (order.status === 'pending' && mine.every(({ status }) => status === 'valid')) order.status = 'ready'
    if (mine.some(({ status }) => status === 'invalid')) order.status = 'invalid'
    return {
      status: order.status,
      identifiers: order.names.map((value) => ({ type: 'dns', value })),
      authorizations: mine.map((_, i) => `${base}/authorization/${before + i}`),
      finalize: this.vices.finalize ?? `${base}/finalize/${id}`,
      ...(order.status === 'valid' && { certificate: `${base}/certificate/${id}` }),
    }
  }

  #show(exchange: Exchange, id: number, payload: unknown): void {
    if (payload !== null) throw new Refusal(400, 'malformed', 'POST-as-GET has an empty payload')
    const order = this.orders[id]
    if (order === undefined) throw new Refusal(404, 'malformed', 'no such order')
    if (order.status === 'processing' && order.processing-- <= 0) order.status = 'valid'
    this.#reply(exchange, 200, this.#orderBody(id), ['Retry-After', '2'])
  }

  #authorization(exchange: Exchange, id: number): void {
    const { name, wildcard, token, status, error } = this.#authorizations[id]!
    const types = wildcard ? ['dns-01'] : (this.#options.offers ?? ['http-01', 'dns-01', 'tls-alpn-01'])
    const url = `https://${this.#options.name}/challenge/${id}`
    this.#reply(exchange, 200, {
      status,
      identifier: { type: 'dns', value: name },
      ...(wildcard && { wildcard }),
      challenges: types.map((type) => ({ type, url: `${url}/${type}`, token, status, ...(error && { error }) })),
    })
  }

  #challenge(exchange: Exchange, id: number, type: string, payload: unknown): void {
    if (JSON.stringify(payload) !== '{}') throw new Refusal(400, 'malformed', 'the payload must be {} (§7.5.1)')
    const pending = this.#authorizations[id]!
    const { token } = pending
    this.#reply(exchange, 200, {
      type,
      status: 'processing',
      url: `https://${this.#options.name}${exchange.path}`,
      token,
    })
    if (this.vices.pendingForever !== true) void this.#look(pending, type)
  }

  /** Looks where the answer must be. */
  async #look(pending: Pending, type: string): Promise<void> {
    const { jwk } = this.accounts.get(pending.account)!
    const thumbprint = toBase64Url(createHash('sha256').update(JSON.stringify(jwk)).digest())
    const expected = `${pending.token}.${thumbprint}`
    try {
      const found = await this.#found(pending, type, expected)
      if (found !== expected) throw new Error(`found ${found}`)
      pending.status = 'valid'
    } catch (error) {
      pending.error = { type: `${PREFIX}unauthorized`, detail: (error as Error).message }
      pending.status = 'invalid'
    }
  }

  async #found({ name, token }: Pending, type: string, expected: string): Promise<string> {
    const digest = createHash('sha256').update(expected).digest()
    switch (type) {
      case 'http-01': {
        const reply = await this.#client.request(`http://${name}/.well-known/acme-challenge/${token}`)
        return reply.status === 200 ? await reply.body.text() : `status ${reply.status}`
      }
      case 'dns-01': {
        const texts = (await this.#options.texts?.(`_acme-challenge.${name}`)) ?? []
        return texts.includes(toBase64Url(digest)) ? expected : `TXT ${texts.join(' ')}`
      }
      default:
        return (await this.#shows(name, digest)) ? expected : 'another certificate'
    }
  }

  /** RFC 8737 §3. */
  async #shows(name: string, digest: Buffer): Promise<boolean> {
    const { host, addressOf, alpnPort = 443 } = this.#options
    const tls = clientTls({ acceptAnyCertificate: true, protocols: ['acme-tls/1'] })
    const carrier = await tls.carrier(host).connect({ address: addressOf(name), port: alpnPort })
    const connection = await tls.secure(host, carrier, { serverName: name })
    const { protocol, certificate } = connection.security!
    connection.reset()
    if (protocol !== 'acme-tls/1' || certificate === null) return false
    // OID 1.3.6.1.5.5.7.1.31, critical, an octet string in an octet string.
    const extension = Buffer.from(`06082b0601050507011f0101ff04220420${digest.toString('hex')}`, 'hex')
    const { subjectAltName } = new X509Certificate(certificate)
    return Buffer.from(certificate).includes(extension) && subjectAltName === `DNS:${name}`
  }

  #finalize(exchange: Exchange, id: number, { csr }: { csr: string }): void {
    const order = this.orders[id]!
    this.#orderBody(id)
    if (order.status !== 'ready') throw new Refusal(403, 'orderNotReady', `the order is ${order.status}`)
    const { names, spki } = readRequest(fromBase64(csr)!)
    if ([...names].sort().join() !== [...order.names].sort().join())
      throw new Refusal(400, 'badCSR', `the request is for ${names.join(', ')}`)
    const { authority, days = 90, host } = this.#options
    const now = host.clock.wallMillis()
    // Clocks of clients go slow: authorities date back by an hour.
    const validity = { from: new Date(now - 3_600_000), until: new Date(now + days * DAY) }
    const leaf = certificateFor(
      authority,
      this.vices.otherKey === true ? null : spki,
      this.vices.otherNames ?? names,
      validity,
    )
    this.issued.push(new X509Certificate(leaf))
    order.certificate = `${leaf}${String(authority.certificate)}`
    order.status = 'processing'
    this.#reply(exchange, 200, this.#orderBody(id), ['Location', `https://${this.#options.name}/order/${id}`])
  }

  #renewal(exchange: Exchange, id: string): void {
    if (!/^[\w-]+\.[\w-]+$/.test(id)) throw new Refusal(400, 'malformed', 'no identifier of a certificate')
    const serial = Buffer.from(fromBase64(id.split('.')[1]!)!)
      .toString('hex')
      .toUpperCase()
    if (!this.issued.some(({ serialNumber }) => serialNumber === serial)) throw new Refusal(404, 'malformed', serial)
    if (this.window === null) throw new Refusal(503, 'serverInternal', 'not today')
    const [start, end] = [this.window.start, this.window.end].map((millis) => new Date(millis).toISOString())
    this.#reply(exchange, 200, { suggestedWindow: { start, end } }, ['Retry-After', '21600'])
  }
}

function text(encoded: string): string {
  return new TextDecoder().decode(fromBase64(encoded)!)
}

function macOf(secret: Uint8Array, signed: string): string {
  const block = new Uint8Array(64)
  block.set(secret)
  const pad = (octet: number) => block.map((each) => each ^ octet)
  const inner = createHash('sha256').update(pad(0x36)).update(signed).digest()
  return toBase64Url(createHash('sha256').update(pad(0x5c)).update(inner).digest())
}

/** The names and the key of a request (RFC 2986), whose signature must be right. */
function readRequest(csr: Uint8Array): { names: readonly string[]; spki: Uint8Array } {
  const whole = elementAt(csr, 0, csr.length)!
  const [info, , signature] = elements(csr, whole)
  const [version, subject, key, attributes] = elements(csr, info!)
  const cut = (element: { start: number; end: number } | undefined) => csr.subarray(element!.start, element!.end)
  const spki = sequence(cut(key))
  const publicKey = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  if (!verify('sha256', sequence(cut(info)), publicKey, cut(signature).subarray(1)) || cut(version)[0] !== 0)
    throw new Refusal(400, 'badCSR', 'the signature of the request is wrong')
  if (cut(subject).length !== 0) throw new Refusal(400, 'badCSR', 'names belong into subjectAltName')
  // Attribute, set, extensions, extension, octet string, names.
  let at = elements(csr, attributes!)[0]!
  at = elements(csr, at)[1]!
  at = elements(csr, at)[0]!
  at = elements(csr, at)[0]!
  at = elements(csr, at).at(-1)!
  at = elements(csr, at)[0]!
  const names = elements(csr, at).map((name) => new TextDecoder().decode(cut(name)))
  return { names, spki }
}
