/** JSON with comments and final commas, every value with its place: so that what is wrong with it can be pointed at. */

/** A place in a file, both counted from 1. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** A value, and where it begins. */
export type Value = Place &
  (
    | { readonly kind: 'object'; readonly entries: readonly Entry[] }
    | { readonly kind: 'list'; readonly items: readonly Value[] }
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'number'; readonly number: number }
    | { readonly kind: 'other'; readonly other: boolean | null }
  )

/** A name and its value. */
export interface Entry extends Place {
  readonly name: string
  readonly value: Value
}

/** What is wrong, and where. */
export interface FileFault extends Place {
  readonly why: string
}

/** Deeper than any file that a person writes. */
const DEPTH = 32

/** The value that the text is, or what is wrong with it first. */
export function parseJsonc(text: string): Value | FileFault {
  try {
    return new Parser(text).whole()
  } catch (error) {
    if (error instanceof Stop) return error.fault
    throw error
  }
}

/** Leaves the parser at the first fault. */
class Stop extends Error {
  readonly fault: FileFault

  constructor(fault: FileFault) {
    super(fault.why)
    this.fault = fault
  }
}

class Parser {
  readonly #text: string
  #at = 0
  /** Where lines begin. */
  readonly #lines: readonly number[]

  constructor(text: string) {
    this.#text = text
    this.#lines = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)]
  }

  whole(): Value {
    this.#space()
    const value = this.#value(0)
    this.#space()
    if (this.#at < this.#text.length)
      throw this.#fault('the file goes on after its value: one value, in { }, is expected')
    return value
  }

  #value(depth: number): Value {
    const place = this.#place()
    if (depth > DEPTH) throw this.#fault(`more than ${DEPTH} levels of brackets`)
    switch (this.#text[this.#at]) {
      case '{':
        return { ...place, kind: 'object', entries: this.#entries(depth) }
      case '[':
        return { ...place, kind: 'list', items: this.#items(depth) }
      case '"':
        return { ...place, kind: 'text', text: this.#string() }
      case undefined:
        throw this.#fault('the file ends where a value is expected')
      default:
        return { ...place, ...this.#word() }
    }
  }

  #entries(depth: number): Entry[] {
    const entries: Entry[] = []
    this.#list('}', () => {
      const place = this.#place()
      if (this.#text[this.#at] !== '"') throw this.#fault('a name in double quotes is expected, like "routes"')
      const name = this.#string()
      if (entries.some((entry) => entry.name === name))
        throw this.#fault(`"${name}" is here twice: keep one of them`, place)
      this.#space()
      if (this.#text[this.#at] !== ':') throw this.#fault(`a colon is expected after "${name}"`)
      this.#at++
      this.#space()
      entries.push({ ...place, name, value: this.#value(depth + 1) })
    })
    return entries
  }

  #items(depth: number): Value[] {
    const items: Value[] = []
    this.#list(']', () => void items.push(this.#value(depth + 1)))
    return items
  }

  /** What stands between brackets, with commas between and perhaps one behind. */
  #list(end: string, one: () => void): void {
    const opened = this.#place()
    this.#at++
    for (;;) {
      this.#space()
      if (this.#text[this.#at] === end) break
      if (this.#at === this.#text.length)
        throw this.#fault(`the bracket that is opened here is never closed: ${end} is missing`, opened)
      one()
      this.#space()
      if (this.#text[this.#at] === ',') this.#at++
      else if (this.#text[this.#at] !== end && this.#at < this.#text.length)
        throw this.#fault(`a comma or ${end} is expected`)
    }
    this.#at++
  }

  #string(): string {
    const place = this.#place()
    let end = this.#at + 1
    while (end < this.#text.length && this.#text[end] !== '"' && this.#text[end] !== '\n')
      end += this.#text[end] === '\\' ? 2 : 1
    if (this.#text[end] !== '"')
      throw this.#fault('the text that begins here is not closed: " is missing at the end of the line')
    const raw = this.#text.slice(this.#at, end + 1)
    try {
      const text = JSON.parse(raw) as string
      this.#at = end + 1
      return text
    } catch {
      throw this.#fault(
        `${raw.slice(0, 40)} has a backslash or a control character that means nothing: write \\\\ for a backslash`,
        place,
      )
    }
  }

  #word(): { kind: 'number'; number: number } | { kind: 'other'; other: boolean | null } {
    const word = /^[^\s,:[\]{}"/]*/.exec(this.#text.slice(this.#at, this.#at + 100))![0]
    const others: Readonly<Record<string, boolean | null>> = { true: true, false: false, null: null }
    const plain = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(word)
    if (!plain && !Object.hasOwn(others, word)) {
      const what = word === '' ? JSON.stringify(this.#text[this.#at]) : word
      throw this.#fault(`${what} means nothing here: texts are written in double quotes`)
    }
    this.#at += word.length
    return plain ? { kind: 'number', number: Number(word) } : { kind: 'other', other: others[word]! }
  }

  /** White space, and comments of both kinds. */
  #space(): void {
    for (;;) {
      const rest = /[ \t\r\n\ufeff]*/y
      rest.lastIndex = this.#at
      this.#at += rest.exec(this.#text)![0].length
      if (this.#text.startsWith('//', this.#at)) {
        const end = this.#text.indexOf('\n', this.#at)
        this.#at = end < 0 ? this.#text.length : end
      } else if (this.#text.startsWith('/*', this.#at)) {
        const end = this.#text.indexOf('*/', this.#at + 2)
        if (end < 0) throw this.#fault('the comment that begins here is never closed: */ is missing')
        this.#at = end + 2
      } else return
    }
  }

  #place(): Place {
    let low = 0
    let high = this.#lines.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#lines[middle]! <= this.#at) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: this.#at - this.#lines[low]! + 1 }
  }

  #fault(why: string, place: Place = this.#place()): Stop {
    return new Stop({ ...place, why })
  }
}
