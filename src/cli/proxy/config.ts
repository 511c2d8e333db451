/** The configuration file of `reticle proxy`: what it may say, read and checked. */
import type { Duration } from '../../base/duration.ts'
import { canonicalIp, ipVersion } from '../../base/ip.ts'
import { isPasswordHash } from '../../base/password.ts'
import { isPort } from '../../base/port.ts'
import { type Address, AddressSet } from '../../socket/index.ts'
import { type FileFault, parseJsonc } from './jsonc.ts'
import { checked, duration, either, number, object, oneOf, record, type Shape, some, text, yes } from './shape.ts'

/** Where to listen: `8080` (this machine alone), `0.0.0.0:8080`, `[::]:8080`, `unix:/run/proxy.sock`; null for anything else. */
export function parseListen(given: string): Address | null {
  if (given.startsWith('unix:/')) return { path: given.slice(5) }
  const colon = given.lastIndexOf(':')
  const host = colon < 0 ? '127.0.0.1' : given.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  const digits = given.slice(colon + 1)
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : Number.NaN
  if (!isPort(port) || ipVersion(host) === 0 || (host.includes(':') && !given.startsWith('['))) return null
  return { address: canonicalIp(host)!, port }
}

const place = text(
  'a place to listen at, like "8080", "0.0.0.0:8080" or "unix:/run/proxy.sock",',
  (given) => parseListen(given) !== null,
)

const addresses: Shape<readonly string[]> = checked(some(text('a prefix like "10.0.0.0/8"')), (list) => {
  try {
    new AddressSet('the list', list)
    return ''
  } catch (error) {
    return (error as Error).message
  }
})

const url = text('a URL like "http://127.0.0.1:3000"', (given) => {
  const parsed = URL.parse(given)
  return (
    parsed !== null &&
    (parsed.protocol === 'http:' || parsed.protocol === 'https:') &&
    parsed.search === '' &&
    parsed.hash === '' &&
    parsed.username === ''
  )
})

const path = text('a path that begins with a slash', (given) => given.startsWith('/'))
const status = number(100, 599)
const count = number(0, 1e9)

const upstream = checked(object({ url, weight: number(0, 1e6, false), connections: number(1, 1e6) }), (read) =>
  read.url === undefined ? 'an upstream needs its "url"' : '',
)

const edits = object({ remove: some(text('a field name')), set: record(text('a field value')) })

const hash = checked(
  object({ hash: oneOf('address', 'field', 'cookie'), name: text('the name of the field or cookie') }),
  (read) => {
    if (read.hash === undefined) return '"hash" is missing: "address", "field" or "cookie"'
    return read.hash !== 'address' && read.name === undefined ? `the ${read.hash} needs its "name"` : ''
  },
)

const route = checked(
  object({
    host: some(text('a host like "shop.example", or ".shop.example" for all names below it too,')),
    path,
    scheme: oneOf('http', 'https'),
    tls: object({ trust: some(text('the path of a file in PEM')), dangerouslyAcceptAnyCertificate: yes }),
    to: some(either(upstream, url)),
    redirect: text(
      'a URL, or a path that begins with a slash',
      (given) => given.startsWith('/') || URL.canParse(given),
    ),
    respond: text('the text of the reply'),
    status,
    strip: path,
    balance: either(hash, oneOf('round robin', 'least requests', 'two choices')),
    health: checked(
      object({
        path,
        every: duration,
        timeout: duration,
        status: some(status),
        rise: number(1, 1000),
        fall: number(1, 1000),
        host: text('a host'),
      }),
      (read) => (read.path === undefined ? 'a health check needs its "path", like "/health"' : ''),
    ),
    ejection: object({ failures: count, within: duration, rest: duration, most: duration, status: some(status) }),
    slowStart: duration,
    lookup: duration,
    retries: number(0, 100),
    connectTime: duration,
    headTime: duration,
    bodyTime: duration,
    sendHost: text('"keep", "upstream", or a host'),
    forwarded: oneOf('x-forwarded', 'forwarded', 'both', 'none'),
    upgrades: some(text('a protocol like "websocket"')),
    request: edits,
    reply: edits,
  }),
  (read) => {
    const ways = [read.to, read.redirect, read.respond].filter((way) => way !== undefined).length
    if (ways === 0) return 'a route needs "to" (upstreams), "redirect" or "respond"'
    return ways === 1 ? '' : 'a route has one of "to", "redirect" and "respond"'
  },
)

const pem = text('the path of a file in PEM')

const identity = checked(object({ certificate: pem, key: pem }), (read) =>
  read.certificate === undefined || read.key === undefined ? 'TLS needs a "certificate" and its "key"' : '',
)

const user = text('a hash as hashPassword() makes it, like "$argon2id$…",', isPasswordHash)

const file = checked(
  object({
    listen: some(either(object({ at: place, proxyProtocol: addresses, tls: some(identity) }), place)),
    trust: either(object({ from: addresses, fields: oneOf('x-forwarded', 'forwarded') }), addresses),
    routes: some(route),
    forward: object({
      from: addresses,
      users: record(user),
      hosts: some(text('a host')),
      ports: some(number(1, 65_535)),
      dangerouslyReach: addresses,
    }),
    log: oneOf('common', 'json', 'none'),
    stopTime: duration,
    limits: object({
      bodyBytes: count,
      connections: number(1, 1e7),
      headBytes: number(1024, 1e7),
      idleTime: duration,
      headTime: duration,
      bodyTime: duration,
      stallTime: duration,
      tunnelTime: duration,
    }),
  }),
  (read) => {
    if (read.routes === undefined && read.forward === undefined)
      return '"routes" (a reverse proxy) or "forward" (a forward proxy) is missing'
    return read.routes !== undefined && read.forward !== undefined
      ? 'a file has "routes" or "forward": run two proxies for both'
      : ''
  },
)

type Read<S> = S extends Shape<infer T> ? T : never
/** A file as it was read. */
export type Config = Read<typeof file>
/** One route as it was read. */
export type RouteConfig = Read<typeof route>

/** The configuration that the text is, or everything that is wrong with it. */
export function readConfig(source: string): { readonly config: Config } | { readonly faults: readonly FileFault[] } {
  const value = parseJsonc(source)
  if ('why' in value) return { faults: [value] }
  const faults: FileFault[] = []
  const config = file(value, faults)
  if (config === undefined || faults.length > 0)
    return { faults: faults.toSorted((a, b) => a.line - b.line || a.column - b.column) }
  return { config }
}

/** How long what is under way may take when the proxy stops. */
export const STOP_TIME = 30_000_000_000 as Duration
