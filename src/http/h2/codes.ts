/** The numbers of HTTP/2 (RFC 9113 §6, §7, §11) and their names. */

export const FrameType = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
  /** RFC 9218 §7.1. */
  priorityUpdate: 16,
} as const

const TYPE_NAMES: readonly string[] = [
  ...['DATA', 'HEADERS', 'PRIORITY', 'RST_STREAM', 'SETTINGS', 'PUSH_PROMISE', 'PING', 'GOAWAY', 'WINDOW_UPDATE'],
  ...['CONTINUATION', '', '', '', '', '', '', 'PRIORITY_UPDATE'],
]

/** `HEADERS`; `type 77` for one that nobody here knows. */
export function frameName(type: number): string {
  return TYPE_NAMES[type] || `type ${type}`
}

export const Flag = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const

/** RFC 9113 §7. */
export const Code = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  settingsTimeout: 4,
  streamClosed: 5,
  frameSize: 6,
  refused: 7,
  cancel: 8,
  compression: 9,
  connect: 10,
  calm: 11,
  security: 12,
  http11: 13,
} as const

const CODE_NAMES: readonly string[] = [
  ...['NO_ERROR', 'PROTOCOL_ERROR', 'INTERNAL_ERROR', 'FLOW_CONTROL_ERROR', 'SETTINGS_TIMEOUT', 'STREAM_CLOSED'],
  ...['FRAME_SIZE_ERROR', 'REFUSED_STREAM', 'CANCEL', 'COMPRESSION_ERROR', 'CONNECT_ERROR', 'ENHANCE_YOUR_CALM'],
  ...['INADEQUATE_SECURITY', 'HTTP_1_1_REQUIRED'],
]

export function codeName(code: number): string {
  return CODE_NAMES[code] ?? `error ${code}`
}

export const Setting = {
  tableBytes: 1,
  push: 2,
  streams: 3,
  window: 4,
  frameBytes: 5,
  listBytes: 6,
  /** RFC 8441 §3. */
  connectProtocol: 8,
  /** RFC 9218 §2.1. */
  noOldPriorities: 9,
} as const

/** Octets before the payload of a frame. */
export const FRAME_HEAD = 9
/** RFC 9113 §6.5.2: the least that SETTINGS_MAX_FRAME_SIZE may be, and what it is when nobody says. */
export const LEAST_FRAME = 16_384
export const MOST_FRAME = 16_777_215
/** RFC 9113 §6.9.1. */
export const MOST_WINDOW = 0x7fff_ffff
export const FIRST_WINDOW = 65_535
export const MOST_STREAM = 0x7fff_ffff

/** RFC 9113 §3.4: what a client says first. */
export const PREFACE = Uint8Array.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', (character) => character.charCodeAt(0))
