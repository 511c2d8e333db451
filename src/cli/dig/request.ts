/** What a command line of `dig` asks for. */
import { parseIp4, parseIp6 } from '../../base/ip.ts'
import { Name, parseName } from '../../dns/message/name.ts'
import { CLASS, parseClass, parseType, TYPE } from '../../dns/message/types.ts'
import { toAscii } from '../../dns/stub/ascii.ts'
import { UsageError } from '../command.ts'

/** Switches by their names in dig: `+short`, `+norecurse`. */
const SWITCHES = {
  short: false,
  tcp: false,
  recurse: true,
  ignore: false,
  edns: true,
  dnssec: false,
  adflag: true,
  cdflag: false,
  json: false,
  cmd: true,
  comments: true,
  question: true,
  answer: true,
  authority: true,
  additional: true,
  stats: true,
}

/** Other names of the same switches. */
const SAME = new Map<string, keyof typeof SWITCHES>([
  ['vc', 'tcp'],
  ['rec', 'recurse'],
  ['rdflag', 'recurse'],
  ['do', 'dnssec'],
  ['ad', 'adflag'],
  ['cd', 'cdflag'],
])

/** What `+all` and `+noall` turn on and off. */
const SHOWN = ['cmd', 'comments', 'question', 'answer', 'authority', 'additional', 'stats'] as const

export type Switches = { readonly [name in keyof typeof SWITCHES]: boolean }

export interface DigRequest {
  readonly name: Name
  readonly type: number
  readonly class: number
  /** As it was written; undefined: that of resolv.conf. */
  readonly server: string | undefined
  readonly switches: Switches
  /** EDNS size, octets. */
  readonly udpSize: number
  /** Seconds for the first attempt. */
  readonly time: number
  readonly tries: number
}

/** What is asked for by options instead of by words. */
export interface GivenQuestion {
  readonly reverse?: string
  readonly type?: string
  readonly class?: string
}

/** @throws UsageError */
export function readRequest(words: readonly string[], given: GivenQuestion = {}): DigRequest {
  const switches = { ...SWITCHES }
  const numbers = { bufsize: 1232, time: 5, tries: 3 }
  let server: string | undefined
  const rest: string[] = []
  for (const word of words) {
    if (word.startsWith('@')) server = word.slice(1)
    else if (word.startsWith('+')) readOption(word, switches, numbers)
    else rest.push(word)
  }
  const asked = readQuestion(rest, given)
  if (asked.type === TYPE.ANY && !words.includes('+notcp')) switches.tcp = true // as dig does: such answers are long
  return { ...asked, server, switches, udpSize: numbers.bufsize, time: numbers.time, tries: numbers.tries }
}

function readOption(
  word: string,
  switches: { [name in keyof typeof SWITCHES]: boolean },
  numbers: { [name in 'bufsize' | 'time' | 'tries']: number },
): void {
  const [, name = '', value] = /^\+([a-z]+)(?:=(.*))?$/.exec(word) ?? []
  if (name === 'bufsize' || name === 'time' || name === 'tries') {
    const [least, most] = name === 'bufsize' ? [512, 65535] : [1, 60]
    const number = /^[0-9]{1,5}$/.test(value ?? '') ? Number(value) : Number.NaN
    if (!(number >= least && number <= most)) throw new UsageError(`+${name}=N takes a number from ${least} to ${most}`)
    numbers[name] = number
    return
  }
  const on = !name.startsWith('no')
  const plain = on ? name : name.slice(2)
  if (value === undefined && plain === 'all') for (const shown of SHOWN) switches[shown] = on
  else {
    const known = Object.hasOwn(SWITCHES, plain) ? (plain as keyof typeof SWITCHES) : SAME.get(plain)
    if (known === undefined || value !== undefined) {
      const options = Object.keys(SWITCHES).join(', +[no]')
      throw new UsageError(`'${word}' is not known: +[no]all, +[no]${options}, +bufsize=N, +time=N, +tries=N`)
    }
    switches[known] = on
  }
}

function readQuestion(
  words: readonly string[],
  { reverse, type: typeText, class: classText }: GivenQuestion,
): Pick<DigRequest, 'name' | 'type' | 'class'> {
  let name: Name | undefined = reverse === undefined ? undefined : reverseName(reverse)
  let type = typeText === undefined ? undefined : parseType(typeText)
  if (typeText !== undefined && type === undefined) throw new UsageError(`-t takes a record type, not '${typeText}'`)
  let rrclass = classText === undefined ? undefined : parseClass(classText)
  if (classText !== undefined && rrclass === undefined)
    throw new UsageError(`-c takes a class (IN, CH, HS or ANY), not '${classText}'`)
  for (const word of words) {
    // The first word that is no type or class is the name; `dig mx` and `dig example.org mx` both work.
    const asType = type === undefined && (name !== undefined || words.length > 1) ? parseType(word) : undefined
    const asClass = rrclass === undefined && name !== undefined ? parseClass(word) : undefined
    if (asType !== undefined) type = asType
    else if (asClass !== undefined) rrclass = asClass
    else if (name === undefined) name = nameOf(word)
    else throw new UsageError(`'${word}' is neither a record type nor a class`)
  }
  if (name === undefined) {
    // `dig NS` without a name asks for the root, as dig does.
    name = Name.root
    type ??= TYPE.NS
  }
  return { name, type: type ?? (reverse === undefined ? TYPE.A : TYPE.PTR), class: rrclass ?? CLASS.IN }
}

/** A name as people write it: letters beyond ASCII by IDNA (RFC 5890). @throws UsageError */
function nameOf(word: string): Name {
  const name = parseName(toAscii(word))
  if (name instanceof Name) return name
  throw new UsageError(`'${word}' is not a domain name: ${name.why} at octet ${name.at}`)
}

/** The name under which the PTR record of an address stands (RFC 1035 §3.5, RFC 3596 §2.5). @throws UsageError */
export function reverseName(address: string): Name {
  if (parseIp4(address) >= 0) return Name.parse(`${address.split('.').reverse().join('.')}.in-addr.arpa.`)
  const octets = parseIp6(address)
  if (octets === null) throw new UsageError(`-x takes an IP address, not '${address}'`)
  const nibbles = Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join('')
  return Name.parse(`${[...nibbles].reverse().join('.')}.ip6.arpa.`)
}
