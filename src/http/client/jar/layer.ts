/** The layer that fills a jar and empties it. */
import type { FieldLines } from '../../exchange.ts'
import { stripSpace } from '../../fields/list.ts'
import type { Layer, Outgoing, Reply } from '../send.ts'
import type { CookieContext, CookieJar } from './jar.ts'

/** For whom cookies go along. */
export interface CookiesOptions {
  /** On whose behalf a request is made; default the program's own, to which no SameSite rule applies. */
  readonly context?: (request: Outgoing) => CookieContext
}

/**
 * Cookies for a client: each request carries what the jar has for its URL, each reply fills the jar, on every hop of a
 * redirect. A Cookie field of the program's goes along; its cookies win over the jar's of the same name.
 *
 * @example
 * const client = new Client(kernelHost(), { layers: [cookies(new CookieJar())] })
 */
export function cookies(jar: CookieJar, options: CookiesOptions = {}): Layer {
  return (next, { clock }) =>
    async (request) => {
      const context = options.context?.(request)
      const reply = await next(withCookies(request, jar.field(request.url, clock.wallMillis(), context)))
      keep(jar, request, reply, clock.wallMillis(), context)
      return reply
    }
}

function keep(jar: CookieJar, { url }: Outgoing, { fields }: Reply, now: number, context?: CookieContext): void {
  for (let i = 0; i + 1 < fields.length; i += 2)
    if (fields[i]!.length === 10 && fields[i]!.toLowerCase() === 'set-cookie')
      jar.set(url, fields[i + 1]!, now, context)
}

/** One Cookie field, whoever says what is in it (RFC 6265bis §5.8.1). */
function withCookies(request: Outgoing, field: string): Outgoing {
  if (field === '') return request
  const fields: string[] = []
  const own: string[] = []
  eachLine(request.fields, (name, value) => {
    if (name.toLowerCase() === 'cookie') own.push(value)
    else fields.push(name, value)
  })
  const names = new Set(own.flatMap((value) => value.split(';')).map((pair) => stripSpace(pair.split('=')[0]!)))
  const others = field.split('; ').filter((pair) => !names.has(pair.split('=')[0]!))
  const whole = [...own, ...others].join('; ')
  return { ...request, fields: [...fields, 'Cookie', whole] }
}

function eachLine(fields: FieldLines, visit: (name: string, value: string) => void): void {
  for (let i = 0; i + 1 < fields.length; i += 2) visit(fields[i]!, fields[i + 1]!)
}
