/**
 * What is wrong with octets or text that came from outside. A parser answers with it, and never throws it: what a
 * stranger sends is no exception. Every floor's parsers use this one, or a class that extends it.
 */
export class Fault {
  /** What is wrong, in words that complete "the message is refused: …". */
  readonly why: string
  /** Where: the offset of the first octet or character that cannot be meant. */
  readonly at: number

  constructor(why: string, at: number) {
    this.why = why
    this.at = at
  }
}
