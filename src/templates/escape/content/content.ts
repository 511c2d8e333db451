/**
 * What stands inside the value of an attribute or inside a raw element: a script, a style, an address. Each language is
 * a class of immutable states; the HTML machine feeds it one character after the other, as the browser will see them.
 */

/** Told, while developing, that a value was not printed as it is: what stands there instead, and what to do. */
export type Replaced = (instead: string, why: string) => void

/** Makes the text to print of a value. */
export type Escaper = (value: unknown, replaced: Replaced | null) => string

export interface Settings {
  /** Schemes that an address may have, in lower case. */
  readonly schemes: ReadonlySet<string>
}

/** How an output is written inside a text of this language. */
export interface ContentOutput {
  readonly write: Escaper
  /** The state behind the output. */
  readonly after: Content
}

export interface Content {
  /** Equal for equal states. */
  readonly key: string
  /** The state after one more character, or what is wrong with it. */
  next(char: string): Content | string
  /** How a value is written here, or why none can be. */
  output(settings: Settings): ContentOutput | string
  /** Why the text cannot end here, or null. */
  end(): string | null
  /** What is known where two ways meet; null when they cannot. */
  join(other: Content): Content | null
  /** Whether a character reference whose character is not known may stand here: it can be no mark of the language. */
  readonly takesAnyCharacter: boolean
  /** Whether no character that may come changes what a value behind it needs. */
  readonly indifferent: boolean
  /** The same place without what is open around it, for a text that closes nothing of that; itself where nothing is. */
  detached(): Content
  /** The state that such a text has come to, with what is open around it here. */
  attached(behind: Content): Content
  /** In words: `in a string of a script`. */
  readonly place: string
}

/** A language in whose texts nothing stays open: they may end anywhere, and stand alone as they stand here. */
export abstract class Unbracketed {
  end(): null {
    return null
  }

  detached(): this {
    return this
  }

  attached(behind: Content): Content {
    return behind
  }
}

/** The languages, by what attributes and elements name them. */
export type Language =
  | 'plain'
  | 'url'
  | 'image'
  | 'urls'
  | 'srcset'
  | 'css'
  | 'js'
  | 'variable'
  | 'json'
  | 'importmap'
  | 'html'
  | 'refresh'
  | 'policy'
  | 'charset'
  | 'equiv'
  | 'program'
  | 'literal'
  | 'unknown'

/** Makes the state at the beginning of a text. */
export type Languages = { readonly [language in Language]: Content }
