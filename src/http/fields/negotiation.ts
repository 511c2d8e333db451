/**
 * Proactive negotiation (RFC 9110 §12): of what the server has, what the client likes best. Elements of a field that are not
 * of its grammar are passed over, as if they had not been sent.
 */
import { HTTP_LIMITS } from '../limits.ts'
import { type Item, parseItem, splitList } from './list.ts'
import { parseMediaType } from './media-type.ts'

/** An element of an Accept field and how much it is wanted: 0 not at all, 1 most. */
export interface Weighted extends Item {
  /** The element's `q` (§12.4.2). */
  readonly weight: number
}

/** The elements of Accept, Accept-Encoding, Accept-Language or Accept-Charset, as sent, with their weights. */
export function parseWeighted(field: string, most = HTTP_LIMITS.parameterCount): readonly Weighted[] {
  const all: Weighted[] = []
  for (const element of splitList(field)) {
    const item = parseItem(element, most)
    const weight = item === null ? null : weightOf(item.parameters.get('q'))
    if (item !== null && weight !== null && item.value !== '') all.push({ ...item, weight })
  }
  return all
}

/** `0`, `1`, with at most three digits behind the point; null for anything else. */
function weightOf(q: string | undefined): number | null {
  if (q === undefined) return 1
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(q) ? Number(q) : null
}

/** How well an element fits an offer: -1 not, else the more the more closely. */
type Fit<T> = (element: T, offer: string) => number

/**
 * The offer with the highest weight, of several the first; null when none is wanted. The weight of an offer is that of the
 * element that fits it most closely.
 */
function best<T extends { readonly weight: number }>(
  elements: readonly T[],
  offers: readonly string[],
  fit: Fit<T>,
  otherwise: (offer: string) => number = () => 0,
): string | null {
  let chosen: string | null = null
  let highest = 0
  for (const offer of offers) {
    let weight = otherwise(offer)
    let closest = -1
    for (const element of elements) {
      const closeness = fit(element, offer)
      if (closeness <= closest) continue
      closest = closeness
      weight = element.weight
    }
    if (weight <= highest) continue
    highest = weight
    chosen = offer
  }
  return chosen
}

/**
 * Of media types that a server has (`text/html`, `application/json; charset=utf-8`), in the order in which it likes them, the one
 * that Accept wants most (RFC 9110 §12.5.1); null when it wants none. Without the field the first.
 *
 * @example
 * chooseType('text/html;q=0.5, application/*', ['text/html', 'application/json']) // 'application/json'
 */
export function chooseType(accept: string | undefined, offers: readonly string[]): string | null {
  if (accept === undefined) return offers[0] ?? null
  const parsed = new Map(offers.map((offer) => [offer, parseMediaType(offer)]))
  return best(parseWeighted(accept), offers, (range, offer) => {
    const have = parsed.get(offer)
    return have === null || have === undefined ? -1 : typeFit(range, have)
  })
}

function typeFit(
  range: Weighted,
  have: { readonly type: string; readonly parameters: ReadonlyMap<string, string> },
): number {
  const wanted = range.value.toLowerCase()
  if (wanted === '*/*') return 0
  if (wanted.endsWith('/*')) return have.type.startsWith(wanted.slice(0, -1)) ? 1 : -1
  if (wanted !== have.type) return -1
  let closeness = 2
  for (const [name, value] of range.parameters) {
    if (name === 'q') continue
    if (have.parameters.get(name)?.toLowerCase() !== value.toLowerCase()) return -1
    closeness++
  }
  return closeness
}

/**
 * Of languages (BCP 47 tags), in the order in which the server likes them, the one that Accept-Language wants most (RFC 9110
 * §12.5.4): `de` takes `de-CH` too (RFC 4647 §3.3.1), and `de-CH` takes `de` where nothing is closer (§3.4). Null when none is
 * wanted; a server then answers in the language that it has. Without the field the first.
 */
export function chooseLanguage(acceptLanguage: string | undefined, offers: readonly string[]): string | null {
  if (acceptLanguage === undefined) return offers[0] ?? null
  return best(parseWeighted(acceptLanguage), offers, (range, offer) =>
    languageFit(range.value.toLowerCase(), offer.toLowerCase()),
  )
}

function languageFit(wanted: string, have: string): number {
  if (wanted === '*') return 0
  // Shared subtags count twice; what fits exactly or narrows the wish comes before what is wider than the wish.
  if (have === wanted) return wanted.length * 2 + 2
  if (have.startsWith(`${wanted}-`)) return wanted.length * 2 + 1
  return wanted.startsWith(`${have}-`) ? have.length * 2 : -1
}

/** Of charsets the one that Accept-Charset wants most (RFC 9110 §12.5.2); null when it wants none. Without the field the first. */
export function chooseCharset(acceptCharset: string | undefined, offers: readonly string[]): string | null {
  if (acceptCharset === undefined) return offers[0] ?? null
  return best(parseWeighted(acceptCharset), offers, nameFit)
}

/**
 * Of content codings, in the order in which the server likes them, the one that Accept-Encoding wants most, or `identity` (RFC
 * 9110 §12.5.3). Null when the client will not even have that: it gets it all the same, or 406. Without the field `identity`.
 */
export function chooseCoding<const C extends string>(
  acceptEncoding: string | undefined,
  offers: readonly C[],
): C | 'identity' | null {
  if (acceptEncoding === undefined) return 'identity'
  const elements = parseWeighted(acceptEncoding.toLowerCase().replaceAll('x-gzip', 'gzip'))
  const coding = best(elements, offers, nameFit)
  // Identity is good as long as nothing says that it is not; any coding that is wanted comes before it.
  const plain = best(elements, ['identity'], nameFit, () => 1)
  return (coding as C | null) ?? (plain === null ? null : 'identity')
}

function nameFit(element: Weighted, offer: string): number {
  if (element.value.toLowerCase() === offer.toLowerCase()) return 1
  return element.value === '*' ? 0 : -1
}
