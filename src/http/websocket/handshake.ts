/** What both sides of the opening handshake share (RFC 6455 §4). */
import { fromBase64, toBase64 } from '../../base/base64.ts'
import type { Machine } from '../../base/machine.ts'
import type { Random } from '../../base/random.ts'
import { sha1 } from '../../base/sha1.ts'
import type { HttpLimits } from '../limits.ts'
import { latin1Bytes } from '../machine/text.ts'
import type { EndpointOptions } from './endpoint.ts'
import type { Compression } from './protocol/compression.ts'
import { Deflating } from './protocol/deflating.ts'
import type { DeflateAgreement, DeflateWishes } from './protocol/extension.ts'
import { Inflating } from './protocol/inflating.ts'

/** RFC 6455 §1.3: what nobody who does not mean a WebSocket appends to a key. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const KEY_BYTES = 16

/** The only version that there is (RFC 6455 §4.1). */
export const VERSION = '13'

/** The value of Sec-WebSocket-Accept for a key. */
export function acceptOf(key: string): string {
  return toBase64(sha1(latin1Bytes(key + GUID)))
}

/** RFC 6455 §4.1: 16 octets in Base64, which take 24 characters. */
export function isKey(key: string): boolean {
  return key.length === 24 && key.endsWith('==') && fromBase64(key)?.length === KEY_BYTES
}

const streams = new WeakMap<Machine, Random>()

/** Keys and masks: what a page that scripts the client cannot foresee (RFC 6455 §10.3). */
function randomOf(machine: Machine): Random {
  let random = streams.get(machine)
  if (random === undefined) streams.set(machine, (random = machine.random.fork('websocket')))
  return random
}

export function newKey(machine: Machine): string {
  const bytes = new Uint8Array(KEY_BYTES)
  randomOf(machine).fill(bytes)
  return toBase64(bytes)
}

/** What a program may say of permessage-deflate (RFC 7692). `true` stands for the defaults. */
export interface DeflateOptions {
  /**
   * Whether messages may build on earlier ones: half the octets for short messages that resemble each other, for about
   * 300 KB of memory a connection. Default false: all connections share one compressor.
   */
  readonly takeover?: boolean
  /** How far back a message looks: 8 to 15 bits; default 15. */
  readonly windowBits?: number
  /** 1 to 9; default 6. */
  readonly level?: number
  /** Messages from so many octets on are compressed; default 1,024. */
  readonly from?: number
  /** Another compressor than the platform's. */
  readonly compression?: Compression
}

const COMPRESS_FROM = 1_024
const LEVEL = 6

/** The options complete, as a side uses them. */
export interface Deflate extends DeflateWishes {
  readonly compression: Compression
  readonly level: number
  readonly from: number
}

/**
 * @param platform the compressor of this platform; null for none.
 * @returns null where there is to be no compression, or there is nobody to do it.
 * @throws RangeError for settings that cannot be.
 */
export function deflateOf(
  what: string,
  options: DeflateOptions | boolean,
  platform: Compression | null,
): Deflate | null {
  if (options === false) return null
  const {
    takeover = false,
    windowBits = 15,
    level = LEVEL,
    from = COMPRESS_FROM,
    compression = platform,
  } = options === true ? {} : options
  if (!(Number.isInteger(windowBits) && windowBits >= 8 && windowBits <= 15))
    throw new RangeError(`${what}: deflate.windowBits must be from 8 to 15, not ${String(windowBits)}`)
  if (!(Number.isInteger(level) && level >= 1 && level <= 9))
    throw new RangeError(`${what}: deflate.level must be from 1 to 9, not ${String(level)}`)
  if (!(from >= 0)) throw new RangeError(`${what}: deflate.from must be a number of octets, not ${String(from)}`)
  if (compression === null) return null
  return { takeover: takeover && compression.keepsContext, windowBits, level, from, compression }
}

/** What an end is made with, once the handshake is through. */
export function endpointOptions(
  role: 'server' | 'client',
  machine: Machine,
  limits: HttpLimits,
  deflate: Deflate | null,
  agreement: DeflateAgreement | null,
): EndpointOptions {
  const random = randomOf(machine)
  const nextKey = role === 'server' ? null : () => random.u32() | 0
  const base = { role, clock: machine.clock, limits, nextKey }
  if (deflate === null || agreement === null) return { ...base, inflating: null, deflating: null, compressFrom: 0 }
  const { serverWindowBits, serverTakeover, clientWindowBits, clientTakeover } = agreement
  const server = [serverWindowBits, serverTakeover] as const
  const client = [clientWindowBits, clientTakeover] as const
  const [own, peer] = role === 'server' ? [server, client] : [client, server]
  return {
    ...base,
    inflating: new Inflating(deflate.compression, peer[0], peer[1]),
    deflating: new Deflating(deflate.compression, own[0], own[1], deflate.level),
    compressFrom: deflate.from,
  }
}
