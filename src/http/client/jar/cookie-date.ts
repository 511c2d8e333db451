/** The dates of cookies, read as leniently as RFC 6265bis §5.1.1 says: servers write them in a hundred ways. */

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** Runs of characters that are no delimiters. */
const TOKENS = /[^\t\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+/g
const TIME = /^(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\D.*)?$/
const DAY = /^(\d{1,2})(?:\D.*)?$/
const YEAR = /^(\d{2,4})(?:\D.*)?$/

/** Milliseconds since 1970; null for what is no date. */
export function parseCookieDate(text: string): number | null {
  let time: RegExpExecArray | null = null
  let day = -1
  let month = -1
  let year = -1
  for (const [token] of text.matchAll(TOKENS)) {
    if (time === null && (time = TIME.exec(token)) !== null) continue
    if (day < 0 && DAY.test(token)) day = Number(DAY.exec(token)![1])
    else if (month < 0 && MONTHS.includes(token.slice(0, 3).toLowerCase()))
      month = MONTHS.indexOf(token.slice(0, 3).toLowerCase())
    else if (year < 0 && YEAR.test(token)) year = Number(YEAR.exec(token)![1])
  }
  if (time === null || day < 0 || month < 0 || year < 0) return null
  if (year >= 70 && year <= 99) year += 1900
  else if (year <= 69) year += 2000
  const [hour, minute, second] = [Number(time[1]), Number(time[2]), Number(time[3])]
  if (day < 1 || day > 31 || year < 1601 || hour > 23 || minute > 59 || second > 59) return null
  const millis = Date.UTC(year, month, day, hour, minute, second)
  // 31 February is no date.
  return new Date(millis).getUTCDate() === day ? millis : null
}
