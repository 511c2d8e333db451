/** `fetch` with the platform's `Request` and `Response`, on any host. */
import type { Host } from '../../socket/host.ts'
import { isBodiless } from '../status.ts'
import { type Client, clientOf } from './client.ts'
import type { Reply } from './reply.ts'
import type { OutgoingContent } from './request.ts'

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

/** As the Fetch standard has it (§4.4). */
const REDIRECTS = 20
/** What must not follow a redirect to another origin. */
const PRIVATE: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization', 'host'])

/**
 * A `fetch` whose connections are those of `client`. It follows redirects, credentials stripped across origins, and
 * rejects with TypeError for a network failure, whose `cause` is ours. No decompression, cache or cookie jar.
 */
export function fetchOn(on: Host | Client): Fetch {
  const client = 'request' in on ? on : clientOf(on)
  return async (input, init) => {
    const request = new Request(input, init)
    const content = await contentOf(request, init)
    try {
      return await follow(client, request, content)
    } catch (error) {
      if (request.signal.aborted) throw request.signal.reason
      throw error instanceof TypeError ? error : new TypeError('fetch failed', { cause: error })
    }
  }
}

/** A stream stays one, so that it can go out as it comes; whatever the platform could buffer is sized. */
async function contentOf(request: Request, init: RequestInit | undefined): Promise<OutgoingContent> {
  if (request.body === null) return null
  if (init?.body instanceof ReadableStream) return request.body
  return new Uint8Array(await request.arrayBuffer())
}

async function follow(client: Client, request: Request, content: OutgoingContent): Promise<Response> {
  let url = new URL(request.url)
  let { method } = request
  let body = content
  let headers = new Headers(request.headers)
  for (let hop = 0; ; hop++) {
    const fields = [...headers].flat()
    const reply = await client.request(url.href.split('#')[0]!, { method, fields, body, signal: request.signal })
    const location = [301, 302, 303, 307, 308].includes(reply.status) ? reply.header('location') : undefined
    if (location === undefined || request.redirect === 'manual') return responseOf(reply, url, hop > 0, method)
    reply.body.discard()
    if (request.redirect === 'error') throw new TypeError(`redirected to ${location}, which redirect: 'error' forbids`)
    if (hop >= REDIRECTS) throw new TypeError(`more than ${REDIRECTS} redirects`)
    const next = new URL(location, url)
    if (next.protocol !== 'http:') throw new TypeError(`redirected to ${next.protocol}, which is not spoken here`)
    if (reply.status === 303 ? method !== 'HEAD' : reply.status < 307 && method === 'POST') {
      method = 'GET'
      body = null
      for (const name of [...headers.keys()]) if (name.startsWith('content-')) headers.delete(name)
    }
    if (body !== null && !(body instanceof Uint8Array)) throw new TypeError('a streamed body cannot be sent again')
    // The port and the scheme count: another of either is another origin (CVE-2023-45143 and its kin).
    if (next.origin !== url.origin) headers = new Headers([...headers].filter(([name]) => !PRIVATE.has(name)))
    url = next
  }
}

function responseOf(reply: Reply, url: URL, redirected: boolean, method: string): Response {
  const headers = new Headers()
  for (let i = 0; i < reply.fields.length; i += 2) headers.append(reply.fields[i]!, reply.fields[i + 1]!)
  const empty = isBodiless(reply.status) || reply.status === 205 || method === 'HEAD'
  if (empty) reply.body.discard()
  const init = { status: reply.status, statusText: reply.reason, headers }
  const response = new Response(empty ? null : (reply.body.stream() as ReadableStream<Uint8Array<ArrayBuffer>>), init)
  Object.defineProperty(response, 'url', { value: url.href })
  Object.defineProperty(response, 'redirected', { value: redirected })
  return response
}
