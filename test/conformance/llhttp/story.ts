/** What a parser made of the bytes, in the form in which llhttp's log and our reader are compared. */
import { HTTP_LIMITS } from '../../../src/http/index.ts'
import { Reader, type ReaderSink } from '../../../src/http/machine/reader.ts'
import { latin1 } from '../../../src/http/machine/text.ts'
import type { Case } from './cases.ts'

export interface Message {
  /** Method and target, or status and reason. */
  start: string
  version: string
  fields: string[]
  body: string
  trailers: string[]
  complete: boolean
}

export interface Story {
  /** Those whose head was complete. */
  readonly messages: Message[]
  refused: string
  /** Whether an end of the bytes here leaves a message unfinished; null when that was not asked. */
  cut: boolean | null
}

/** The log of callbacks, as a story. Offsets say how llhttp got there, not what it is to mean. */
export function expectedStory(log: readonly string[]): Story {
  const story: Story = { messages: [], refused: '', cut: null }
  let message = emptyMessage()
  let method = ''
  let url = ''
  let reason = ''
  let inHead = true
  let name = ''
  let value = ''
  for (const line of log) {
    const span = /span\[(\w+)\]=(".*"|cr|lf)$/.exec(line)
    if (span !== null) {
      const text = unquote(span[2]!)
      if (span[1] === 'method') method += text
      else if (span[1] === 'url') url += text
      else if (span[1] === 'status') reason += text
      else if (span[1] === 'version') message.version += text
      else if (span[1] === 'header_field') name += text
      else if (span[1] === 'header_value') value += text
      else if (span[1] === 'body') message.body += text
    } else if (/ message begin/.test(line)) {
      message = emptyMessage()
      method = url = reason = name = value = ''
      inHead = true
    } else if (/ header_value complete/.test(line)) {
      // llhttp leaves white space at the end of a value; it is none of it (RFC 9110 §5.5).
      ;(inHead ? message.fields : message.trailers).push(name, value.replace(/[ \t]+$/, ''))
      name = value = ''
    } else if (/ headers complete/.test(line)) {
      const status = /status=(\d+)/.exec(line)?.[1]
      message.start = status === undefined ? `${method} ${url}` : `${status} ${reason}`
      inHead = false
      story.messages.push(message)
    } else if (/ message complete/.test(line)) message.complete = true
    else if (/ finish=/.test(line)) {
      story.cut = /finish=2/.test(line)
      // 1: the end of the connection is the end of the message.
      if (/finish=1/.test(line)) message.complete = true
    } else {
      const error = / error code=(\d+)(?: reason="(.*)")?/.exec(line)
      // 21 and 22 say that an upgrade or a tunnel begins.
      if (error !== null && error[1] !== '21' && error[1] !== '22') story.refused = error[2] || `code ${error[1]}`
    }
  }
  return story
}

const HEAD_END = '\r\n\r\n'

/**
 * Has our reader read the case's bytes in pieces that end at `cuts`.
 * @param endHead ends a head that the bytes leave open: some faults in heads are found when those are whole.
 */
export function actualStory({ type, bytes }: Case, cuts: readonly number[], endHead = false): Story {
  const story: Story = { messages: [], refused: '', cut: null }
  let upgrade = false
  const sink: ReaderSink = {
    onHead(head, framing) {
      const start = head.status === 0 ? `${head.method} ${head.target}` : `${head.status} ${head.reason}`
      const version = `1.${head.minor}`
      const fields = [...head.lines()]
      const interim = head.status >= 100 && head.status < 200
      story.messages.push({ ...emptyMessage(), start, version, fields, complete: interim || framing.kind === 'tunnel' })
      upgrade = framing.upgrade !== ''
    },
    onBody(piece) {
      story.messages.at(-1)!.body += latin1(piece)
    },
    onMessageEnd(trailers) {
      const message = story.messages.at(-1)!
      message.complete = true
      message.trailers = [...trailers]
      // As llhttp does: what follows is of another protocol.
      if (upgrade) reader.close()
    },
    onRefused(verdict) {
      story.refused = verdict.toString()
    },
  }
  const reader = new Reader(type.startsWith('request') ? 'request' : 'response', sink, HTTP_LIMITS)
  let at = 0
  for (const cut of [...cuts, bytes.length]) {
    if (cut > at) reader.feed(new Uint8Array(bytes.subarray(at, cut)))
    at = Math.max(at, cut)
  }
  if (endHead && reader.midHead) reader.feed(Buffer.from(HEAD_END))
  if (type.endsWith('-finish')) story.cut = !reader.end()
  return story
}

/** '' when the stories are the same: the same messages, and refused or not; where and why a fault lies may differ. */
export function difference(expected: Story, actual: Story): string {
  if ((expected.refused === '') !== (actual.refused === ''))
    return actual.refused === '' ? `accepted, but: ${expected.refused}` : `refused: ${actual.refused}`
  const common = Math.max(expected.messages.length, actual.messages.length)
  for (let i = 0; i < common; i++) {
    const [wanted, got] = [expected.messages[i], actual.messages[i]]
    // A head that turns out faulty was half reported by llhttp and not at all by us, or a body a little further.
    const last = i === common - 1 && expected.refused !== ''
    if (last && (wanted === undefined || got === undefined || !got.complete)) continue
    if (JSON.stringify(wanted) !== JSON.stringify(got))
      return `message ${i + 1} is ${JSON.stringify(got)}, expected ${JSON.stringify(wanted)}`
  }
  if (expected.cut !== null && expected.refused === '' && expected.cut !== actual.cut)
    return `an end here leaves a message unfinished: ${actual.cut}, expected ${expected.cut}`
  return ''
}

function unquote(text: string): string {
  if (text === 'cr' || text === 'lf') return text === 'cr' ? '\r' : '\n'
  const named: Record<string, string> = { r: '\r', n: '\n', t: '\t', f: '\f' }
  return text
    .slice(1, -1)
    .replace(/\\(?:x([0-9a-fA-F]{2})|([rntf]))/g, (_, hex, letter) =>
      hex === undefined ? named[letter]! : String.fromCharCode(Number.parseInt(hex, 16)),
    )
}

function emptyMessage(): Message {
  return { start: '', version: '', fields: [], body: '', trailers: [], complete: false }
}
