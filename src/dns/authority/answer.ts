/** Authoritative answers: the algorithm of RFC 1034 §4.3.2 as a pure function of zones and query. */
import { MAX_ADDITIONAL_NAMES, MAX_ALIASES } from '../limits.ts'
import { edns } from '../message/edns.ts'
import { type Message, type Question, response } from '../message/message.ts'
import type { Name } from '../message/name.ts'
import { readRdata, writeRdata } from '../message/rdata/text.ts'
import { type ResourceRecord, type Rrset, recordsOf } from '../message/record.ts'
import { CLASS, isMetaType, OPCODE, RCODE, TYPE } from '../message/types.ts'
import type { ZoneNode } from '../zone/node.ts'
import type { Zone } from '../zone/zone.ts'
import type { Zones } from '../zone/zones.ts'

export interface AnswerLimits {
  /** CNAME and DNAME records followed in one answer; default 16. */
  readonly aliases?: number
  /** Names whose addresses are added to one answer; default 13. */
  readonly additionalNames?: number
}

/** The answer of a server that is authoritative for those zones and knows nothing else. */
export function answer(zones: Zones, query: Message, limits: AnswerLimits = {}): Message {
  const refuse = (rcode: number) => response(query, { rcode, edns: query.edns === null ? null : edns() })
  const [question] = query.question
  if (query.opcode !== OPCODE.QUERY) return refuse(RCODE.NOTIMP)
  if (question === undefined || query.question.length > 1) return refuse(RCODE.FORMERR)
  // RFC 6891 §6.1.3.
  if (query.edns !== null && query.edns.version !== 0) return refuse(RCODE.BADVERS)
  if (question.type === TYPE.AXFR || question.type === TYPE.IXFR) return refuse(RCODE.REFUSED)
  if (question.type !== TYPE.ANY && isMetaType(question.type)) return refuse(RCODE.NOTIMP)
  const zone = zones.find(question.name, question.type)
  if (zone === undefined || (question.class !== zone.class && question.class !== CLASS.ANY))
    return refuse(RCODE.REFUSED)
  return new Answer(zones, question, limits).of(query, zone)
}

class Answer {
  readonly #zones: Zones
  readonly #question: Question
  readonly #limits: AnswerLimits
  readonly #answer: ResourceRecord[] = []
  readonly #authority: ResourceRecord[] = []
  readonly #additional: ResourceRecord[] = []
  /** Hosts whose addresses are wanted; `needed`: without them a referral leads nowhere. */
  readonly #wanted: { readonly name: Name; readonly zone: Zone; readonly needed: boolean }[] = []
  #rcode: number = RCODE.NOERROR
  #aa = true

  constructor(zones: Zones, question: Question, limits: AnswerLimits) {
    this.#zones = zones
    this.#question = question
    this.#limits = limits
  }

  of(query: Message, zone: Zone): Message {
    this.#follow(this.#question.name, zone)
    this.#addAddresses()
    return response(query, {
      aa: this.#aa,
      rcode: this.#rcode,
      answer: this.#answer,
      authority: this.#authority,
      additional: this.#additional,
      edns: query.edns === null ? null : edns({ dnssecOk: query.edns.dnssecOk }), // RFC 3225 §3: DO is copied
    })
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
      if (next === null || seen.has(next.key) || aliases === (this.#limits.aliases ?? MAX_ALIASES)) return
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
    if (this.#answer.length === 0) this.#aa = false
    this.#authority.push(...recordsOf(ns))
    for (const rdata of ns.rdatas) {
      const { host } = readRdata('NS', rdata)
      this.#wanted.push({ name: host, zone, needed: host.isUnder(node.name) })
    }
  }

  /** RFC 6672 §3.2: the DNAME, and a CNAME made from it for those who do not know DNAME. */
  #rename(name: Name, node: ZoneNode): Name | null {
    const dname = node.rrset(TYPE.DNAME)!
    const target = name.rebase(node.name, readRdata('DNAME', dname.rdatas[0]!).target)
    this.#answer.push(...recordsOf(dname))
    if (target === null) {
      this.#rcode = RCODE.YXDOMAIN
      return null
    }
    const rdata = writeRdata('CNAME', { target })
    this.#answer.push({ name, type: TYPE.CNAME, class: dname.class, ttl: dname.ttl, rdata })
    return this.#question.type === TYPE.CNAME ? null : target
  }

  /** Records of a node that exists, or of a wildcard in the name's place (RFC 4592 §3.3.3). */
  #take(name: Name, node: ZoneNode, zone: Zone): Name | null {
    const { type } = this.#question
    const cname = node.rrset(TYPE.CNAME)
    if (cname !== undefined && type !== TYPE.CNAME && type !== TYPE.ANY) {
      this.#give(name, cname)
      return readRdata('CNAME', cname.rdatas[0]!).target
    }
    // RFC 8482 §4.1: of ANY one set is enough, and a small answer is no weapon.
    const rrset = type === TYPE.ANY ? node.rrsets.values().next().value : node.rrset(type)
    if (rrset === undefined) this.#deny(zone, RCODE.NOERROR)
    else {
      this.#give(name, rrset)
      for (const host of hostsOf(rrset)) this.#wanted.push({ name: host, zone, needed: false })
    }
    return null
  }

  /** Under the name that was asked for, which a wildcard stands in for. */
  #give(name: Name, rrset: Rrset): void {
    this.#answer.push(...recordsOf({ ...rrset, name }))
  }

  /** RFC 2308 §2: nothing of that name or type, and for how long that may be believed. */
  #deny(zone: Zone, rcode: number): void {
    this.#rcode = rcode
    this.#authority.push(...recordsOf(zone.soa, zone.negativeTtl))
  }

  /** RFC 1034 §4.3.2 step 6. Of needed ones all (RFC 9471 §3.1), first, for they are what may not be cut off. */
  #addAddresses(): void {
    const optional = this.#wanted.filter(({ needed }) => !needed)
    const few = optional.slice(0, this.#limits.additionalNames ?? MAX_ADDITIONAL_NAMES)
    const wanted = [...this.#wanted.filter(({ needed }) => needed), ...few]
    const added = new Set<string>(this.#answer.map((record) => `${record.type} ${record.name.key}`))
    for (const { name, zone } of wanted) {
      const holder = name.isUnder(zone.origin) ? zone : this.#zones.find(name, TYPE.A)
      for (const rrset of holder?.addresses(name) ?? []) {
        const key = `${rrset.type} ${name.key}`
        if (added.has(key)) continue
        added.add(key)
        this.#additional.push(...recordsOf(rrset))
      }
    }
  }
}

/** The hosts that a set names, whose addresses its reader will want next. */
function hostsOf(rrset: Rrset): Name[] {
  switch (rrset.type) {
    case TYPE.NS:
      return rrset.rdatas.map((rdata) => readRdata('NS', rdata).host)
    case TYPE.MX:
      return rrset.rdatas.map((rdata) => readRdata('MX', rdata).exchange)
    case TYPE.SRV:
      return rrset.rdatas.map((rdata) => readRdata('SRV', rdata).target)
    case TYPE.SVCB:
      return rrset.rdatas.map((rdata) => readRdata('SVCB', rdata).target)
    case TYPE.HTTPS:
      return rrset.rdatas.map((rdata) => readRdata('HTTPS', rdata).target)
    default:
      return []
  }
}
