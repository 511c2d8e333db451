/** Runs a case on a connection, and says what is not as it should be. */
import { codeName, FrameType } from '../../../src/http/h2/codes.ts'
import { codeOf, FramePeer, type Received } from '../../../src/http/trial/frames.ts'
import type { Connection } from '../../../src/socket/host.ts'
import type { Case } from './cases.ts'

/** @returns what came in place of what is expected; null where all is well */
export async function check({ send, raw, expect }: Case, connection: Connection): Promise<string | null> {
  const peer = new FramePeer(connection)
  if (raw !== true) peer.begin()
  peer.send(send)
  const frames = [...(await peer.answered())]
  // A reply that came after the answer to the PING.
  if ('replies' in expect) await peer.until((all) => expect.replies.every((id) => replied(all, id)))
  const went = peer.ended || peer.closed
  const last = frames.find(({ type }) => type === FrameType.goaway)
  connection.reset()
  if ('alive' in expect) return last === undefined && !went ? null : described(peer.frames, went)
  if ('replies' in expect) {
    if (last === undefined && expect.replies.every((id) => replied(peer.frames, id))) return null
  } else if ('goaway' in expect) {
    if (last === undefined && expect.silent === true && went) return null
    if (last !== undefined && expect.goaway.includes(codeOf(last))) return null
  } else {
    const resets = frames.filter(({ type }) => type === FrameType.reset || type === FrameType.goaway)
    if (resets.some((frame) => expect.reset.includes(codeOf(frame)))) return null
  }
  return described(peer.frames, went)
}

function replied(frames: readonly Received[], id: number): boolean {
  const of = frames.filter(({ stream }) => stream === id)
  return (
    of.some(({ fields }) => fields[0] === ':status' && fields[1] === '200') && of.some(({ flags }) => (flags & 1) !== 0)
  )
}

function described(frames: readonly Received[], went: boolean): string {
  const names = frames.map((frame) => {
    const { type, stream, fields } = frame
    if (type === FrameType.goaway) return `GOAWAY ${codeName(codeOf(frame))}`
    if (type === FrameType.reset) return `RST_STREAM ${stream} ${codeName(codeOf(frame))}`
    if (type === FrameType.headers) return `HEADERS ${stream} ${fields[1]}`
    return `type ${type} on ${stream}`
  })
  return `${names.slice(0, 12).join(', ')}${went ? ', and the end' : ''}`
}
