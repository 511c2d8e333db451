/** A network of servers as functions, at the exchange seam: what an attacker may send is what a function may return. */
import { MILLISECOND, SECOND } from '../../../src/base/clock.ts'
import { SeededRandom } from '../../../src/base/random.ts'
import type { Answer, Query } from '../../../src/dns/answer/answer.ts'
import { Resolver, type ResolverAction } from '../../../src/dns/iterate/resolver.ts'
import type { ResolverSettings } from '../../../src/dns/iterate/settings.ts'
import { type Message, query, response } from '../../../src/dns/message/message.ts'
import { Name } from '../../../src/dns/message/name.ts'
import { printRdata } from '../../../src/dns/message/rdata/text.ts'
import { CLASS, parseType, RCODE, rcodeName, typeName } from '../../../src/dns/message/types.ts'
import { parseRecord } from '../../conformance/rpl/entry.ts'

/** A server: its reply, or null for silence. */
export type Server = (query: Message, name: string, type: string) => Message | null

export interface Sections {
  readonly aa?: boolean
  readonly ra?: boolean
  readonly rcode?: keyof typeof RCODE
  /** Records, one a line. */
  readonly answer?: string
  readonly authority?: string
  readonly additional?: string
}

/** A reply with those records. */
export function reply(to: Message, sections: Sections): Message {
  const records = (text = '') =>
    text
      .split('\n')
      .map((line, number) => ({ number, text: line.trim() }))
      .filter((line) => line.text !== '')
      .map((line) => parseRecord(line))
  const { aa = false, ra = false, rcode = 'NOERROR' } = sections
  return response(to, {
    aa,
    ra,
    rcode: RCODE[rcode],
    answer: records(sections.answer),
    authority: records(sections.authority),
    additional: records(sections.additional),
  })
}

export const ROOT = '198.18.0.1'
export const TLD = '198.18.0.2'
export const VICTIM = '198.18.0.3'
export const EVIL = '198.18.0.66'

/** The root, `example.`, and in it the victim's and the attacker's zones; `evil` is the attacker's server. */
export function standardServers(evil: Server): { [address: string]: Server } {
  const soa = (zone: string) => `${zone} 300 IN SOA ns.${zone} h.${zone} 1 2 3 4 300`
  return {
    [ROOT]: (to, name) =>
      name === '.'
        ? reply(to, { aa: true, answer: '. NS a.root.example.', additional: `a.root.example. A ${ROOT}` })
        : reply(to, { authority: 'example. NS a.nic.example.', additional: `a.nic.example. A ${TLD}` }),
    [TLD]: (to, name) => {
      if (name.endsWith('victim.example.'))
        return reply(to, {
          authority: 'victim.example. NS ns.victim.example.',
          additional: `ns.victim.example. A ${VICTIM}`,
        })
      if (name.endsWith('evil.example.'))
        return reply(to, { authority: 'evil.example. NS ns.evil.example.', additional: `ns.evil.example. A ${EVIL}` })
      return name === 'example.'
        ? reply(to, { aa: true, authority: soa('example.') })
        : reply(to, { aa: true, rcode: 'NXDOMAIN', authority: soa('example.') })
    },
    [VICTIM]: (to, name, type) => {
      if (name === 'www.victim.example.' && type === 'A')
        return reply(to, { aa: true, answer: 'www.victim.example. 300 A 203.0.113.1' })
      if (name === 'ns.victim.example.' && type === 'A')
        return reply(to, { aa: true, answer: `ns.victim.example. 300 A ${VICTIM}` })
      return reply(to, { aa: true, authority: soa('victim.example.') })
    },
    [EVIL]: evil,
  }
}

export class Network {
  readonly servers: { [address: string]: Server }
  readonly resolver: Resolver
  readonly asked: string[] = []
  seconds = 1

  constructor(servers: { [address: string]: Server }, settings: Partial<ResolverSettings> = {}) {
    this.servers = servers
    const zones = [{ zone: Name.root, servers: [{ address: ROOT, port: 53 }], forwarding: false }]
    this.resolver = new Resolver(new SeededRandom('attack'), { zones, ...settings })
  }

  /** The answer to the question, as `RCODE` and lines `name TYPE rdata`; counts questions to servers in `asked`. */
  resolve(name: string, type = 'A'): string {
    const question: Query = { name: Name.parse(name), type: parseType(type)!, class: CLASS.IN }
    return printed(this.answer(question))
  }

  answer(question: Query): Answer {
    this.asked.length = 0
    const open = this.resolver.step({ kind: 'question', request: 1, query: question }, this.#now())
    for (let turn = 0; turn < 10_000; turn++) {
      const action = open.shift()
      if (action === undefined) break
      if (action.kind === 'answer') return action.answer
      open.push(...this.#exchange(action))
    }
    throw new Error('the resolver neither answers nor asks')
  }

  #exchange(ask: Extract<ResolverAction, { kind: 'ask' }>): ResolverAction[] {
    const { exchange, query: question, server } = ask
    const [name, type] = [question.name.toString(), typeName(question.type)]
    const { address } = server.address
    this.asked.push(`${address} ${name} ${type}`)
    const message = query(question.name, question.type, { rd: ask.recursionDesired })
    const answer = this.servers[address]?.(message, name, type) ?? null
    if (answer === null) return this.resolver.step({ kind: 'failure', cause: 'timeout', exchange }, this.#now())
    return this.resolver.step({ kind: 'reply', exchange, message: answer, rtt: 10 * MILLISECOND }, this.#now())
  }

  #now(): number {
    return this.seconds * SECOND
  }
}

function printed(answer: Answer): string {
  const lines = answer.answer.flatMap((set) =>
    set.rdatas.map((rdata) => `${set.name} ${typeName(set.type)} ${printRdata(set.type, rdata)}`),
  )
  return [rcodeName(answer.rcode), ...lines].join('\n')
}
