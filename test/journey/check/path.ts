/** What routers do to packets: one TTL less, the rest untouched, addresses translated at home and back. */
import type { Frame, Log, Report } from '../log.ts'
import { dotted } from '../wire.ts'
import { givenUp } from './neighbour.ts'

/** Initial time to live of every host here (RFC 1700). */
const TTL = 64

export function checkPaths({ frames, routers }: Log, report: Report): void {
  const carried = frames.filter(({ ip }) => ip !== null)
  const waiting = new Map<string, Frame[]>()
  const addresses = hostAddresses(carried)
  const nat = new Translations(report)
  // Arrivals at routers and what they send, in the order in which they happen.
  const moments = carried
    .flatMap((frame) => [
      { at: frame.at, sent: true, frame },
      ...(frame.arrives !== null && routers.has(frame.toHost) ? [{ at: frame.arrives, sent: false, frame }] : []),
    ])
    .sort((a, b) => a.at - b.at || Number(a.sent) - Number(b.sent) || a.frame.index - b.frame.index)
  for (const { sent, frame } of moments) {
    if (!sent) {
      const own = addresses.get(frame.toHost)?.has(frame.ip!.destination) ?? false
      // Addressed to the router itself: its own, or for a machine behind it. Which, shows when it is sent on.
      const queue = waiting.get(frame.toHost) ?? []
      waiting.set(frame.toHost, [...queue, frame])
      if (!own && frame.ip!.ttl <= 1) report('RFC 1812 §5.3.1', frame.at, `${frame.toHost} got a packet without life`)
      continue
    }
    if (!routers.has(frame.host)) {
      if (frame.ip!.ttl !== TTL) report('RFC 1122 §3.2.1.7', frame.at, `${frame.host} sends with TTL ${frame.ip!.ttl}`)
      continue
    }
    const queue = waiting.get(frame.host) ?? []
    const found = queue.findIndex((other) => sameButForwarded(other, frame))
    if (found >= 0) {
      const [before] = queue.splice(found, 1)
      compare(before!, frame, nat, report)
    } else if (frame.ip!.ttl !== TTL)
      report('RFC 1812 §5.3.1', frame.at, `${frame.host} sends on what it never got, TTL ${frame.ip!.ttl}`)
  }
  // What came to a router for somebody else has been sent on, unless ARP found nobody to send it to.
  for (const [router, left] of waiting)
    for (const { ip, at, arrives } of left)
      if (!(addresses.get(router)?.has(ip!.destination) ?? false) && !givenUp(frames, router, arrives!))
        report('RFC 1812 §5.2.1', at, `${router} swallowed a packet for ${dotted(ip!.destination)}`)
}

/** The addresses that a host sends from when it does not forward: those with a full time to live. */
function hostAddresses(carried: readonly Frame[]): Map<string, Set<number>> {
  const addresses = new Map<string, Set<number>>()
  for (const { ip, host } of carried) {
    if (ip!.ttl !== TTL) continue
    addresses.set(host, (addresses.get(host) ?? new Set()).add(ip!.source))
  }
  return addresses
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

/** The transport without ports and checksum, which a translator may change. */
function core({ ip, tcp, udp }: Frame): Uint8Array {
  if (udp !== null) return udp.payload
  if (tcp === null) return ip!.payload
  const bytes = ip!.payload.slice(4)
  bytes[12] = bytes[13] = 0
  return bytes
}

function sameButForwarded(before: Frame, after: Frame): boolean {
  return (
    before.ip!.identification === after.ip!.identification &&
    before.ip!.protocol === after.ip!.protocol &&
    before.to !== after.from &&
    same(core(before), core(after))
  )
}

function compare(before: Frame, after: Frame, nat: Translations, report: Report): void {
  if (after.ip!.ttl !== before.ip!.ttl - 1)
    report('RFC 1812 §5.3.1', after.at, `${after.host}: TTL ${before.ip!.ttl} became ${after.ip!.ttl}`)
  const inner = after.tcp ?? after.udp
  const outer = before.tcp ?? before.udp
  if (inner === null || outer === null) return
  const [source, sourceBefore] = [`${after.ip!.source}:${inner.sourcePort}`, `${before.ip!.source}:${outer.sourcePort}`]
  const [target, targetBefore] = [
    `${after.ip!.destination}:${inner.destinationPort}`,
    `${before.ip!.destination}:${outer.destinationPort}`,
  ]
  if (source !== sourceBefore && target !== targetBefore)
    report('RFC 3022 §2', after.at, `${after.host} changed both ends of a packet`)
  else if (source !== sourceBefore) nat.out(after, sourceBefore, source)
  else if (target !== targetBefore) nat.back(after, target, targetBefore)
  else if (/^(10\.|192\.168\.)/.test(dotted(after.ip!.source)) && !after.to.startsWith('laptop'))
    report('RFC 1918 §3', after.at, `${after.host} let a private address out`)
}

/** RFC 4787 REQ-1, RFC 5382 REQ-1: one inside endpoint has one outside port, whomever it talks to, both ways. */
class Translations {
  readonly #outside = new Map<string, string>()
  readonly #inside = new Map<string, string>()
  readonly #report: Report

  constructor(report: Report) {
    this.#report = report
  }

  out({ host, at, ip }: Frame, inside: string, outside: string): void {
    const key = `${host} ${ip!.protocol} ${inside}`
    const back = `${host} ${ip!.protocol} ${outside}`
    const known = this.#outside.get(key)
    if (known !== undefined && known !== outside)
      this.#report('RFC 4787 REQ-1', at, `${host}: ${inside} was ${known} outside and is ${outside} now`)
    const other = this.#inside.get(back)
    if (other !== undefined && other !== inside)
      this.#report('RFC 4787 REQ-1', at, `${host}: ${outside} stands for ${other} and ${inside}`)
    this.#outside.set(key, outside)
    this.#inside.set(back, inside)
  }

  back({ host, at, ip }: Frame, inside: string, outside: string): void {
    const known = this.#inside.get(`${host} ${ip!.protocol} ${outside}`)
    if (known !== inside)
      this.#report('RFC 4787 REQ-8', at, `${host}: ${outside} leads to ${inside}, but stands for ${known ?? 'nobody'}`)
  }
}
