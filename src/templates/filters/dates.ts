/** Dates in the format letters that Django and PHP share. English names; other languages come with translations. */

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = 'January February March April May June July August September October November December'.split(' ')

/** The letters of a moment that has been moved into its zone, so that its UTC fields are the local ones. */
const LETTERS: { readonly [letter: string]: (local: Date) => string } = {
  Y: (d) => String(d.getUTCFullYear()).padStart(4, '0'),
  y: (d) => pad(d.getUTCFullYear() % 100),
  m: (d) => pad(d.getUTCMonth() + 1),
  n: (d) => String(d.getUTCMonth() + 1),
  F: (d) => MONTHS[d.getUTCMonth()]!,
  M: (d) => MONTHS[d.getUTCMonth()]!.slice(0, 3),
  d: (d) => pad(d.getUTCDate()),
  j: (d) => String(d.getUTCDate()),
  S: (d) => ordinal(d.getUTCDate()),
  l: (d) => DAYS[d.getUTCDay()]!,
  D: (d) => DAYS[d.getUTCDay()]!.slice(0, 3),
  w: (d) => String(d.getUTCDay()),
  H: (d) => pad(d.getUTCHours()),
  G: (d) => String(d.getUTCHours()),
  h: (d) => pad(d.getUTCHours() % 12 || 12),
  g: (d) => String(d.getUTCHours() % 12 || 12),
  i: (d) => pad(d.getUTCMinutes()),
  s: (d) => pad(d.getUTCSeconds()),
  A: (d) => (d.getUTCHours() < 12 ? 'AM' : 'PM'),
  a: (d) => (d.getUTCHours() < 12 ? 'a.m.' : 'p.m.'),
}

/** Pieces of a format: what stands there, or what is asked of the moment. */
type Format = readonly (string | ((local: Date, moment: Date) => string))[]

const parsed = new Map<string, Format>()
/** Formats are written in templates, so there are few; one that data make up does not fill the memory. */
const MAX_FORMATS = 500

/** `\` keeps the letter behind it; letters without a meaning stay. `c` is ISO 8601, `U` seconds since 1970. */
export function formatDate(moment: Date, format: string, zone: string): string {
  const local = inZone(moment, zone)
  let pieces = parsed.get(format)
  if (!pieces) {
    pieces = parseFormat(format)
    if (parsed.size < MAX_FORMATS) parsed.set(format, pieces)
  }
  let text = ''
  for (const piece of pieces) text += typeof piece === 'string' ? piece : piece(local, moment)
  return text
}

function parseFormat(format: string): Format {
  return (format.match(/\\.|./gs) ?? []).map((piece) => {
    if (piece.length > 1) return piece.slice(1)
    if (piece === 'c') return (_, moment) => moment.toISOString()
    if (piece === 'U') return (_, moment) => String(Math.floor(moment.getTime() / 1000))
    return LETTERS[piece] ?? piece
  })
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** @throws RangeError for a zone that does not exist. */
function inZone(moment: Date, zone: string): Date {
  if (zone === 'UTC') return moment
  let format = formats.get(zone)
  if (!format) {
    const digits = {
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    } as const
    formats.set(zone, (format = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', ...digits })))
  }
  const part = Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]))
  return new Date(
    Date.UTC(part['year']!, part['month']! - 1, part['day'], part['hour'], part['minute'], part['second']),
  )
}

function pad(value: number): string {
  return String(value).padStart(2, '0')
}

function ordinal(day: number): string {
  if (day >= 11 && day <= 13) return 'th'
  return ['th', 'st', 'nd', 'rd'][day % 10] ?? 'th'
}
