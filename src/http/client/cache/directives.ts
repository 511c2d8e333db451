/** Cache-Control (RFC 9111 §5.2), read so that what is doubtful keeps less, not more. */
import { parseItem, readQuoted, splitList, stripSpace } from '../../fields/list.ts'

/** Directives by their lower-case names; the argument without quotes, null where there is none. */
export type Directives = ReadonlyMap<string, string | null>

const NONE: Directives = new Map()
const TOO_MANY: Directives = new Map([['no-store', null]])

/** RFC 9111 §1.2.2: more seconds than this are this. */
const MOST_SECONDS = 2_147_483_648

/** @param field all lines joined; undefined when absent. @param most directives that are looked at; of a field with more it is said that nothing is kept */
export function parseDirectives(field: string | undefined, most: number): Directives {
  if (field === undefined) return NONE
  const directives = new Map<string, string | null>()
  for (const element of splitList(field)) {
    const equals = element.indexOf('=')
    const name = stripSpace(element, 0, equals < 0 ? element.length : equals).toLowerCase()
    const argument = equals < 0 ? null : argumentOf(element, equals + 1)
    // Of two the one that lets less: of a directive with and without argument the one without.
    if (!directives.has(name)) {
      // What is not looked at any more could say `private`: then nothing is kept.
      if (directives.size >= most) return TOO_MANY
      directives.set(name, argument)
    } else directives.set(name, lesser(directives.get(name)!, argument))
  }
  return directives
}

function argumentOf(element: string, at: number): string {
  if (element[at] !== '"') return element.slice(at)
  const quoted = readQuoted(element, at)
  return quoted === null || quoted.end !== element.length ? element.slice(at) : quoted.text
}

function lesser(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return null
  const [first, second] = [deltaSeconds(a), deltaSeconds(b)]
  return first !== null && (second === null || second < first) ? b : a
}

/** Whole seconds from 0 (RFC 9111 §1.2.2); null for anything else. */
export function deltaSeconds(text: string): number | null {
  return /^\d+$/.test(text) ? Math.min(Number(text), MOST_SECONDS) : null
}

/**
 * The seconds of a directive: undefined when it is absent, 0 when its argument is none (RFC 9111 §4.2.1: what is invalid is
 * stale).
 */
export function secondsOf(directives: Directives, name: string): number | undefined {
  const argument = directives.get(name)
  if (argument === undefined) return undefined
  return argument === null ? 0 : (deltaSeconds(argument) ?? 0)
}

/** The first element of Age (RFC 9111 §5.1); 0 for what is no age. */
export function ageOf(field: string | undefined): number {
  const [first = ''] = splitList(field ?? '')
  return deltaSeconds(parseItem(first, 16)?.value ?? '') ?? 0
}
