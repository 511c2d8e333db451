/** `fetch` with the platform's `Request` and `Response`, on any host. */
import type { Host } from '../../socket/host.ts'
import { streamOf } from '../body/stream.ts'
import { headersOf, responseWith } from '../platform/response.ts'
import { isBodiless } from '../status.ts'
import { type Client, clientOf } from './client.ts'
import type { OutgoingContent, Reply } from './send.ts'

/** The platform's own `fetch`, without what only a browser has: cache, credentials, integrity, referrer. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

/** Fetch §4.6: what is sent when the program has not said otherwise. Some servers refuse requests without User-Agent. */
const DEFAULTS: readonly (readonly [name: string, value: string])[] = [
  ['accept', '*/*'],
  ['accept-language', '*'],
  ['user-agent', 'reticle'],
]

/**
 * A `fetch` whose connections are those of `client`. It follows redirects, credentials stripped across origins, and
 * rejects with TypeError for a network failure, whose `cause` is ours, and with the signal's reason once that is
 * aborted; the body of a response fails in the same way. No decompression, cache or cookie jar.
 *
 * @example
 * const fetch = fetchOn(kernelHost())
 * const { title } = await (await fetch('http://api.example/post/1')).json()
 */
export function fetchOn(on: Host | Client): Fetch {
  const client = 'request' in on ? on : clientOf(on)
  return async (input, init) => {
    const request = new Request(input, init)
    const { method, signal, redirect } = request
    const said = (failure: unknown) =>
      signal.aborted ? signal.reason : new TypeError('fetch failed', { cause: failure })
    try {
      const body = await contentOf(request, init)
      const headers = new Headers(request.headers)
      for (const [name, value] of DEFAULTS) if (!headers.has(name)) headers.set(name, value)
      const fields = [...headers].flat()
      const reply = await client.request(request.url, { method, fields, body, signal, redirect })
      return responseOf(reply, method, said)
    } catch (error) {
      throw said(error)
    }
  }
}

/** A stream stays one, so that it can go out as it comes; whatever the platform could buffer is sized. */
async function contentOf(request: Request, init: RequestInit | undefined): Promise<OutgoingContent> {
  if (request.body === null) return null
  if (init?.body instanceof ReadableStream) return request.body
  return new Uint8Array(await request.arrayBuffer())
}

function responseOf(reply: Reply, method: string, said: (failure: unknown) => unknown): Response {
  const { status, reason, body, url, redirected } = reply
  const empty = isBodiless(status) || status === 205 || method === 'HEAD'
  try {
    const content = empty ? null : streamOf(body, said)
    const response = responseWith(content, { status, statusText: reason, headers: headersOf(reply.fields) })
    Object.defineProperty(response, 'url', { value: url.href })
    Object.defineProperty(response, 'redirected', { value: redirected })
    if (empty) body.discard()
    return response
  } catch (error) {
    body.discard()
    throw error
  }
}
