/** What a bare handler that is mounted in a site sees of an exchange: a shorter path, and replies that get the site's fields. */

import { type Exchange, ExchangeDecorator, type FieldLines, type ReplyBody } from '../../http/index.ts'

export class MountedExchange extends ExchangeDecorator {
  /** The status that was sent; 0 before. */
  status = 0
  readonly #path: string
  readonly #fields: (given: FieldLines) => FieldLines

  /**
   * @param cut characters of the path that the handler does not see
   * @param fields adds the site's own fields to those of a reply
   */
  constructor(of: Exchange, cut: number, fields: (given: FieldLines) => FieldLines) {
    super(of)
    this.#fields = fields
    this.#path = of.path.slice(cut)
  }

  override get path(): string {
    return this.#path
  }
  override get target(): string {
    return this.query === '' ? this.path : `${this.path}?${this.query}`
  }
  override reply(status: number, fields: FieldLines, body: string | Uint8Array | null): void {
    super.reply(status, this.#fields(fields), body)
    this.status = status
  }
  override start(status: number, fields: FieldLines): ReplyBody {
    const body = super.start(status, this.#fields(fields))
    this.status = status
    return body
  }
}
