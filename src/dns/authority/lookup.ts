/** What zones answer to a question: the algorithm of RFC 1034 §4.3.2 as a pure function. */
import type { Answer } from '../answer/answer.ts'
import type { AnswerLimits } from '../limits.ts'
import type { Question } from '../message/message.ts'
import type { Name } from '../message/name.ts'
import { readRdata } from '../message/rdata/text.ts'
import { type Rrset, rrset } from '../message/record.ts'
import { CLASS, RCODE, TYPE } from '../message/types.ts'
import type { ZoneNode } from '../zone/node.ts'
import type { Zone } from '../zone/zone.ts'
import type { Zones } from '../zone/zones.ts'

/** An answer of zones. */
export interface ZoneAnswer {
  readonly answer: Answer
  /** Whether the zones have authority over it: a referral alone has none. */
  readonly authoritative: boolean
}

/** The answer of those zones, which know nothing else; undefined when the name lies in none of them. */
export function lookup(zones: Zones, question: Question, limits: AnswerLimits): ZoneAnswer | undefined {
  const zone = zones.find(question.name, question.type)
  if (zone === undefined || (question.class !== zone.class && question.class !== CLASS.ANY)) return undefined
  return new Lookup(zones, question, limits).from(zone)
}

class Lookup {
  readonly #zones: Zones
  readonly #question: Question
  readonly #limits: AnswerLimits
  readonly #answer: Rrset[] = []
  readonly #authority: Rrset[] = []
  readonly #additional: Rrset[] = []
  /** Hosts whose addresses are wanted; `needed`: without them a referral leads nowhere. */
  readonly #wanted: { readonly name: Name; readonly zone: Zone; readonly needed: boolean }[] = []
  #rcode: number = RCODE.NOERROR
  #authoritative = true

  constructor(zones: Zones, question: Question, limits: AnswerLimits) {
    this.#zones = zones
    this.#question = question
    this.#limits = limits
  }

  from(zone: Zone): ZoneAnswer {
    this.#follow(this.#question.name, zone)
    this.#addAddresses()
    const answer: Answer = {
      rcode: this.#rcode,
      answer: this.#answer,
      authority: this.#authority,
      additional: this.#additional,
      security: 'unchecked',
      error: null,
    }
    return { answer, authoritative: this.#authoritative }
  }

  /** Answers for the name, and for the names its aliases lead to as long as they are in our zones. */
  #follow(start: Name, startZone: Zone): void {
    let name = start
    let zone: Zone | undefined = startZone
    const seen = new Set<string>()
    for (let aliases = 0; zone !== undefined; aliases++) {
      seen.add(name.key)
      const next = this.#step(name, zone)
      // A chain that comes back or is too long: what was gathered is true, the resolver decides about the rest.
      if (next === null || seen.has(next.key) || aliases === this.#limits.aliases) return
      name = next
      zone = this.#zones.find(name, this.#question.type)
    }
  }

  /** The name that an alias at `name` leads to; null when the answer is complete. */
  #step(name: Name, zone: Zone): Name | null {
    const { type } = this.#question
    const found = zone.find(name, type === TYPE.DS)
    switch (found.kind) {
      case 'delegation':
        this.#refer(found.node, zone)
        return null
      case 'dname':
        return this.#rename(name, found.node)
      case 'nothing':
        this.#deny(zone, RCODE.NXDOMAIN)
        return null
      default:
        return this.#take(name, found.node, zone)
    }
  }

  /** RFC 1034 §4.3.2 step 3b: the servers of the child zone, with those addresses that are known here. */
  #refer(node: ZoneNode, zone: Zone): void {
    const ns = node.rrset(TYPE.NS)!
    // An alias before it was answered with authority; a referral alone is not.
    if (this.#answer.length === 0) this.#authoritative = false
    this.#authority.push(ns)
    // RFC 4035 §3.1.4: how the child zone is signed goes with the referral.
    const ds = node.rrset(TYPE.DS)
    if (ds !== undefined) this.#authority.push(ds)
    for (const rdata of ns.rdatas) {
      const { host } = readRdata('NS', rdata)
      this.#wanted.push({ name: host, zone, needed: host.isUnder(node.name) })
    }
  }

  /** RFC 6672 §3.2: the DNAME, and a CNAME made from it for those who do not know DNAME. */
  #rename(name: Name, node: ZoneNode): Name | null {
    const dname = node.rrset(TYPE.DNAME)!
    const target = name.rebase(node.name, readRdata('DNAME', dname.rdatas[0]!).target)
    this.#answer.push(dname)
    if (target === null) {
      this.#rcode = RCODE.YXDOMAIN
      return null
    }
    this.#answer.push(rrset(name, TYPE.CNAME, dname.class, dname.ttl, [target.wire]))
    return this.#question.type === TYPE.CNAME ? null : target
  }

  /** Records of a node that exists, or of a wildcard in the name's place (RFC 4592 §3.3.3). */
  #take(name: Name, node: ZoneNode, zone: Zone): Name | null {
    const { type } = this.#question
    const cname = node.rrset(TYPE.CNAME)
    if (cname !== undefined && type !== TYPE.CNAME && type !== TYPE.ANY && !BESIDE_CNAME.has(type)) {
      this.#give(name, cname)
      return readRdata('CNAME', cname.rdatas[0]!).target
    }
    const set = wanted(node, type)
    if (set === undefined) this.#deny(zone, RCODE.NOERROR)
    else {
      this.#give(name, set)
      for (const host of hostsOf(set)) this.#wanted.push({ name: host, zone, needed: false })
    }
    return null
  }

  /** Under the name that was asked for, which a wildcard stands in for. */
  #give(name: Name, set: Rrset): void {
    this.#answer.push(name === set.name ? set : { ...set, name })
  }

  /** RFC 2308 §2: nothing of that name or type, and for how long that may be believed. */
  #deny(zone: Zone, rcode: number): void {
    this.#rcode = rcode
    this.#authority.push({ ...zone.soa, ttl: zone.negativeTtl })
  }

  /**
   * RFC 1034 §4.3.2 step 6. Of needed ones all (RFC 9471 §3.1), first, for they are what may not be cut off. Those of
   * other zones are left to who asks for them: whoever serves the name may say otherwise.
   */
  #addAddresses(): void {
    if (this.#wanted.length === 0) return
    const optional = this.#wanted.filter(({ needed }) => !needed)
    const few = optional.slice(0, this.#limits.additionalNames)
    const all = [...this.#wanted.filter(({ needed }) => needed), ...few]
    const added = new Set<string>(this.#answer.map((set) => `${set.type} ${set.name.key}`))
    for (const { name, zone } of all) {
      for (const set of zone.addresses(name)) {
        const key = `${set.type} ${name.key}`
        if (added.has(key)) continue
        added.add(key)
        this.#additional.push(set)
      }
    }
  }
}

/** Types that a name with a CNAME may have beside it (RFC 4034 §3, §4). */
const BESIDE_CNAME = new Set<number>([TYPE.RRSIG, TYPE.NSEC])

/** The set of that type at the node. */
function wanted(node: ZoneNode, type: number): Rrset | undefined {
  // RFC 8482 §4.1: of ANY one set is enough, and a small answer is no weapon.
  if (type === TYPE.ANY) return node.rrsets.values().next().value
  if (type !== TYPE.RRSIG) return node.rrset(type)
  const signed = [...node.rrsets.values()].filter((set) => set.signatures.length > 0)
  if (signed.length === 0) return undefined
  const ttl = Math.min(...signed.map((set) => set.ttl))
  return rrset(
    node.name,
    TYPE.RRSIG,
    signed[0]!.class,
    ttl,
    signed.flatMap((set) => set.signatures),
  )
}

/** The hosts that a set names, whose addresses its reader will want next. */
function hostsOf({ type, rdatas }: Rrset): Name[] {
  switch (type) {
    case TYPE.NS:
      return rdatas.map((rdata) => readRdata('NS', rdata).host)
    case TYPE.MX:
      return rdatas.map((rdata) => readRdata('MX', rdata).exchange)
    case TYPE.SRV:
      return rdatas.map((rdata) => readRdata('SRV', rdata).target)
    case TYPE.SVCB:
      return rdatas.map((rdata) => readRdata('SVCB', rdata).target)
    case TYPE.HTTPS:
      return rdatas.map((rdata) => readRdata('HTTPS', rdata).target)
    default:
      return []
  }
}
