/** TRACE (RFC 9110 §9.3.8): the request as it arrived, without what it must not show. */
import type { Exchange } from '../exchange.ts'
import { latin1Bytes } from '../machine/text.ts'

/** "A client MUST NOT send content …" nor should credentials come back to scripts that may not read them. */
const SECRET = /^(?:cookie|.*authorization|.*-token|.*-key)$/i

export function replyTrace(exchange: Exchange): void {
  let text = `${exchange.method} ${exchange.target} ${exchange.version}\r\n`
  const fields = exchange.fields()
  for (let i = 0; i < fields.length; i += 2)
    text += `${fields[i]}: ${SECRET.test(fields[i]!) ? '(withheld)' : fields[i + 1]}\r\n`
  // The echo is of bytes: field values are ISO-8859-1.
  exchange.reply(200, ['Content-Type', 'message/http'], latin1Bytes(`${text}\r\n`))
}
