/** struct tcp_info (linux/tcp.h). Older kernels tell less of it: fields that are not there are left out. */
import { TCP_INFO_FIELDS, type TcpInfoValue } from '../socket/options.ts'

type Field = (typeof TCP_INFO_FIELDS)[number]

/** Those that share a byte: from which bit on, and how many. */
const BITS: { readonly [field in Field]?: readonly [byte: number, shift: number, mask: number] } = {
  snd_wscale: [6, 0, 15],
  rcv_wscale: [6, 4, 15],
  delivery_rate_app_limited: [7, 0, 1],
  fastopen_client_fail: [7, 1, 3],
}
const BYTES: ReadonlySet<Field> = new Set<Field>(['state', 'ca_state', 'retransmits', 'probes', 'backoff', 'options'])
const HALVES: ReadonlySet<Field> = new Set<Field>(['total_rto', 'total_rto_recoveries'])
const LONG: ReadonlySet<Field> = new Set<Field>([
  'pacing_rate',
  'max_pacing_rate',
  'bytes_acked',
  'bytes_received',
  'delivery_rate',
  'busy_time',
  'rwnd_limited',
  'sndbuf_limited',
  'bytes_sent',
  'bytes_retrans',
])
/** Where the fields are that follow those of single bytes. */
const FIRST_WORD = 8

interface Place {
  readonly field: Field
  readonly at: number
  readonly size: 1 | 2 | 4 | 8
}

const PLACES: readonly Place[] = placed()
export const TCP_INFO_LENGTH = Math.max(...PLACES.map(({ at, size }) => at + size))

/** The fields follow each other in the order of TCP_INFO_FIELDS, each at a multiple of its size. */
function placed(): Place[] {
  const places: Place[] = []
  let byte = 0
  let next = FIRST_WORD
  for (const field of TCP_INFO_FIELDS) {
    if (BITS[field] !== undefined) continue
    if (BYTES.has(field)) {
      places.push({ field, at: byte++, size: 1 })
      continue
    }
    const size = LONG.has(field) ? 8 : HALVES.has(field) ? 2 : 4
    next = Math.ceil(next / size) * size
    places.push({ field, at: next, size })
    next += size
  }
  return places
}

/** @param bytes as much of the structure as the kernel has filled */
export function readTcpInfo(bytes: Uint8Array): TcpInfoValue {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const info: { [field in Field]?: number } = {}
  for (const { field, at, size } of PLACES) if (at + size <= bytes.length) info[field] = read(view, at, size)
  for (const [field, [byte, shift, mask]] of Object.entries(BITS))
    if (byte < bytes.length) info[field as Field] = (bytes[byte]! >>> shift) & mask
  return info
}

function read(view: DataView, at: number, size: 1 | 2 | 4 | 8): number {
  switch (size) {
    case 1:
      return view.getUint8(at)
    case 2:
      return view.getUint16(at, true)
    case 4:
      return view.getUint32(at, true)
    default:
      return Number(view.getBigUint64(at, true)) // ~0 stands for "no limit"
  }
}
