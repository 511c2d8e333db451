/** Platform `Response`s out of what HTTP allows, which is a little more than their constructor takes. */
import type { FieldLines } from '../exchange.ts'
import { isBodiless } from '../status.ts'

export interface ResponseParts {
  readonly status: number
  readonly statusText: string
  readonly headers: Headers
}

type Content = ConstructorParameters<typeof Response>[0]

/** The content that a platform's `Response` is made of. */
export type ResponseContent = ReadableStream<Uint8Array> | Uint8Array | null

/**
 * A `Response` with any final status. The constructor throws for those above 599, which servers do send (LinkedIn's
 * 999): they are put on the object, and on its clones.
 */
export function responseWith(content: ResponseContent, parts: ResponseParts): Response {
  const { status } = parts
  const body = isBodiless(status) || status === 205 ? null : (content as Content)
  if (status <= 599) return new Response(body, parts)
  return withStatus(new Response(body, { ...parts, status: 200 }), status)
}

function withStatus(response: Response, status: number): Response {
  const clone = () => withStatus(Response.prototype.clone.call(response), status)
  return Object.defineProperties(response, {
    status: { value: status },
    ok: { value: false },
    clone: { value: clone },
  })
}

export function headersOf(fields: FieldLines): Headers {
  const headers = new Headers()
  for (let i = 0; i < fields.length; i += 2) headers.append(fields[i]!, fields[i + 1]!)
  return headers
}
