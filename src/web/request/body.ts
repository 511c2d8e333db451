/** The body of a request, read as what it is. Each reader gives the same again when it is asked twice. */

import { Fault } from '../../base/fault.ts'
import { type AnySchema, issuePath } from '../../base/standard-schema.ts'
import type { Exchange, MessageBody, MultipartLimits } from '../../http/index.ts'
import { contentCodings, DECODED_CODINGS, decodedBody, HTTP_LIMITS, parseMediaType } from '../../http/index.ts'
import { HttpError, InvalidBody } from '../errors.ts'
import type { WebLimits } from '../limits.ts'
import { FormInput } from './form-input.ts'
import { largestForm, readMultipartForm, readUrlEncodedForm } from './form-reading.ts'
import { type BodyPart, partsOf } from './parts.ts'

/** The body of a request, read within the limits of its route. */
export class ContextBody {
  readonly #exchange: Exchange
  readonly #limits: WebLimits
  #bytes: Promise<Uint8Array> | null = null
  #text: Promise<string> | null = null
  #form: Promise<FormInput> | null = null

  constructor(exchange: Exchange, limits: WebLimits) {
    this.#exchange = exchange
    this.#limits = limits
  }

  /**
   * The body as it was before it was encoded (`Content-Encoding: gzip`), which may not be longer than `limit`.
   * @throws HttpError 415 for a coding that is not known here, and for more than two.
   */
  #decoded(limit: number): MessageBody {
    const { body } = this.#exchange
    const field = this.#exchange.header('content-encoding')
    if (field === undefined) return body
    const codings = contentCodings(field)
    // RFC 9110 §12.5.3: a 415 for a coding says which would do.
    if (codings instanceof Fault)
      throw new HttpError(415, `The body cannot be decoded: ${codings.why}.`, {
        headers: { 'Accept-Encoding': DECODED_CODINGS.join(', ') },
      })
    const { clock } = this.#exchange.machine
    return decodedBody(body, codings, this.#exchange.header('content-type'), {
      limit,
      hold: (work) => clock.hold(work),
    })
  }

  /** The media type in lower case, without parameters; '' when none is given or it cannot be read. */
  get type(): string {
    const field = this.#exchange.header('content-type')
    return field === undefined ? '' : (parseMediaType(field)?.type ?? '')
  }

  /** Whether a form was sent, by its Content-Type. */
  get isForm(): boolean {
    return this.type === 'application/x-www-form-urlencoded' || this.type === 'multipart/form-data'
  }

  /** Whether JSON was sent, by its Content-Type: `application/json` or `…+json`. */
  get isJson(): boolean {
    const { type } = this
    return type === 'application/json' || type.endsWith('+json')
  }

  /** @throws BodyTooLarge (413) past `limits.bodyBytes`. */
  bytes(): Promise<Uint8Array> {
    const { bodyBytes } = this.#limits
    return (this.#bytes ??= this.#decoded(bodyBytes).bytes(bodyBytes))
  }

  /** By the charset of its Content-Type, UTF-8 when it names none. */
  text(): Promise<string> {
    const { bodyBytes } = this.#limits
    return (this.#text ??= this.#decoded(bodyBytes).text(bodyBytes))
  }

  /**
   * The value of a JSON body; with a schema (Zod, Valibot, … : any Standard Schema) what the schema makes of it.
   * @throws HttpError 415 when it is sent as something else, 400 when it is no JSON, or has a key `__proto__`, which is
   * never meant well; InvalidBody (422) when the schema refuses it.
   */
  json(): Promise<unknown>
  json<Output>(schema: AnySchema<Output>): Promise<Output>
  async json(schema?: AnySchema): Promise<unknown> {
    if (!this.isJson) {
      const type = this.type === '' ? 'a body without a type' : `'${this.type}'`
      throw new HttpError(415, `The body must be of type application/json, not ${type}.`)
    }
    const value = parseJson(await this.text())
    if (schema === undefined) return value
    const result = await schema['~standard'].validate(value)
    if (result.issues === undefined) return result.value
    throw new InvalidBody(result.issues.map((issue) => ({ path: issuePath(issue), text: issue.message })))
  }

  /** What a form sent. @throws HttpError 415 when the body is no form's, 413 past the limits. */
  async form(): Promise<FormInput> {
    return (await this.formAsSent()).refuseOversized()
  }

  /** The same with files that were too large among `oversized`: for those who can show it beside the control. */
  formAsSent(): Promise<FormInput> {
    return (this.#form ??= this.#readForm())
  }

  #readForm(): Promise<FormInput> {
    const { type } = this
    if (type === 'application/x-www-form-urlencoded') {
      // As text, which is still there for a handler when the form was read before it, for its token.
      const { formBytes } = this.#limits
      this.#text ??= this.#decoded(formBytes).text(formBytes)
      return this.#text.then((text) => readUrlEncodedForm(text, this.#limits))
    }
    if (type === 'multipart/form-data') {
      const body = this.#decoded(largestForm(this.#limits))
      return readMultipartForm(body, this.#exchange.header('content-type'), this.#limits)
    }
    if (type === '' && this.#exchange.body.length === 0) return Promise.resolve(new FormInput(new Map()))
    return Promise.reject(new HttpError(415, `The body must be a form, not of type '${type}'.`))
  }

  /**
   * The parts of a `multipart/form-data` body one after another as they come, in constant memory: for files too large
   * to be held. The client is held back while a part is worked on. Instead of `form()`, not after it.
   *
   * @example
   * for await (const part of c.body.parts()) {
   *   if (part.name === 'video') await saveUpload('data/videos', part)
   * }
   * @throws BodyError 400, 413 or 415, while it is iterated.
   */
  parts(limits: Partial<MultipartLimits> = {}): AsyncIterable<BodyPart> {
    const most = limits.partsBytes ?? HTTP_LIMITS.partsBytes
    return partsOf(this.#decoded(most), this.#exchange.header('content-type'), limits)
  }

  /** The bytes as they come, for bodies too large to be held; encoded, if they are. */
  stream(): ReadableStream<Uint8Array> {
    return this.#exchange.body.stream()
  }
}

function parseJson(text: string): unknown {
  // Only a text in which the word can be spelled at all pays for the look at every key.
  const reviver = /__proto__|\\u00/i.test(text) ? refuseProto : undefined
  try {
    return JSON.parse(text, reviver)
  } catch (error) {
    if (error instanceof HttpError) throw error
    throw new HttpError(400, `The body is not JSON: ${(error as Error).message}`)
  }
}

function refuseProto(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new HttpError(400, 'The JSON has a key __proto__.')
  return value
}
