/** `reticle dig`: asks a DNS server and prints what it says, as `dig` does. */
import { readFileSync } from 'node:fs'
import { MILLISECOND, SECOND } from '../base/clock.ts'
import { ipVersion } from '../base/ip.ts'
import { askOverTcp } from '../dns/exchange/stream.ts'
import { type Attempt, askOverUdp } from '../dns/exchange/udp.ts'
import { DNS_LIMITS } from '../dns/limits.ts'
import { edns } from '../dns/message/edns.ts'
import { type Message, query } from '../dns/message/message.ts'
import { parseResolvConf } from '../dns/stub/resolv-conf.ts'
import { kernelHost } from '../kernel/index.ts'
import { type Family, formatAddress, type IpAddress } from '../socket/address.ts'
import type { Host } from '../socket/host.ts'
import { type Call, type Command, UsageError } from './command.ts'
import { type Answer, fullText, jsonText, shortText } from './dig/print.ts'
import { type DigRequest, type GivenQuestion, readRequest } from './dig/request.ts'
import type { Terminal } from './terminal.ts'

export const dig: Command = {
  name: 'dig',
  summary: 'ask a DNS server and print its answer',
  usage: '[@SERVER] NAME [TYPE] [CLASS] [+OPTION…]',
  details: `Without @SERVER the first name server of /etc/resolv.conf is asked, without TYPE for A records.

  +short                     only the answer's data
  +tcp  +ignore              TCP from the start; keep a truncated answer
  +norecurse  +dnssec        flags of the query; also +adflag, +cdflag
  +noedns  +bufsize=N        EDNS (RFC 6891)
  +noall +answer             what is printed: cmd, comments, question, answer, authority, additional, stats
  +time=S  +tries=N          patience (5 seconds, 3 tries)
  +json                      as JSON

  reticle dig www.example.org AAAA @192.0.2.53 -p 5353 +short`,
  options: {
    port: { type: 'string', short: 'p', default: '53', value: 'PORT', description: "the server's port" },
    reverse: { type: 'string', short: 'x', value: 'ADDRESS', description: 'ask for the name of an address' },
    type: { type: 'string', short: 't', value: 'TYPE', description: 'the record type, in case it looks like a name' },
    class: { type: 'string', short: 'c', value: 'CLASS', description: 'the class: IN (default), CH, HS, ANY' },
    ipv4: { type: 'boolean', short: '4', description: 'reach the server over IPv4 only' },
    ipv6: { type: 'boolean', short: '6', description: 'reach the server over IPv6 only' },
    json: { type: 'boolean', description: 'print JSON' },
  },
  run,
}

/** As dig's: nobody answered. */
const NO_REPLY = 9

async function run({ positionals, values, terminal }: Call): Promise<number> {
  const request = readRequest(positionals, values as GivenQuestion)
  const port = Number(values['port'])
  if (!(Number.isInteger(port) && port > 0 && port <= 65535))
    throw new UsageError(`--port is a number from 1 to 65535, not '${values['port']}'`)
  const host = kernelHost()
  if (values['ipv4'] === true && values['ipv6'] === true)
    throw new UsageError('-4 and -6 exclude each other: give one of them')
  const family = values['ipv4'] === true ? 4 : values['ipv6'] === true ? 6 : undefined
  const given = request.server ?? systemServer()
  const server = { address: await addressOf(host, given, family), port }

  const json = values['json'] === true || request.switches.json
  const full = !json && !request.switches.short
  const answer = await ask(host, server, given, request, full && request.switches.comments ? terminal : null)
  if (answer === null) {
    terminal.error(`;; no servers could be reached\n`)
    return NO_REPLY
  }
  if (json) terminal.out(jsonText(answer))
  else if (request.switches.short) terminal.out(shortText(answer))
  else {
    const heading = `; <<>> reticle dig <<>> ${positionals.join(' ')}\n; (1 server found)\n;; global options: +cmd\n`
    if (request.switches.cmd) terminal.out(`\n${heading}`)
    terminal.out(fullText(answer, request.switches))
  }
  return 0
}

function systemServer(): string {
  let text: string
  try {
    text = readFileSync('/etc/resolv.conf', 'utf8')
  } catch {
    text = ''
  }
  // resolv.conf(5): without a nameserver line it is the one on this machine.
  return parseResolvConf(text).nameservers[0]?.address ?? '127.0.0.1'
}

async function addressOf(host: Host, server: string, family: Family | undefined): Promise<string> {
  const version = ipVersion(server)
  if (version !== 0 && family !== undefined && version !== family)
    throw new UsageError(`@${server} is an IPv${version} address, and IPv${family} is asked for`)
  return version !== 0 ? server : (await host.lookup(server, family))[0]!
}

/** The answer, over UDP and where that is too small over TCP; null after the reasons were printed. */
async function ask(
  host: Host,
  server: IpAddress,
  given: string,
  request: DigRequest,
  notes: Terminal | null,
): Promise<Answer | null> {
  const { switches, tries, name } = request
  const limits = DNS_LIMITS.exchange
  const timeout = request.time * SECOND
  let transport: 'udp' | 'tcp' = switches.tcp ? 'tcp' : 'udp'
  for (let attempt = 0; attempt < tries; ) {
    const question = { server, query: queryOf(host, request), name, timeout, limits }
    const result: Attempt = await (transport === 'tcp' ? askOverTcp(host, question) : askOverUdp(host, question))
    if (result.kind === 'reply') {
      const { message, size, rtt } = result
      if (!message.tc || transport === 'tcp' || switches.ignore) {
        const millis = rtt / MILLISECOND
        const when = new Date(host.clock.wallMillis())
        return { message, size, transport, server: server.address, given, port: server.port, millis, when }
      }
      notes?.out(';; Truncated, retrying in TCP mode.\n')
      transport = 'tcp'
    } else if (result.kind === 'doubtful') {
      notes?.out(';; Replies that do not belong to the question, retrying in TCP mode.\n')
      transport = 'tcp'
    } else {
      attempt++
      const why = result.cause === 'timeout' ? 'timed out' : result.why
      notes?.out(`;; communications error to ${formatAddress(server)}: ${why}\n`)
    }
  }
  return null
}

function queryOf(host: Host, request: DigRequest): Message {
  const { name, type, switches, udpSize } = request
  return query(name, type, {
    id: host.random.u32() >>> 16,
    question: [{ name, type, class: request.class }],
    rd: switches.recurse,
    ad: switches.adflag,
    cd: switches.cdflag,
    // +dnssec needs the OPT record that carries its flag.
    edns: switches.edns || switches.dnssec ? edns({ udpSize, dnssecOk: switches.dnssec }) : null,
  })
}
