/** The layer that asks for encoded replies and gives them decoded. */
import { Fault } from '../../base/fault.ts'
import { decodedBody } from '../coding/body.ts'
import { contentCodings, DECODED_CODINGS } from '../coding/decode.ts'
import type { FieldLines, MessageBody } from '../exchange.ts'
import { HTTP_LIMITS } from '../limits.ts'
import { isBodiless } from '../status.ts'
import { type Layer, type Outgoing, type Reply, ReplyDecorator } from './send.ts'

/** What is decoded. */
export interface DecodingOptions {
  /** Decoded bytes of one reply; past it the body ends with a `BodyTooLarge`. Default `HTTP_LIMITS.bodyBytes`. */
  readonly limit?: number
}

/** The codings that are asked for, as a field. */
const ACCEPTED = DECODED_CODINGS.join(', ')

/**
 * Says in Accept-Encoding what can be decoded here (`DECODED_CODINGS`), and decodes what comes: Content-Encoding and
 * Content-Length are gone then, as they are of what came and not of what the program reads. A coding that is not known is left as it
 * came, with its field. Not for a request that says itself what it accepts, nor for one of a range: that is of the encoded body.
 *
 * @example
 * const client = new Client(kernelHost(), { layers: [decoding({ limit: 100_000_000 })] })
 */
export function decoding({ limit = HTTP_LIMITS.bodyBytes }: DecodingOptions = {}): Layer {
  return (next, { clock }) =>
    async (request) => {
      if (ACCEPTED === '' || !asks(request)) return next(request)
      const reply = await next({ ...request, fields: [...request.fields, 'Accept-Encoding', ACCEPTED] })
      const encoding = reply.header('content-encoding')
      // What has no content is not encoded, whatever would be (RFC 9110 §8.4): the fields of a HEAD stay.
      if (encoding === undefined || request.method === 'HEAD' || isBodiless(reply.status) || reply.connection !== null)
        return reply
      const codings = reply.body.length === 0 ? [] : contentCodings(encoding)
      // `Content-Encoding: none`, or UTF-8, or what we did not ask for: the program gets what came, and the field that says so.
      if (codings instanceof Fault) return reply
      const hold = <T>(work: Promise<T>) => clock.hold(work)
      return new Decoded(reply, decodedBody(reply.body, codings, reply.header('content-type'), { limit, hold }))
    }
}

function asks({ fields, upgrade }: Outgoing): boolean {
  if (upgrade !== undefined) return false
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase()
    if (name === 'accept-encoding' || name === 'range') return false
  }
  return true
}

class Decoded extends ReplyDecorator {
  readonly #fields: FieldLines
  readonly #body: MessageBody

  constructor(of: Reply, body: MessageBody) {
    super(of)
    this.#body = body
    const fields: string[] = []
    for (let i = 0; i + 1 < of.fields.length; i += 2) {
      const name = of.fields[i]!.toLowerCase()
      if (name !== 'content-encoding' && name !== 'content-length') fields.push(of.fields[i]!, of.fields[i + 1]!)
    }
    this.#fields = fields
  }

  override get fields(): FieldLines {
    return this.#fields
  }

  override get body(): MessageBody {
    return this.#body
  }
}
