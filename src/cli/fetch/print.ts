/** What `reticle fetch` prints: heads, the exchange as it happens, progress. */
import { formatDuration, type Nanos } from '../../base/clock.ts'
import type { Event, EventLog } from '../../base/events.ts'
import type { AnyHttpEvent, FieldLines, Progress, Reply } from '../../http/index.ts'
import type { KernelEvent } from '../../kernel/events.ts'
import { formatAddress } from '../../socket/index.ts'
import type { TlsEvent } from '../../tls/events.ts'
import { paint, type Terminal } from '../terminal.ts'

/** A line for a terminal: what a server says must not move the cursor or change colours. */
export function plain(text: string): string {
  return text.replace(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

export function headText(reply: Reply, terminal: Terminal): string {
  const { version, status, reason, fields } = reply
  const colour = status < 300 ? 'green' : status < 400 ? 'yellow' : 'red'
  return `${version} ${paint(terminal, colour, String(status))} ${plain(reason)}\n${fieldsText(fields, terminal)}\n`
}

function fieldsText(fields: FieldLines, terminal: Terminal, before = ''): string {
  let text = ''
  for (let i = 0; i + 1 < fields.length; i += 2)
    text += `${before}${paint(terminal, 'cyan', plain(fields[i]!))}: ${plain(fields[i + 1]!)}\n`
  return text
}

/** Prints what happens as it happens. */
export class Wire implements EventLog {
  readonly on = true
  readonly #terminal: Terminal
  #start: Nanos | null = null

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  /** Something that is no event of the log. */
  note(at: Nanos, what: string, more = ''): void {
    this.#start ??= at
    const time = formatDuration(at - this.#start).padStart(9)
    const word = paint(this.#terminal, 'bold', what.padEnd(8))
    this.#terminal.error(`${paint(this.#terminal, 'dim', time)}  ${word} ${more}\n`)
  }

  emit(event: Event): void {
    const known = event as KernelEvent | TlsEvent | AnyHttpEvent
    const line = lineOf(known)
    if (line === null) return
    this.note(event.at, ...line)
    if (known.type === 'http.request') this.#fields(known.fields, '>')
    if (known.type === 'http.response') this.#fields(known.fields, '<')
  }

  #fields(fields: FieldLines, mark: string): void {
    const kept = fields.flatMap((text, index) => {
      if (index % 2 === 0) return []
      const name = fields[index - 1]!
      const secret = /^(?:authorization|proxy-authorization|cookie|set-cookie)$/i.test(name)
      return [name, secret ? `${text.slice(0, 6)}… (${text.length} characters)` : text]
    })
    this.#terminal.error(fieldsText(kept, this.#terminal, `${' '.repeat(11)}${mark} `))
  }
}

/** What happened and more of it, in a line; null for what is not shown. */
function lineOf(event: KernelEvent | TlsEvent | AnyHttpEvent): [what: string, more: string] | null {
  switch (event.type) {
    case 'kernel.connected':
      return ['connect', `${formatAddress(event.remote)} in ${formatDuration(event.took)}`]
    case 'kernel.failed':
      return ['connect', `${formatAddress(event.address)} failed: ${event.code}`]
    case 'tls.secured': {
      const more = [event.protocol, event.resumed ? 'resumed' : null].filter((text) => text !== null)
      return ['secure', `${[event.version, event.cipher, ...more].join(', ')} in ${formatDuration(event.took)}`]
    }
    case 'tls.failed':
      return ['secure', `failed: ${plain(event.why)}`]
    case 'http.request':
      return ['send', `${event.method} ${plain(event.target)} ${event.version}`]
    case 'http.response':
      return ['receive', String(event.status)]
    case 'http.done': {
      const { requestBytes, responseBytes, failure } = event
      const how = failure === '' ? '' : `, ${plain(failure)}`
      return ['done', `${formatBytes(requestBytes)} sent, ${formatBytes(responseBytes)} received${how}`]
    }
    default:
      return null
  }
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

/** `512 B`, `1.5 MB`. */
export function formatBytes(count: number): string {
  let value = count
  let unit = 0
  for (; value >= 1000 && unit < UNITS.length - 1; unit++) value /= 1000
  return `${unit === 0 ? value : Number(value.toPrecision(3))} ${UNITS[unit]}`
}

/** `up   [#####     ]  50 %  1.5 MB of 3 MB`, no longer than the terminal is wide. */
export function progressLine({ direction, bytes, total }: Progress, columns: number): string {
  const word = direction === 'upload' ? 'up  ' : 'down'
  if (total === null || total === 0) return `${word} ${formatBytes(bytes)}`
  const part = Math.min(1, bytes / total)
  const told = `${String(Math.floor(part * 100)).padStart(3)} %  ${formatBytes(bytes)} of ${formatBytes(total)}`
  const room = Math.min(40, columns - word.length - told.length - 6)
  if (room < 5) return `${word} ${told}`.slice(0, columns)
  const full = Math.floor(part * room)
  return `${word} [${'#'.repeat(full)}${' '.repeat(room - full)}] ${told}`
}

/** Draws progress over itself, at most ten times a second. */
export class ProgressBar {
  readonly #terminal: Terminal
  readonly #now: () => Nanos
  #drawn: Nanos = Number.NEGATIVE_INFINITY
  #shown = false

  constructor(terminal: Terminal, now: () => Nanos) {
    this.#terminal = terminal
    this.#now = now
  }

  tell(progress: Progress): void {
    const now = this.#now()
    if (now - this.#drawn < 100_000_000 && progress.bytes !== progress.total) return
    this.#drawn = now
    this.#shown = true
    this.#terminal.error(`\r\u001b[K${progressLine(progress, this.#terminal.columns)}`)
  }

  end(): void {
    if (this.#shown) this.#terminal.error('\n')
    this.#shown = false
  }
}
