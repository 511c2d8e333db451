/** HTTP dates (RFC 9110 §5.6.7). */
import type { Clock } from '../../base/clock.ts'

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const LONG_DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT`, from milliseconds since 1970. */
export function formatDate(millis: number): string {
  const date = new Date(millis)
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${two(date.getUTCDate())} ${MONTHS[date.getUTCMonth()]} ${String(date.getUTCFullYear()).padStart(4, '0')}`
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`
  return `${DAYS[date.getUTCDay()]}, ${day} ${time} GMT`
}

const IMF = /^(\w{3}), (\d\d) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT$/
const RFC850 = /^(\w{6,9}), (\d\d)-(\w{3})-(\d\d) (\d\d):(\d\d):(\d\d) GMT$/
const ASCTIME = /^(\w{3}) (\w{3}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})$/

/**
 * Milliseconds since 1970 of an IMF-fixdate or one of the two obsolete forms; null for anything else.
 * @param nowMillis fixes the century of RFC 850's two-digit year: at most 50 years ahead.
 */
export function parseDate(text: string, nowMillis: number): number | null {
  let m = IMF.exec(text)
  if (m) return instant(DAYS, m[1]!, Number(m[4]), m[3]!, m[2]!, m[5]!, m[6]!, m[7]!)
  m = ASCTIME.exec(text)
  if (m) return instant(DAYS, m[1]!, Number(m[7]), m[2]!, m[3]!, m[4]!, m[5]!, m[6]!)
  m = RFC850.exec(text)
  if (!m) return null
  const thisYear = new Date(nowMillis).getUTCFullYear()
  let year = thisYear - (thisYear % 100) + Number(m[4])
  if (year > thisYear + 50) year -= 100
  return instant(LONG_DAYS, m[1]!, year, m[3]!, m[2]!, m[5]!, m[6]!, m[7]!)
}

/** The day's name is looked at only for being one: recipients have no use for a wrong one (RFC 9110 §5.6.7). */
function instant(
  days: readonly string[],
  dayName: string,
  year: number,
  month: string,
  day: string,
  hour: string,
  minute: string,
  second: string,
): number | null {
  const monthIndex = MONTHS.indexOf(month)
  const dayNumber = Number(day)
  if (!days.includes(dayName) || monthIndex < 0) return null
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return null
  const date = new Date(0)
  date.setUTCFullYear(year, monthIndex, dayNumber)
  if (date.getUTCDate() !== dayNumber) return null
  return date.getTime() + ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000
}

/** `Date: …` with its CRLF, made anew once a second. */
export class DateLine {
  readonly #clock: Clock
  #second = -1
  #line = ''

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The line of this second. */
  text(): string {
    const second = Math.floor(this.#clock.wallMillis() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#line = `Date: ${formatDate(second * 1000)}\r\n`
    }
    return this.#line
  }
}
