/**
 * Draws a ladder: one lane per host, one line per packet, with the true departure on the left and the true arrival
 * on the right. Text in, text out; what the arrows mean is the caller's.
 */
import type { Nanos } from '../base/clock.ts'

/** A packet between two lanes, with its two times and what is written along it. */
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

/** One row of a ladder. */
export type Row = Arrow | Note
/** How a text is painted; the caller turns it into colours or leaves it. */
export type Style = 'plain' | 'dim' | 'bold' | 'red' | 'yellow' | 'green' | 'cyan' | 'magenta'

/** One host: a vertical line of the ladder. */
export interface Lane {
  readonly host: string
  /** Under the name: an address. */
  readonly detail?: string
}

/** How a ladder is laid out. Widths are in characters of a terminal. */
export interface LadderOptions {
  readonly lanes: readonly Lane[]
  /** Distance between two lanes, in characters. */
  readonly spacing: number
  /** What time 0 is. */
  readonly zero: Nanos
  /** The width of the page. What would pass its right edge stands left of its lane, above its arrow, or in several lines. */
  readonly columns: number
  /** Colours a piece of text; the identity for none. */
  readonly paint: (style: Style, text: string) => string
}

const TIME_WIDTH = 11
/** Where the lanes begin. */
const MARGIN = TIME_WIDTH + 2
/** Text that has less room than this is not worth breaking; it may pass the edge. */
const LEAST_ROOM = 20

/** `  34.100`, milliseconds, always of the same width, so that columns stand. */
function ladderTime(at: Nanos, zero: Nanos): string {
  return `${((at - zero) / 1e6).toFixed(3)}`.padStart(TIME_WIDTH)
}

/** The lines of the ladder, lane heads first. Rows are drawn in the order given. */
export function ladder(rows: readonly Row[], options: LadderOptions): string[] {
  return [...ladderHeads(options), ...ladderRows(rows, options)]
}

/**
 * The names of the lanes, what stands under them, and what the two columns of times are. Where names would run into each
 * other, every second one has a line of its own.
 */
export function ladderHeads({ lanes, spacing, columns, paint }: LadderOptions): string[] {
  const words = lanes.flatMap(({ host, detail = '' }) => [host, detail])
  const crowded = lanes.length > 2 && words.some((word) => word.length >= spacing)
  const arrivals = MARGIN + (lanes.length - 1) * spacing + 1
  const line = (
    texts: readonly string[],
    shown: (lane: number) => boolean,
    times?: readonly [string, string],
  ): string => {
    let text = (times?.[0] ?? '').padStart(TIME_WIDTH).padEnd(MARGIN)
    texts.forEach((word, i) => {
      if (!shown(i)) return
      const at = Math.min(MARGIN + i * spacing, Math.max(MARGIN, columns - word.length))
      text = text.padEnd(at).slice(0, at) + word
    })
    const right = (times?.[1] ?? '').padStart(TIME_WIDTH)
    const fits = text.length < arrivals + TIME_WIDTH - (times?.[1] ?? '').length && arrivals + TIME_WIDTH <= columns
    return (
      fits
        ? text.padEnd(arrivals).slice(0, Math.max(arrivals, text.length)) +
          right.slice(Math.max(0, text.length - arrivals))
        : text
    ).trimEnd()
  }
  const hosts = lanes.map(({ host }) => host)
  const details = lanes.map(({ detail }) => detail ?? '')
  const both = (shown: (lane: number) => boolean, first: boolean): string[] => {
    const names = line(hosts, shown, first ? ['sent', 'arrived'] : undefined)
    const under = line(details, shown, first ? ['ms', 'ms'] : undefined)
    return details.some((detail) => detail !== '')
      ? [paint('bold', names), paint('dim', under)]
      : [paint('bold', names)]
  }
  return crowded ? [...both((i) => i % 2 === 0, true), ...both((i) => i % 2 === 1, false)] : both(() => true, true)
}

/** The rows alone. */
export function ladderRows(rows: readonly Row[], options: LadderOptions): string[] {
  const { lanes, spacing } = options
  const place = new Map(lanes.map(({ host }, i) => [host, i * spacing]))
  const width = (lanes.length - 1) * spacing + 1
  return rows.flatMap((row) =>
    row.kind === 'arrow' ? arrowLines(row, place, width, options) : noteLines(row, place, width, options),
  )
}

function lifelines(place: ReadonlyMap<string, number>, width: number): string[] {
  const cells = new Array<string>(width).fill(' ')
  for (const at of place.values()) cells[at] = '│'
  return cells
}

function arrowLines(
  arrow: Arrow,
  place: ReadonlyMap<string, number>,
  width: number,
  { columns, zero, paint }: LadderOptions,
): string[] {
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
  const inside = arrow.label.length <= high - low - 5
  if (inside) {
    const text = ` ${arrow.label} `
    const start = low + 2 + (from < to ? 0 : 1)
    for (let i = 0; i < text.length; i++) cells[start + i] = text[i]!
  }
  const style = arrow.style ?? 'plain'
  const drawn =
    cells.slice(0, left).join('') +
    paint(style, cells.slice(left, right + 1).join('')) +
    cells.slice(right + 1).join('')
  const line = `${ladderTime(arrow.departs, zero)}  ${drawn}`
  const ends = arrow.arrives === null ? '' : ladderTime(arrow.arrives, zero)
  const reason = arrow.arrives === null ? (arrow.lost ?? '✗ lost') : ''
  let length = MARGIN + width + ends.length
  let end = ends
  const above: string[] = []
  const below: string[] = []
  const put = (text: string, colour: Style, apart: string, otherwise: string[]): void => {
    if (text === '') return
    if (length + apart.length + text.length <= columns) {
      end += apart + paint(colour, text)
      length += apart.length + text.length
    } else otherwise.push(...textLines(text, low + 3, colour, place, width, columns, paint))
  }
  put(reason, 'red', ' ', below)
  if (!inside) put(arrow.label, style, '  ', above)
  return [...above, line + end, ...below]
}

/** Lines of text across the lanes, from `start` on or as far left as it needs to be, without a time. */
function textLines(
  text: string,
  start: number,
  style: Style,
  place: ReadonlyMap<string, number>,
  width: number,
  columns: number,
  paint: LadderOptions['paint'],
): string[] {
  const room = Math.max(columns - MARGIN, LEAST_ROOM)
  const at = Math.max(2, Math.min(start, room - text.length))
  return broken(text, room - at).map((part) => ' '.repeat(MARGIN) + overlaid(part, at, style, place, width, paint))
}

/** A piece of text over the lifelines; what it leaves of them goes on before and behind it. */
function overlaid(
  text: string,
  at: number,
  style: Style,
  place: ReadonlyMap<string, number>,
  width: number,
  paint: LadderOptions['paint'],
): string {
  const cells = lifelines(place, Math.max(width, at))
  if (at > 0) cells[at - 1] = ' '
  const behind = cells.slice(at + text.length + 1).join('')
  const gap = behind === '' ? '' : ' '
  return `${cells.slice(0, at).join('')}${paint(style, text)}${gap}${behind}`.trimEnd()
}

function noteLines(
  note: Note,
  place: ReadonlyMap<string, number>,
  width: number,
  { columns, zero, paint }: LadderOptions,
): string[] {
  const at = place.get(note.host) ?? 0
  const style = note.style ?? 'dim'
  const time = `${ladderTime(note.at, zero)}  `
  const blank = ' '.repeat(MARGIN)
  const onRight = columns - MARGIN - at - 2
  const onLeft = at - 4 // the lane on the far left is left alone
  const length = note.text.length
  const leftwards = length > onRight && (length <= onLeft || onLeft > onRight) && onLeft >= LEAST_ROOM
  return broken(note.text, leftwards ? onLeft : onRight).map((part, i) => {
    // The mark stands once; further lines go on beside the lifeline.
    const mark = i === 0 ? '●' : '│'
    const [text, start] = leftwards ? [`${part} ${mark}`, at - part.length - 1] : [`${mark} ${part}`, at]
    return (i === 0 ? time : blank) + overlaid(text, start, style, place, width, paint)
  })
}

/** Text in lines of at most so many characters, broken between words where that is possible. */
function broken(text: string, room: number): string[] {
  if (text.length <= room || room < LEAST_ROOM) return [text]
  const space = text.lastIndexOf(' ', room)
  const cut = space > room / 3 ? space : room
  return [text.slice(0, cut).trimEnd(), ...broken(text.slice(cut).trimStart(), room)]
}
