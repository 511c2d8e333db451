/** Redirects as the Fetch standard follows them (§4.4), for every call of a client that asks for it. */
import { RequestError } from '../errors.ts'
import type { FieldLines } from '../exchange.ts'
import { originOf } from '../origin.ts'
import { type Layer, type Outgoing, ReplyDecorator } from './send.ts'

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
/** What must not follow a redirect to another origin. */
const PRIVATE: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization', 'host'])
/** What describes a body that is not sent again. */
const OF_CONTENT: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-language',
  'content-location',
  'content-type',
  'content-length',
])

/** @param most how many are followed for one request. */
export function redirects(most: number): Layer {
  return (next) => async (first) => {
    let request = first
    for (let hops = 0; ; hops++) {
      const reply = await next(request)
      const location = REDIRECTS.has(reply.status) ? reply.header('location') : undefined
      if (location === undefined || request.redirect === 'manual') return hops === 0 ? reply : new Redirected(reply)
      reply.body.discard()
      if (request.redirect === 'error') throw failed(`${request.url} redirects to ${location}, and redirect is 'error'`)
      if (hops >= most) throw failed(`more than ${most} redirects, the last to ${location} (limits.redirects)`)
      request = followed(request, reply.status, target(location, request.url))
    }
  }
}

class Redirected extends ReplyDecorator {
  override get redirected(): boolean {
    return true
  }
}

function target(location: string, base: URL): URL {
  // Octets above 0x7F are what they are, in whichever charset the server writes: as browsers send them on.
  const ascii = location.replace(/[\x80-\xff]/g, (octet) => `%${octet.charCodeAt(0).toString(16).toUpperCase()}`)
  const url = URL.parse(ascii, base)
  if (url === null) throw failed(`${base} redirects to ${JSON.stringify(location)}, which is not a URL`)
  url.hash = ''
  return url
}

function followed(request: Outgoing, status: number, url: URL): Outgoing {
  const origin = originOf(url)
  if (origin === null) throw failed(`${request.url} redirects to ${url.protocol}, and only http and https are followed`)
  let { method, body, trailers } = request
  let fields = request.fields
  // A body that goes out as it comes is gone; the standard refuses it even where the next request has none.
  if (status !== 303 && !(body === null || typeof body === 'string' || body instanceof Uint8Array))
    throw failed(`${request.url} redirects to ${url}, and a streamed body cannot be sent again`)
  const turnsToGet = status === 303 ? method !== 'GET' && method !== 'HEAD' : status < 303 && method === 'POST'
  if (turnsToGet) {
    method = 'GET'
    body = null
    trailers = undefined
    fields = without(fields, OF_CONTENT)
  }
  // The port and the scheme count: another of either is another origin (CVE-2023-45143 and its kin).
  if (origin.key !== request.origin.key) fields = without(fields, PRIVATE)
  return { ...request, url, origin, method, body, trailers, fields, target: undefined }
}

function without(fields: FieldLines, names: ReadonlySet<string>): FieldLines {
  const kept: string[] = []
  for (let i = 0; i + 1 < fields.length; i += 2)
    if (!names.has(fields[i]!.toLowerCase())) kept.push(fields[i]!, fields[i + 1]!)
  return kept
}

function failed(why: string): RequestError {
  return new RequestError('redirects', why)
}
