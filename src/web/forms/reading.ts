/** Reads the bodies that forms send, within the limits of the site. */

import type { Exchange } from '../../http/index.ts'
import { decode, MULTIPART_LIMITS, type PartHead, type PartSink, parseQuery, readMultipart } from '../../http/index.ts'
import { HttpError } from '../errors/http-error.ts'
import { FormInput } from './input.ts'
import { cleanFileName, type Upload } from './upload.ts'

export interface FormLimits {
  readonly formBytes: number
  readonly formFields: number
  readonly fileBytes: number
  readonly filesBytes: number
}

/** A body of `application/x-www-form-urlencoded`. @throws HttpError 413 past the limit of fields. */
export function readUrlEncodedForm(text: string, limits: FormLimits): FormInput {
  // WHATWG HTML §4.10.22.6: what is percent-encoded is UTF-8, whatever charset the type names.
  const parameters = parseQuery(text, { most: limits.formFields })
  if (parameters.overflow) throw tooMany(limits)
  const texts = new Map<string, string[]>()
  for (const [name, value] of parameters) add(texts, name, value)
  return new FormInput(texts)
}

/** `multipart/form-data`; files stay in memory. Rejects with status 400, 413 or 415. */
export async function readMultipartForm(exchange: Exchange, limits: FormLimits): Promise<FormInput> {
  const texts = new Map<string, string[]>()
  const files = new Map<string, Upload[]>()
  const left = { texts: limits.formBytes, files: limits.filesBytes }
  const take = (head: PartHead): PartSink =>
    head.filename === null
      ? collect(Math.min(left.texts, limits.formBytes), 'the text of a form', (bytes) => {
          left.texts -= bytes.length
          add(texts, head.name, decode(bytes, head.charset))
        })
      : collect(Math.min(left.files, limits.fileBytes), 'the files of a form', (bytes) => {
          left.files -= bytes.length
          add(files, head.name, { name: cleanFileName(head.filename!), type: head.type, bytes })
        })
  await readMultipart(exchange.body, exchange.header('content-type'), take, {
    ...MULTIPART_LIMITS,
    parts: limits.formFields,
    // The parts are counted one by one; this counts what stands between them too.
    bytes: limits.formBytes + limits.filesBytes + limits.formFields * 512,
  })
  return new FormInput(texts, files)
}

function collect(most: number, what: string, done: (bytes: Uint8Array) => void): PartSink {
  const pieces: Uint8Array[] = []
  let size = 0
  return {
    data(bytes) {
      size += bytes.length
      if (size > most) throw new HttpError(413, `${what} take more than the ${most} bytes that are left for them`)
      pieces.push(new Uint8Array(bytes))
    },
    end: () => done(Buffer.concat(pieces, size)),
  }
}

function tooMany(limits: FormLimits): HttpError {
  return new HttpError(413, `a form of more than ${limits.formFields} fields`)
}

function add<T>(to: Map<string, T[]>, name: string, value: T): void {
  const values = to.get(name)
  if (values === undefined) to.set(name, [value])
  else values.push(value)
}
