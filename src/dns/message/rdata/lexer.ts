/**
 * Master-file text as words (RFC 1035 §5.1): comments, quotes, escapes, and parentheses that carry an entry over
 * several lines. Words keep their escapes: what `\.` means depends on the field.
 */
import { DnsError } from '../../errors.ts'
import { readEscape } from '../name.ts'

/** A place in a text. */
export interface Place {
  /** The character, counted from 0. */
  readonly at: number
  /** Both count from 1. */
  readonly line: number
  readonly column: number
}

/** One word of an entry. */
export interface Word extends Place {
  readonly text: string
  /** Whether it stood between quotes, which are not part of the text. */
  readonly quoted: boolean
}

/** What is wrong in a text, and where. Thrown by parsers of words; the reader of a file makes `ZoneFault`s of them. */
export class TextError extends DnsError {
  override readonly name = 'TextError'
  readonly why: string
  /** The character, counted from 0. */
  readonly at: number
  readonly line: number
  readonly column: number

  constructor(why: string, at: Place) {
    super('DNS_TEXT', `line ${at.line}, column ${at.column}: ${why}`)
    this.why = why
    this.at = at.at
    this.line = at.line
    this.column = at.column
  }
}

/** One entry: a line, or several joined by parentheses. */
export interface Entry {
  /** Whether it starts with blank space: its owner is that of the entry before. */
  readonly indented: boolean
  readonly words: readonly Word[]
  /** Where it ends. */
  readonly end: Place
}

/** Reads a text entry by entry. */
export class Lexer {
  readonly #text: string
  #at = 0
  #line = 1
  #lineStart = 0

  constructor(text: string) {
    this.#text = text
  }

  /** The next entry that has words; null at the end. After a TextError it goes on with the line after the faulty one. */
  next(): Entry | null {
    while (this.#at < this.#text.length) {
      const indented = isBlank(this.#text[this.#at]!)
      const words: Word[] = []
      let end: Place
      try {
        end = this.#entry(words)
      } catch (fault) {
        this.#skipLine()
        throw fault
      }
      if (words.length > 0) return { indented, words, end }
    }
    return null
  }

  #place(): Place {
    return { at: this.#at, line: this.#line, column: this.#at - this.#lineStart + 1 }
  }

  /** Gathers the words of an entry; where the last of them ends. */
  #entry(words: Word[]): Place {
    const text = this.#text
    const open: Place[] = []
    let end = this.#place()
    for (;;) {
      const character = text[this.#at]
      if (character === undefined) {
        if (open.length > 0) throw new TextError("this '(' is never closed", open.at(-1)!)
        return end
      }
      if (character === '\n') {
        this.#newline()
        if (open.length === 0) return end
      } else if (character === ';') this.#skipComment()
      else if (isBlank(character)) this.#at++
      else if (character === '(') {
        open.push(this.#place())
        this.#at++
      } else if (character === ')') {
        if (open.pop() === undefined) throw new TextError("a ')' without its '('", this.#place())
        this.#at++
      } else {
        words.push(character === '"' ? this.#quoted() : this.#plain())
        end = this.#place()
      }
    }
  }

  #newline(): void {
    this.#at++
    this.#line++
    this.#lineStart = this.#at
  }

  #skipComment(): void {
    while (this.#at < this.#text.length && this.#text[this.#at] !== '\n') this.#at++
  }

  #skipLine(): void {
    this.#skipComment()
    if (this.#at < this.#text.length) this.#newline()
  }

  #quoted(): Word {
    const place = this.#place()
    const start = this.#at + 1
    this.#at = this.#closingQuote(place) + 1
    return { text: this.#text.slice(start, this.#at - 1), quoted: true, ...place }
  }

  /** Where the quotation that starts here is closed. */
  #closingQuote(place: Place): number {
    const text = this.#text
    for (let at = this.#at + 1; at < text.length && text[at] !== '\n'; at++) {
      if (text[at] === '"') return at
      if (text[at] === '\\') at++
    }
    throw new TextError('this quotation is not closed before the end of the line', place)
  }

  #plain(): Word {
    const place = this.#place()
    const text = this.#text
    const start = this.#at
    while (this.#at < text.length && !endsWord(text[this.#at]!)) {
      // RFC 9460 §2.1: key="value with blanks" is one word.
      if (text[this.#at] === '"' && text[this.#at - 1] === '=') this.#at = this.#closingQuote(this.#place())
      if (text[this.#at] === '\\' && text[this.#at + 1] !== '\n') this.#at++
      this.#at++
    }
    this.#at = Math.min(this.#at, text.length)
    return { text: text.slice(start, this.#at), quoted: false, ...place }
  }
}

function isBlank(character: string): boolean {
  return character === ' ' || character === '\t' || character === '\r' || character === '\f' || character === '\v'
}

/** Other kinds of white space, such as a no-break space, are parts of words like any character. */
function endsWord(character: string): boolean {
  return isBlank(character) || character === '\n' || character === ';' || character === '(' || character === ')'
}

/** The words of one entry, taken one by one by those who know what should come. */
export class Words {
  readonly #words: readonly Word[]
  readonly #end: Place
  #at = 0

  constructor(words: readonly Word[], end: Place) {
    this.#words = words
    this.#end = end
  }

  get more(): boolean {
    return this.#at < this.#words.length
  }

  /** The next word without taking it. */
  peek(ahead = 0): Word | undefined {
    return this.#words[this.#at + ahead]
  }

  /** Takes the next word. @throws TextError when there is none: `what` was expected. */
  next(what: string): Word {
    const word = this.#words[this.#at]
    if (word === undefined) throw new TextError(`${what} is missing`, this.#end)
    this.#at++
    return word
  }

  /** Takes all that are left. @throws TextError when there is none. */
  rest(what: string): Word[] {
    const words = [this.next(what), ...this.#words.slice(this.#at)]
    this.#at = this.#words.length
    return words
  }

  /** A fault at the end of the entry. */
  fault(why: string): TextError {
    return new TextError(why, this.#end)
  }

  /** @throws TextError when a word is left. */
  finish(what: string): void {
    const word = this.peek()
    if (word !== undefined) throw new TextError(`'${word.text}' is more than ${what} has`, word)
  }
}

/** The octets a word stands for, its escapes resolved (RFC 1035 §5.1). @throws TextError */
export function octetsOf(word: Word): Uint8Array {
  const written = new TextEncoder().encode(word.text)
  if (!word.text.includes('\\')) return written
  const octets: number[] = []
  for (let at = 0; at < written.length; ) {
    if (written[at] !== 92) {
      octets.push(written[at++]!)
      continue
    }
    const escaped = readEscape(written, at)
    if (escaped < 0) throw new TextError('a backslash needs a character or three digits up to 255 after it', word)
    octets.push(escaped & 255)
    at += escaped >>> 8
  }
  return Uint8Array.from(octets)
}
