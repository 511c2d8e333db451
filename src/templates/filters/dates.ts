/** Dates in the format letters that Django and PHP share. English names; other languages come with translations. */

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = 'January February March April May June July August September October November December'.split(' ')
/** As the Associated Press writes them. */
const PRESS_MONTHS = 'Jan. Feb. March April May June July Aug. Sept. Oct. Nov. Dec.'.split(' ')

/** A moment in its zone. */
interface Local {
  /** Moved so that its UTC fields are those of the zone. */
  readonly fields: Date
  readonly moment: Date
  readonly zone: string
}

type Letter = (local: Local) => string

/** Letters that ask for a field of the local time. */
const FIELDS: { readonly [letter: string]: (local: Date) => string } = {
  Y: (d) => String(d.getUTCFullYear()).padStart(4, '0'),
  y: (d) => pad(d.getUTCFullYear() % 100),
  L: (d) => (daysIn(d.getUTCFullYear(), 1) === 29 ? 'True' : 'False'),
  o: (d) => String(isoWeek(d).year),
  W: (d) => String(isoWeek(d).week),
  m: (d) => pad(d.getUTCMonth() + 1),
  n: (d) => String(d.getUTCMonth() + 1),
  F: (d) => MONTHS[d.getUTCMonth()]!,
  E: (d) => MONTHS[d.getUTCMonth()]!,
  M: (d) => MONTHS[d.getUTCMonth()]!.slice(0, 3),
  b: (d) => MONTHS[d.getUTCMonth()]!.slice(0, 3).toLowerCase(),
  N: (d) => PRESS_MONTHS[d.getUTCMonth()]!,
  t: (d) => String(daysIn(d.getUTCFullYear(), d.getUTCMonth())),
  d: (d) => pad(d.getUTCDate()),
  j: (d) => String(d.getUTCDate()),
  S: (d) => ordinal(d.getUTCDate()),
  l: (d) => DAYS[d.getUTCDay()]!,
  D: (d) => DAYS[d.getUTCDay()]!.slice(0, 3),
  w: (d) => String(d.getUTCDay()),
  z: (d) => String(dayOfYear(d)),
  H: (d) => pad(d.getUTCHours()),
  G: (d) => String(d.getUTCHours()),
  h: (d) => pad(d.getUTCHours() % 12 || 12),
  g: (d) => String(d.getUTCHours() % 12 || 12),
  i: (d) => pad(d.getUTCMinutes()),
  s: (d) => pad(d.getUTCSeconds()),
  u: (d) => `${String(d.getUTCMilliseconds()).padStart(3, '0')}000`,
  A: (d) => (d.getUTCHours() < 12 ? 'AM' : 'PM'),
  a: (d) => (d.getUTCHours() < 12 ? 'a.m.' : 'p.m.'),
  f: (d) => clock(d),
  P: (d) => {
    if (d.getUTCMinutes() === 0 && d.getUTCHours() % 12 === 0) return d.getUTCHours() === 0 ? 'midnight' : 'noon'
    return `${clock(d)} ${d.getUTCHours() < 12 ? 'a.m.' : 'p.m.'}`
  },
}

/** Letters that ask for the moment or the zone. */
const MOMENTS: { readonly [letter: string]: Letter } = {
  c: ({ fields, moment, zone }) =>
    zone === 'UTC' ? moment.toISOString() : fields.toISOString().slice(0, -1) + offset(fields, moment, ':'),
  U: ({ moment }) => String(Math.floor(moment.getTime() / 1000)),
  e: ({ zone }) => zone,
  T: ({ moment, zone }) => zoneName(moment, zone),
  O: ({ fields, moment }) => offset(fields, moment, ''),
  Z: ({ fields, moment }) => String(offsetMinutes(fields, moment) * 60),
  r: (local) =>
    `${FIELDS['D']!(local.fields)}, ${FIELDS['j']!(local.fields)} ${FIELDS['M']!(local.fields)} ${FIELDS['Y']!(local.fields)} ` +
    `${FIELDS['H']!(local.fields)}:${FIELDS['i']!(local.fields)}:${FIELDS['s']!(local.fields)} ${offset(local.fields, local.moment, '')}`,
}

/** Pieces of a format: what stands there, or what is asked of the moment. */
type Format = readonly (string | Letter)[]

/** Formats and zones, prepared once. They are written in templates, so there are few. */
export class DateFormats {
  readonly #limit: number
  readonly #formats = new Map<string, Format>()
  readonly #zones = new Map<string, Intl.DateTimeFormat>()

  /** @param limit how many are kept: one that data make up does not fill the memory */
  constructor(limit: number) {
    this.#limit = limit
  }

  /**
   * `\` keeps the letter behind it; letters without a meaning stay.
   * @throws RangeError for a zone that does not exist.
   */
  print(moment: Date, format: string, zone: string): string {
    const local: Local = { fields: this.#inZone(moment, zone), moment, zone }
    let pieces = this.#formats.get(format)
    if (!pieces) {
      pieces = parseFormat(format)
      if (this.#formats.size < this.#limit) this.#formats.set(format, pieces)
    }
    let text = ''
    for (const piece of pieces) text += typeof piece === 'string' ? piece : piece(local)
    return text
  }

  #inZone(moment: Date, zone: string): Date {
    if (zone === 'UTC') return moment
    let format = this.#zones.get(zone)
    if (!format) {
      format = zoneFormat(zone)
      if (this.#zones.size < this.#limit) this.#zones.set(zone, format)
    }
    const part = Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]))
    const [year, month, day] = [part['year']!, part['month']! - 1, part['day']]
    const millis = moment.getUTCMilliseconds()
    return new Date(Date.UTC(year, month, day, part['hour'], part['minute'], part['second'], millis))
  }
}

function zoneFormat(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
}

function parseFormat(format: string): Format {
  return (format.match(/\\.|./gs) ?? []).map((piece) => {
    if (piece.length > 1) return piece.slice(1)
    const field = FIELDS[piece]
    return field ? ({ fields }: Local) => field(fields) : (MOMENTS[piece] ?? piece)
  })
}

function pad(value: number): string {
  return String(value).padStart(2, '0')
}

/** `3`, `3:05`. */
function clock(d: Date): string {
  const hour = String(d.getUTCHours() % 12 || 12)
  return d.getUTCMinutes() === 0 ? hour : `${hour}:${pad(d.getUTCMinutes())}`
}

/** @param month from 0 */
function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
}

const DAY = 86_400_000

/** From 1. */
function dayOfYear(d: Date): number {
  return Math.floor((d.getTime() - Date.UTC(d.getUTCFullYear(), 0, 1)) / DAY) + 1
}

/** ISO 8601: the week of a day is that of its Thursday, and so is the year. */
function isoWeek(d: Date): { year: number; week: number } {
  const thursday = new Date(d.getTime() + (4 - (d.getUTCDay() || 7)) * DAY)
  return { year: thursday.getUTCFullYear(), week: Math.ceil(dayOfYear(thursday) / 7) }
}

function offsetMinutes(fields: Date, moment: Date): number {
  return Math.round((fields.getTime() - moment.getTime()) / 60_000)
}

/** `+0200`. */
function offset(fields: Date, moment: Date, between: string): string {
  const minutes = offsetMinutes(fields, moment)
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60))}${between}${pad(size % 60)}`
}

function zoneName(moment: Date, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'short' }).formatToParts(moment)
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? timeZone
}

function ordinal(day: number): string {
  if (day >= 11 && day <= 13) return 'th'
  return ['th', 'st', 'nd', 'rd'][day % 10] ?? 'th'
}
