/** A server that does not know `Expect: 100-continue` is asked again without it (RFC 9110 §15.5.18). */
import type { Layer } from './send.ts'

export const expectations: Layer = (next) => {
  const asking: ReturnType<Layer> = async (request) => {
    const reply = await next(request)
    const { body } = request
    if (reply.status !== 417 || !(typeof body === 'string' || body instanceof Uint8Array)) return reply
    reply.body.discard()
    return next({ ...request, expectContinue: false })
  }
  return (request) => (request.expectContinue ? asking(request) : next(request))
}
