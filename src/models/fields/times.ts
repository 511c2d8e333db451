/** The kinds of field that hold days and moments. */
import { problem } from '../../base/problem.ts'
import { FIRST_MOMENT, LAST_MOMENT } from '../state.ts'
import { article, input, type Kind, type Parsed } from './kind.ts'

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/

/** Whether it is a day of the years 1 to 9999 of the calendar. */
function isDay(text: string): boolean {
  const parts = DATE.exec(text)
  if (!parts) return false
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])]
  const made = new Date(Date.UTC(2000, 0, 1))
  made.setUTCFullYear(year, month - 1, day) // Date.UTC would read the years 0 to 99 as 1900 to 1999
  return year >= 1 && made.getUTCMonth() === month - 1 && made.getUTCDate() === day
}

/** A day of the calendar, in no time zone: the text `2026-11-24`, which sorts and compares as it is. */
export function date(): Kind<string> {
  return {
    name: 'date',
    params: {},
    stores: { type: 'date' },
    widget: input('date', { min: '0001-01-01', max: '9999-12-31' }),
    parse: (given) =>
      typeof given === 'string' && isDay(given)
        ? { value: given }
        : { error: problem('not-a-date', 'Enter a date, such as 2026-11-24.') },
    typed: (value) =>
      typeof value === 'string' ? null : `the text of a day is expected, such as "2026-11-24", not ${article(value)}`,
    check(value) {
      if (value instanceof Date)
        return 'a date field holds the text of a day, such as "2026-11-24", not a Date (a moment, which f.datetime() holds)'
      return typeof value === 'string' && isDay(value)
        ? null
        : `the text of a day is expected, such as "2026-11-24", not ${typeof value === 'string' ? JSON.stringify(value.slice(0, 20)) : article(value)}`
    },
  }
}

// What <input type=datetime-local> sends, and ISO 8601 with or without a zone.
const MOMENT = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:\d{2})?$/

function typedDate(value: unknown): string | null {
  return value instanceof Date ? null : `a Date is expected, not ${article(value)}`
}

function isMoment(value: Date): boolean {
  return value.getTime() >= FIRST_MOMENT && value.getTime() <= LAST_MOMENT
}

/** A moment of the years 1 to 9999, to the millisecond. A form's local time without a zone is read as UTC. */
export function datetime(): Kind<Date> {
  return {
    name: 'datetime',
    params: {},
    stores: { type: 'datetime' },
    // 'any': a control that stepped by minutes would lose the seconds that a value has.
    widget: input('datetime-local', { step: 'any' }),
    parse(given): Parsed<Date> {
      const parts = typeof given === 'string' ? MOMENT.exec(given) : null
      const value = given instanceof Date ? given : parts ? new Date(`${parts[1]}T${parts[2]}${parts[3] ?? 'Z'}`) : null
      const wrongDay = parts && !isDay(parts[1]!) // `new Date` makes March out of 30 February
      if (value === null || wrongDay || !isMoment(value))
        return { error: problem('not-a-moment', 'Enter a date and a time, such as 2026-11-24 09:30.') }
      return { value }
    },
    typed: typedDate,
    check(value) {
      if (!(value instanceof Date)) return typedDate(value)
      if (Number.isNaN(value.getTime())) return 'an invalid Date'
      return isMoment(value) ? null : `${value.toISOString()} lies outside the years 1 to 9999`
    },
    format(value) {
      const text = value.toISOString()
      if (value.getUTCMilliseconds() !== 0) return text.slice(0, 23)
      return text.slice(0, value.getUTCSeconds() === 0 ? 16 : 19)
    },
  }
}
