/** The log of one run as the checks want it: frames read, lost ones marked, everything in order. */
import type { Nanos } from '../../src/base/clock.ts'
import type { Event } from '../../src/base/events.ts'
import type { LinkDroppedEvent, LinkSentEvent } from '../../src/sim/events.ts'
import { type Contents, readFrame } from './wire.ts'

export interface Frame extends Contents {
  /** Its place in the log. */
  readonly index: number
  readonly id: number
  readonly link: string
  readonly host: string
  readonly toHost: string
  /** Interfaces, `laptop:eth0`. */
  readonly from: string
  readonly to: string
  /** When its host handed it over. */
  readonly at: Nanos
  readonly departs: Nanos
  /** null: it was lost. */
  readonly arrives: Nanos | null
  readonly bytes: number
}

export interface Log {
  readonly events: readonly Event[]
  readonly frames: readonly Frame[]
  /** Hosts with more than one interface: they pass packets on. */
  readonly routers: ReadonlySet<string>
}

/** A rule of an RFC that was broken, where, and how. */
export interface Violation {
  readonly rule: string
  readonly at: Nanos
  readonly what: string
}

export type Report = (rule: string, at: Nanos, what: string) => void

/** @param text the output of `reticle look --json` */
export function readLog(text: string): Log {
  return logOf(
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Event),
  )
}

export function logOf(events: readonly Event[]): Log {
  const lost = new Set(events.filter((e) => e.type === 'link.dropped').map((e) => (e as LinkDroppedEvent).id))
  const frames: Frame[] = []
  const interfaces = new Map<string, Set<string>>()
  events.forEach((event, index) => {
    if (event.type !== 'link.sent') return
    const { id, link, host, toHost, from, to, at, departs, arrives, frame } = event as LinkSentEvent
    const bytes = Buffer.from(frame as unknown as string, 'base64')
    const common = { index, id, link, host, toHost, from, to, at, departs, bytes: bytes.length }
    frames.push({ ...common, arrives: lost.has(id) ? null : arrives, ...readFrame(bytes) })
    for (const [owner, name] of [
      [host, from],
      [toHost, to],
    ] as const)
      interfaces.set(owner, (interfaces.get(owner) ?? new Set()).add(name))
  })
  const routers = new Set([...interfaces].filter(([, names]) => names.size > 1).map(([name]) => name))
  return { events, frames, routers }
}
