/** The lookup: questions and replies that belong together, down from the root, and times to live that only run out. */
import { type Nanos, SECOND } from '../../../src/base/clock.ts'
import type { DnsStage } from '../../../src/dns/index.ts'
import { isEvent } from '../../../src/trace/index.ts'
import type { Frame, Log, Report } from '../log.ts'
import { A, type Message, NS, readMessage } from '../message.ts'
import { dotted } from '../wire.ts'
import { givenUp } from './neighbour.ts'

/** A message where it was made, and when it came to whom it was for. */
interface Letter {
  readonly from: string
  readonly source: string
  readonly target: string
  readonly sent: Nanos
  readonly message: Message
  came: Nanos | null
}

const PORT = 53
const TTL = 64

/** In this order a question meets them. */
const WALK: readonly DnsStage[] = [
  'program cache',
  'hosts file',
  'host cache',
  'forwarder',
  'resolver',
  'root',
  'top-level domain',
  'authoritative',
]

export function checkDns(log: Log, report: Report): void {
  const letters = lettersOf(log.frames)
  for (const letter of letters) checkLetter(letter, letters, report)
  checkSpoofability(letters, report)
  checkReferrals(letters, report)
  checkTimesToLive(letters, report)
  checkStages(log, letters, report)
}

function lettersOf(frames: readonly Frame[]): Letter[] {
  const letters: Letter[] = []
  const owner = new Map<number, string>()
  for (const { ip, host } of frames) if (ip?.ttl === TTL) owner.set(ip.source, host)
  for (const { ip, udp, host, toHost, at, arrives } of frames) {
    if (ip === null || udp === null || (udp.sourcePort !== PORT && udp.destinationPort !== PORT)) continue
    const source = `${dotted(ip.source)}:${udp.sourcePort}`
    const target = `${dotted(ip.destination)}:${udp.destinationPort}`
    if (ip.ttl === TTL)
      letters.push({ from: host, source, target, sent: at, message: readMessage(udp.payload), came: null })
    if (arrives === null || owner.get(ip.destination) !== toHost) continue
    const { id, reply } = readMessage(udp.payload)
    const letter = letters.find(
      (each) =>
        each.came === null &&
        each.source === source &&
        each.target === target &&
        each.message.id === id &&
        each.message.reply === reply,
    )
    if (letter !== undefined) letter.came = arrives
  }
  return letters
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

function checkLetter(letter: Letter, letters: readonly Letter[], report: Report): void {
  const { message, from, sent, source, target } = letter
  if (message.questions !== 1) report('RFC 9619', sent, `${from} asks ${message.questions} questions at once`)
  if (!message.reply) {
    // RFC 1034 §4.3.1, §5.3.3: stubs and forwarders want the whole answer, the resolver asks servers for what they have.
    if (message.recursionDesired === (from === 'resolver'))
      report('RFC 1035 §4.1.1', sent, `${from} asks with RD ${message.recursionDesired}`)
    return
  }
  // RFC 5452 §9.1: a reply comes from where the question went, to where it came from, with its number and spelling.
  const question = letters.find(
    (each) =>
      !each.message.reply &&
      each.target === source &&
      each.source === target &&
      each.message.id === message.id &&
      each.message.name === message.name &&
      each.message.type === message.type,
  )
  if (question === undefined) report('RFC 5452 §9.1', sent, `${from} answers what nobody asked: ${message.name}`)
  else if (question.came === null || question.came > sent)
    report('causality', sent, `${from} answers before the question has come`)
  else if (['root', 'registry', 'authority'].includes(from) && sent !== question.came)
    report('RFC 1034 §4.3.2', sent, `${from} has to think about its own zone`)
}

/** RFC 5452 §4.5, §9.2: each question has a port and a number of its own. */
function checkSpoofability(letters: readonly Letter[], report: Report): void {
  const seen = new Map<string, Letter>()
  for (const letter of letters) {
    const { message, source, target, sent, from } = letter
    if (message.reply) continue
    const key = `${source} ${message.id}`
    const other = seen.get(key)
    if (other !== undefined && !(other.target === target && same(other.message.name, message.name)))
      report('RFC 5452 §9.2', sent, `${from} asks two things with one port and number`)
    seen.set(key, letter)
  }
  const ports = letters.filter(({ from, message }) => from === 'resolver' && !message.reply)
  const distinct = new Set(ports.map(({ source }) => source)).size
  if (ports.length > 3 && distinct < 2) report('RFC 5452 §4.5', ports[0]!.sent, 'the resolver asks from one port only')
}

/** RFC 1034 §5.3.3: each referral is nearer to the name, and the next server asked is one that it names. */
function checkReferrals(letters: readonly Letter[], report: Report): void {
  const known = new Set<string>()
  let depth = -1
  for (const { from, target, message, sent, came } of letters.toSorted((a, b) => a.sent - b.sent)) {
    if (from === 'resolver' && !message.reply && known.size > 0 && !known.has(target))
      report('RFC 1034 §5.3.3', sent, `the resolver asks ${target}, which nothing it knows names`)
    if (!message.reply || came === null || !['root', 'registry', 'authority'].includes(from)) continue
    for (const { type, data } of message.additional) if (type === A) known.add(`${data}:${PORT}`)
    const referral = message.answer.length === 0 && message.rcode === 0 && !message.authoritative
    if (!referral) continue
    const cut = message.authority.find(({ type }) => type === NS)
    if (cut === undefined) report('RFC 1034 §4.3.2', sent, `${from} refers to nobody`)
    else {
      if (!same(`.${message.name}`.slice(-cut.name.length - 1), `.${cut.name}`))
        report('RFC 1034 §5.3.3', sent, `${from} refers to ${cut.name} for ${message.name}`)
      const labels = cut.name.split('.').length
      if (labels < depth) report('RFC 1034 §5.3.3', sent, `${from} refers up, to ${cut.name}`)
      depth = labels
    }
  }
}

/** RFC 1035 §3.2.1, RFC 2181 §8: what is passed on has no longer to live than it had when it came, less its rest. */
function checkTimesToLive(letters: readonly Letter[], report: Report): void {
  const held = new Map<string, { ttl: number; at: Nanos }>()
  const moments = letters
    .filter(({ message }) => message.reply)
    .flatMap((letter) => [
      { at: letter.sent, letter, sent: true },
      ...(letter.came === null ? [] : [{ at: letter.came, letter, sent: false }]),
    ])
    .sort((a, b) => a.at - b.at || Number(a.sent) - Number(b.sent))
  for (const { at, letter, sent } of moments) {
    const reader = letters.find((each) => each.source === letter.target && each.target === letter.source)?.from
    for (const { name, type, ttl, data } of letter.message.answer) {
      const key = `${sent ? letter.from : reader} ${name.toLowerCase()} ${type} ${data}`
      if (!sent) {
        held.set(key, { ttl, at })
        continue
      }
      const own = held.get(key)
      if (own === undefined) {
        if (!letter.message.authoritative) report('RFC 1034 §3.7', at, `${letter.from} made ${name} up`)
      } else if (ttl > own.ttl - Math.floor((at - own.at) / SECOND))
        report(
          'RFC 2181 §8',
          at,
          `${letter.from} gives ${name} ${ttl} s, of ${own.ttl} s got ${(at - own.at) / SECOND} s ago`,
        )
    }
  }
}

function checkStages({ events, frames }: Log, letters: readonly Letter[], report: Report): void {
  const stages = events.filter((event) => isEvent(event, 'dns.stage'))
  const firsts = [...new Set(stages.map(({ stage }) => stage))]
  const expected = WALK.filter((stage) => firsts.includes(stage))
  if (firsts.join() !== expected.join()) report('the log', stages[0]?.at ?? 0, `the walk goes ${firsts.join(', ')}`)
  for (const { stage, host, at, name, outcome, next, cached, ttl, answer } of stages) {
    if (name !== name.toLowerCase()) report('the log', at, `${stage} spells ${name}`)
    if (outcome === 'passed' && next !== '') {
      const asked = letters.some(
        ({ message, from, target, sent }) =>
          !message.reply && from === host && target === next && sent >= at && same(message.name, name),
      )
      if (!asked && !givenUp(frames, host, at))
        report('the log', at, `${stage} passes ${name} on to ${next}, but sends nothing`)
    }
    if (outcome !== 'answered' || answer.length === 0 || cached || stage === 'hosts file') continue
    const told = letters.find(
      ({ message, sent, came, from, target }) =>
        message.reply &&
        same(message.name, name) &&
        message.answer.some(
          (record) => record.ttl === ttl && answer.some((text) => text.endsWith(` ${record.data}`)),
        ) &&
        ((from === host && sent >= at) || (came === at && letters.some((q) => q.from === host && q.source === target))),
    )
    if (told === undefined) report('the log', at, `${stage} tells of an answer for ${name} that no packet has`)
  }
}
