/** What was said over the connections: requests and replies, whole, in order, and the log's word for when. */
import type { Nanos } from '../../../src/base/clock.ts'
import type { HttpDoneEvent, HttpRequestEvent, HttpResponseEvent } from '../../../src/http/index.ts'
import type { Log, Report } from '../log.ts'
import type { End } from './tcp/check.ts'

interface Message {
  /** First line. */
  readonly line: string
  readonly fields: ReadonlyMap<string, string>
  /** Places in the stream. */
  readonly start: number
  readonly body: number
  readonly end: number
}

/** One exchange, as its two streams show it. */
export interface Exchanged {
  readonly request: string
  readonly reply: string
  readonly body: string
}

export function checkHttp(log: Log, ends: readonly End[], report: Report): Exchanged[] {
  const exchanged: Exchanged[] = []
  for (const client of ends.filter(({ active }) => active)) {
    const server = ends.find((other) => !other.active && other.numbers === client.numbers)
    if (server === undefined) continue // its SYN never got through
    const asked = Uint8Array.from(client.sender.stream)
    const told = Uint8Array.from(server.sender.stream)
    const requests = split(asked, (at, why) => report('RFC 9112 §2', 0, `request ${at}: ${why}`))
    const replies = split(told, (at, why) => report('RFC 9112 §2', 0, `reply ${at}: ${why}`))
    if (replies.length > requests.length) report('RFC 9112 §9.3.2', 0, 'more replies than requests')
    requests.forEach((request, i) => {
      const reply = replies[i]
      const story = eventsOf(log, client, server, i)
      checkRequest(request, asked, client, server, story, report)
      if (reply === undefined) return
      checkReply(request, reply, { client, server, story, report })
      exchanged.push({
        request: request.line,
        reply: reply.line,
        body: new TextDecoder().decode(told.subarray(reply.body, reply.end)),
      })
    })
  }
  return exchanged
}

/** RFC 9112 §2.1, as far as it is used here: heads, and bodies with a length. */
function split(stream: Uint8Array, fault: (at: number, why: string) => void): Message[] {
  const text = Buffer.from(stream).toString('latin1')
  const messages: Message[] = []
  for (let at = 0; at < text.length; ) {
    const blank = text.indexOf('\r\n\r\n', at)
    if (blank < 0) break // the rest was lost
    const [line, ...lines] = text.slice(at, blank).split('\r\n')
    if (/[\r\n]/.test(lines.join(''))) fault(at, 'a bare CR or LF in the head')
    const fields = new Map<string, string>()
    for (const each of lines) {
      const parts = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(each)
      if (parts === null) fault(at, `'${each}' is not a field line`)
      else fields.set(parts[1]!.toLowerCase(), parts[2]!)
    }
    const body = blank + 4
    const end = body + Number(fields.get('content-length') ?? 0)
    messages.push({ line: line!, fields, start: at, body, end })
    at = end
  }
  return messages
}

interface Story {
  readonly asks: HttpRequestEvent | undefined
  readonly asked: HttpRequestEvent | undefined
  readonly answers: HttpResponseEvent | undefined
  readonly gets: HttpResponseEvent | undefined
  readonly done: HttpDoneEvent | undefined
}

function eventsOf({ events }: Log, client: End, server: End, nth: number): Story {
  const find = <T>(type: string, side: string, end: End): T | undefined => {
    // http events name the client first, whoever reports.
    const [local, remote] = end.connection.split('>')
    const connection = end.active ? end.connection : `${remote}>${local}`
    return events.filter(
      (e) =>
        e.type === type &&
        (e as HttpRequestEvent).side === side &&
        e.host === end.host &&
        (e as HttpRequestEvent).connection === connection,
    )[nth] as T | undefined
  }
  return {
    asks: find('http.request', 'client', client),
    asked: find('http.request', 'server', server),
    answers: find('http.response', 'server', server),
    gets: find('http.response', 'client', client),
    done: find('http.done', 'client', client),
  }
}

/** When a place of the stream was first sent, or came in order. */
const when = (progress: readonly { length: number; at: Nanos }[], length: number): Nanos =>
  progress.find((each) => each.length >= length)?.at ?? Number.POSITIVE_INFINITY

function checkRequest(
  { line, fields, start, body }: Message,
  stream: Uint8Array,
  client: End,
  server: End,
  { asks, asked }: Story,
  report: Report,
): void {
  if (!/^[A-Z]+ \S+ HTTP\/1\.1$/.test(line)) report('RFC 9112 §3', 0, `'${line}' is not a request line`)
  if (!fields.has('host')) report('RFC 9112 §3.2', 0, 'a request without Host')
  const sent = when(client.sender.progress, start + 1)
  if (asks === undefined || asks.at > sent) report('the log', sent, 'a request leaves before the client tells of it')
  else if (`${asks.method} ${asks.target} ${asks.version}` !== line)
    report('the log', asks.at, `tells of ${asks.method} ${asks.target}, sends ${line}`)
  const came = when(server.receiver.progress, body)
  if (asked !== undefined && asked.at < came) report('causality', asked.at, 'a request is handled before it has come')
  // A server that has closed, since the request was long in coming, hears nothing any more.
  if (asked === undefined && came < server.sender.finSent) report('the log', came, 'a request came and nobody tells')
  if (stream.length < body) report('RFC 9112 §2.1', sent, 'half a request')
}

interface Around {
  readonly client: End
  readonly server: End
  readonly story: Story
  readonly report: Report
}

function checkReply(request: Message, reply: Message, { client, server, story, report }: Around): void {
  if (!/^HTTP\/1\.1 [1-5]\d\d /.test(reply.line)) report('RFC 9112 §4', 0, `'${reply.line}' is not a status line`)
  if (!reply.fields.has('content-length')) report('RFC 9112 §6.3', 0, 'a reply without a length here')
  if (!reply.fields.has('date')) report('RFC 9110 §6.6.1', 0, 'a reply without Date')
  const sent = when(server.sender.progress, reply.start + 1)
  const came = when(server.receiver.progress, request.body)
  if (sent < came) report('causality', sent, 'a reply leaves before its request has come')
  if (story.answers === undefined || story.answers.at > sent)
    report('the log', sent, 'a reply leaves before the server tells of it')
  else if (!reply.line.startsWith(`HTTP/1.1 ${story.answers.status} `))
    report('the log', sent, `tells of ${story.answers.status}, sends '${reply.line}'`)
  const headCame = when(client.receiver.progress, reply.body)
  if (story.gets !== undefined && story.gets.at < headCame)
    report('causality', story.gets.at, 'the client gets a reply that has not come')
  const allCame = when(client.receiver.progress, reply.end)
  if (story.done !== undefined && story.done.failure === '' && story.done.at < allCame)
    report('causality', story.done.at, 'the client is done before all has come')
}
