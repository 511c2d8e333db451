/** Where a command prints: the streams, whether colours are wanted, how wide it is. */

export interface Terminal {
  /** Text, or bytes for a program that reads them. */
  out(text: string | Uint8Array): void
  error(text: string): void
  readonly colours: boolean
  readonly columns: number
  /** Aborted on SIGINT and SIGTERM: long-running commands end in order. */
  readonly interrupted: AbortSignal
}

const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
} as const

export type Style = keyof typeof CODES

/** The text in that style, or as it is when the terminal has no colours. */
export function paint(terminal: Pick<Terminal, 'colours'>, style: Style, text: string): string {
  if (!terminal.colours) return text
  const [on, off] = CODES[style]
  return `\u001b[${on}m${text}\u001b[${off}m`
}

/** The process's own terminal. NO_COLOR (no-color.org) and FORCE_COLOR are respected, pipes get no colours. */
export function processTerminal(): Terminal {
  const abort = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => abort.abort(signal))
  // `reticle look … | head`: whoever read has gone, which is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(0)
  })
  const forced = process.env['FORCE_COLOR'] !== undefined && process.env['FORCE_COLOR'] !== '0'
  const refused = (process.env['NO_COLOR'] ?? '') !== '' || process.env['TERM'] === 'dumb'
  return {
    out: (text) => void process.stdout.write(text),
    error: (text) => void process.stderr.write(text),
    colours: !refused && (forced || process.stdout.isTTY === true),
    columns: process.stdout.columns ?? (Number(process.env['COLUMNS']) || 100),
    interrupted: abort.signal,
  }
}
