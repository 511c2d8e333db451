/** Reads the bodies that forms send, within the limits of the site. */

import { sizeText } from '../../base/size.ts'
import type { RequestBody } from '../../http/index.ts'
import { decode, type PartHead, type PartSink, parseQuery, readMultipart } from '../../http/index.ts'
import { HttpError } from '../errors.ts'
import type { WebLimits } from '../limits.ts'
import { FormInput } from './form-input.ts'
import { cleanFileName, type Upload } from './upload.ts'

/** Those that bound a form. */
export type FormLimits = Pick<WebLimits, 'formBytes' | 'formFields' | 'fileBytes' | 'filesBytes'>

/** A body of `application/x-www-form-urlencoded`. @throws HttpError 413 past the limit of fields. */
export function readUrlEncodedForm(text: string, limits: FormLimits): FormInput {
  // WHATWG HTML §4.10.22.6: what is percent-encoded is UTF-8, whatever charset the type names.
  const parameters = parseQuery(text, { most: limits.formFields })
  if (parameters.overflow) throw tooMany(limits)
  const texts = new Map<string, string[]>()
  for (const [name, value] of parameters) add(texts, name, value)
  return new FormInput(texts)
}

/**
 * `multipart/form-data`; files stay in memory. A file that is too large is read to its end and not kept: the form can
 * be shown again with the reason beside it. Rejects with status 400, 413 or 415.
 */
export async function readMultipartForm(
  body: RequestBody,
  contentType: string | undefined,
  limits: FormLimits,
): Promise<FormInput> {
  const texts = new Map<string, string[]>()
  const files = new Map<string, Upload[]>()
  const oversized = new Map<string, string>()
  const left = { texts: limits.formBytes, files: limits.filesBytes }
  const text = ({ name, charset }: PartHead): PartSink =>
    collect(left.texts, (bytes, size) => {
      if (bytes === null)
        throw new HttpError(413, `The text of the form takes more than ${sizeText(limits.formBytes)}.`)
      left.texts -= size
      add(texts, name, decode(bytes, charset))
    })
  const file = ({ name, filename, type }: PartHead): PartSink =>
    collect(Math.min(left.files, limits.fileBytes), (bytes, size) => {
      if (bytes === null) {
        const { fileBytes, filesBytes } = limits
        oversized.set(
          name,
          size > fileBytes
            ? `The file is larger than ${sizeText(fileBytes)}.`
            : `The files of the form take more than ${sizeText(filesBytes)}.`,
        )
        return
      }
      left.files -= size
      add(files, name, { name: cleanFileName(filename!), type, bytes })
    })
  const take = (head: PartHead) => (head.filename === null ? text(head) : file(head))
  await readMultipart(body, contentType, take, {
    parts: limits.formFields,
    // The parts are counted one by one; this counts what stands between them too.
    partsBytes: largestForm(limits),
  })
  return new FormInput(texts, files, oversized)
}

/** The bytes of the largest body that a form can have: its texts, its files, and the heads of its parts. */
export function largestForm(limits: FormLimits): number {
  return limits.formBytes + limits.filesBytes + limits.formFields * PART_HEAD
}

/** A part's boundary and head, in bytes, with a long name. */
const PART_HEAD = 512

/** Gives the bytes of a part when it ends, null when there were more than `most`: those are counted and not kept. */
function collect(most: number, done: (bytes: Uint8Array | null, size: number) => void): PartSink {
  let pieces: Uint8Array[] = []
  let size = 0
  return {
    data(bytes) {
      size += bytes.length
      if (size <= most) pieces.push(new Uint8Array(bytes))
      else pieces = []
    },
    end: () => done(size > most ? null : joined(pieces, size), size),
  }
}

function joined(pieces: readonly Uint8Array[], size: number): Uint8Array {
  if (pieces.length === 1) return pieces[0]!
  const whole = new Uint8Array(size)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

function tooMany(limits: FormLimits): HttpError {
  return new HttpError(413, `The form has more than ${limits.formFields} fields.`)
}

function add<T>(to: Map<string, T[]>, name: string, value: T): void {
  const values = to.get(name)
  if (values === undefined) to.set(name, [value])
  else values.push(value)
}
