/**
 * Draws a ladder: one lane per host, one line per packet, with the true departure on the left and the true arrival
 * on the right. Text in, text out; what the arrows mean is the caller's.
 */
import type { Nanos } from '../base/clock.ts'

export interface Arrow {
  readonly kind: 'arrow'
  readonly from: string
  readonly to: string
  readonly departs: Nanos
  /** null when it never arrived. */
  readonly arrives: Nanos | null
  /** What it is: `SYN seq 0`. */
  readonly label: string
  /** Why it never arrived, and where: `lost on r1--r2`. */
  readonly lost?: string | null
  readonly style?: Style
}

/** Something that happened on one host: a state, a cache that answered, a query that ran. */
export interface Note {
  readonly kind: 'note'
  readonly at: Nanos
  readonly host: string
  readonly text: string
  readonly style?: Style
}

export type Row = Arrow | Note
export type Style = 'plain' | 'dim' | 'bold' | 'red' | 'yellow' | 'green' | 'cyan' | 'magenta'

export interface Lane {
  readonly host: string
  /** Under the name: an address. */
  readonly detail?: string
}

export interface LadderOptions {
  readonly lanes: readonly Lane[]
  /** Distance between two lanes, in characters. */
  readonly spacing: number
  /** What time 0 is. */
  readonly zero: Nanos
  /** The width of the page: a note that would pass its right edge stands left of its lane, when it fits there. */
  readonly columns: number
  /** Colours a piece of text; the identity for none. */
  readonly paint: (style: Style, text: string) => string
}

const TIME_WIDTH = 11

/** `  34.100 ms`, always of the same width, so that columns stand. */
export function ladderTime(at: Nanos, zero: Nanos): string {
  return `${((at - zero) / 1e6).toFixed(3)}`.padStart(TIME_WIDTH)
}

/** The lines of the ladder, lane heads first. Rows are drawn in the order given. */
export function ladder(rows: readonly Row[], options: LadderOptions): string[] {
  const { lanes, spacing } = options
  const place = new Map(lanes.map(({ host }, i) => [host, i * spacing]))
  const width = (lanes.length - 1) * spacing + 1
  return [
    ...heads(options),
    ...rows.map((row) =>
      row.kind === 'arrow' ? arrowLine(row, place, width, options) : noteLine(row, place, width, options),
    ),
  ]
}

function heads({ lanes, spacing, paint }: LadderOptions): string[] {
  const line = (texts: readonly string[]): string => {
    let text = ' '.repeat(TIME_WIDTH + 2)
    texts.forEach((word, i) => {
      const room = i === texts.length - 1 ? word.length : spacing - 1
      text += word.slice(0, room).padEnd(i === texts.length - 1 ? 0 : spacing)
    })
    return text.trimEnd()
  }
  const names = paint('bold', line(lanes.map(({ host }) => host)))
  const details = lanes.some(({ detail }) => detail !== undefined)
    ? [paint('dim', line(lanes.map(({ detail }) => detail ?? '')))]
    : []
  return [names, ...details]
}

function lifelines(place: ReadonlyMap<string, number>, width: number): string[] {
  const cells = new Array<string>(width).fill(' ')
  for (const at of place.values()) cells[at] = '│'
  return cells
}

function arrowLine(arrow: Arrow, place: ReadonlyMap<string, number>, width: number, options: LadderOptions): string {
  const from = place.get(arrow.from) ?? 0
  const to = place.get(arrow.to) ?? 0
  const cells = lifelines(place, width)
  const left = Math.min(from, to)
  const right = Math.max(from, to)
  const lost = arrow.arrives === null
  // A lost packet stops short of where it was going.
  const stop = lost ? Math.round(from + (to - from) * 0.7) : to
  const [low, high] = [Math.min(from, stop), Math.max(from, stop)]
  for (let i = low; i <= high; i++) cells[i] = '─'
  cells[from] = from < to ? '├' : '┤'
  cells[stop] = lost ? '✗' : from < to ? '▶' : '◀'
  const room = high - low - 5
  const inside = arrow.label.length <= room
  if (inside) {
    const start = low + 2 + (from < to ? 0 : 1)
    const text = ` ${arrow.label} `
    for (let i = 0; i < text.length; i++) cells[start + i] = text[i]!
  }
  const style = arrow.style ?? 'plain'
  const drawn =
    cells.slice(0, left).join('') +
    options.paint(style, cells.slice(left, right + 1).join('')) +
    cells.slice(right + 1).join('')
  const ends =
    arrow.arrives === null ? options.paint('red', ` ${arrow.lost ?? 'lost'}`) : ladderTime(arrow.arrives, options.zero)
  const outside = inside ? '' : `  ${options.paint(style, arrow.label)}`
  return `${ladderTime(arrow.departs, options.zero)}  ${drawn}${ends}${outside}`
}

function noteLine(note: Note, place: ReadonlyMap<string, number>, width: number, options: LadderOptions): string {
  const at = place.get(note.host) ?? 0
  const cells = lifelines(place, width)
  const style = note.style ?? 'dim'
  const head = `${ladderTime(note.at, options.zero)}  `
  const length = note.text.length + 2
  // The text covers the lanes beside it; what it leaves of them goes on behind it.
  if (head.length + at + length > options.columns && length <= at) {
    const start = at - length + 1
    const marked = options.paint(style, `${note.text} ●`)
    return `${head}${cells.slice(0, start).join('')}${marked}${cells.slice(at + 1).join('')}`.trimEnd()
  }
  const behind = cells.slice(at + length + 1).join('')
  const gap = behind === '' ? '' : ' '
  return `${head}${cells.slice(0, at).join('')}${options.paint(style, `● ${note.text}`)}${gap}${behind}`.trimEnd()
}
