/** The values of structured fields (RFC 9651 §3). */

/** One value with its type: `1`, `1.5`, `"text"`, `token`, `:AQID:`, `?1`, `@1659578233`, `%"gr%c3%bc%c3%9fe"`. */
export type BareItem =
  /** Whole numbers of at most 15 digits. */
  | { readonly type: 'integer'; readonly value: number }
  /** At most 12 digits before the point and 3 behind it. */
  | { readonly type: 'decimal'; readonly value: number }
  /** Printable ASCII. */
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'token'; readonly value: string }
  | { readonly type: 'bytes'; readonly value: Uint8Array }
  | { readonly type: 'boolean'; readonly value: boolean }
  /** Seconds since 1970. */
  | { readonly type: 'date'; readonly value: number }
  /** Any text. */
  | { readonly type: 'display'; readonly value: string }

/** Parameters by name, in order. */
export type StructuredParameters = ReadonlyMap<string, BareItem>

/** A value and its parameters: `text/html;q=0.5` has the token `text/html`. */
export interface StructuredItem {
  /** The value itself. */
  readonly item: BareItem
  /** Empty where there are none. */
  readonly parameters: StructuredParameters
}

/** A list within a list or a dictionary: `("a" "b");lvl=1`. */
export interface InnerList {
  /** What is in it, in order. */
  readonly items: readonly StructuredItem[]
  /** Of the inner list as a whole. */
  readonly parameters: StructuredParameters
}

/** What lists and dictionaries have: items and inner lists (told apart by `'items' in member`). */
export type StructuredMember = StructuredItem | InnerList

/** Members in order. */
export type StructuredList = readonly StructuredMember[]

/** Members by name, in order. */
export type StructuredDictionary = ReadonlyMap<string, StructuredMember>
