/** The access log: one line for each exchange that is over. */
import { formatAddress } from '../../socket/index.ts'
import type { DoneRecord } from './routes.ts'

/** How a line looks: as those of other servers do, or as an object for programs. */
export type LogFormat = 'common' | 'json' | 'none'

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/** `10/Oct/2000:13:55:36 +0000` */
function commonDate(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}`
  return `${day}:${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`
}

/** What came from a stranger must not end the quotes, nor the line. */
function quoted(text: string): string {
  return text.replace(/["\\]|[^\x20-\x7e]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

/** One line with its line end; '' for `none`. 499: the client went away first, as nginx has it. */
export function logLine(format: LogFormat, record: DoneRecord, wallMillis: number): string {
  if (format === 'none') return ''
  const { exchange, failure, gone, nanos, upstream = null, user = null, requestBytes, responseBytes } = record
  const status = record.status === 0 && gone ? 499 : record.status
  const { method, target, version, authority, remote } = exchange
  const millis = Math.round(nanos / 1e4) / 100
  if (format === 'json')
    return `${JSON.stringify({
      time: new Date(wallMillis).toISOString(),
      remote: formatAddress(remote),
      user,
      method,
      host: authority,
      target,
      version,
      status,
      requestBytes,
      responseBytes,
      millis,
      upstream,
      failure: failure?.reason ?? null,
    })}\n`
  const client = remote.address ?? 'unix'
  const line = `${client} - ${user === null ? '-' : quoted(user)} [${commonDate(new Date(wallMillis))}] "${quoted(`${method} ${target} ${version}`)}"`
  return `${line} ${status} ${responseBytes} ${upstream ?? '-'} ${millis}ms${failure === null ? '' : ` "${failure.reason}"`}\n`
}
