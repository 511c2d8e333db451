/** 7 the closing handshake: order of events, payloads, codes. */
import { type Case, PING, section, TEXT } from './case.ts'
import { closePayload, type Peer } from './peer.ts'

/** A Close frame that must be answered, and by which codes. */
function answered(title: string, payload: Uint8Array, ...codes: number[]) {
  return {
    title,
    async run(peer: Peer) {
      await peer.send(8, payload)
      await peer.expectClose(...codes)
    },
  }
}

const NONE = 1005
const LONGEST = '*'.repeat(123)

export const closeCases: readonly Case[] = [
  ...section('7.1', [
    {
      title: 'a text, and Close',
      async run(peer) {
        await peer.send(TEXT, 'Hello World!')
        await peer.expect('text', 'Hello World!')
        await peer.leave()
      },
    },
    {
      title: 'two Close frames: the second is nothing any more',
      async run(peer) {
        await peer.frames([
          [8, closePayload(1000)],
          [8, closePayload(1000)],
        ])
        await peer.expectClose(1000)
      },
    },
    {
      title: 'a Ping after Close is not answered',
      async run(peer) {
        await peer.frames([
          [8, closePayload(1000)],
          [PING, ''],
        ])
        await peer.expectClose(1000)
      },
    },
    {
      title: 'a text after Close does not come back',
      async run(peer) {
        await peer.frames([
          [8, closePayload(1000)],
          [TEXT, 'Hello World!'],
        ])
        await peer.expectClose(1000)
      },
    },
    {
      title: 'Close within a message that is not finished',
      async run(peer) {
        await peer.frames([
          [TEXT, 'fragment1', { fin: false }],
          [8, closePayload(1000)],
          [0, 'fragment2'],
        ])
        await peer.expectClose(1000)
      },
    },
    {
      title: 'a long text, Close and a Ping in one write',
      async run(peer) {
        const long = Buffer.alloc(256 * 1024, 'BAsd7&jh23')
        await peer.frames([
          [TEXT, long],
          [8, closePayload(1000)],
          [PING, ''],
        ])
        await peer.expect('text', long)
        await peer.expectClose(1000)
      },
    },
  ]),
  ...section('7.3', [
    answered('a Close frame without a payload', Buffer.alloc(0), NONE, 1000),
    answered('a Close frame of one octet', Buffer.from('a'), 1002),
    answered('a code alone', closePayload(1000), 1000),
    answered('a code and a reason', closePayload(1000, 'Hello World!'), 1000),
    answered('the longest reason', closePayload(1000, LONGEST), 1000),
    answered('a reason that is one octet too long', closePayload(1000, `${LONGEST}*`), 1002),
  ]),
  ...section('7.5', [
    answered('a reason that is not UTF-8', closePayload(1000, Buffer.from('cebae1bdb9edb080', 'hex')), 1007),
  ]),
  ...section(
    '7.7',
    [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999].map((code) =>
      answered(`the code ${code}, which may be sent`, closePayload(code), code, 1000),
    ),
  ),
  ...section(
    '7.9',
    [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999].map((code) =>
      answered(`the code ${code}, which may not`, closePayload(code), 1002),
    ),
  ),
  // RFC 6455 §7.4.2 says nothing of these: either answer is one.
  ...section(
    '7.13',
    [5000, 65_535].map((code) => answered(`the code ${code}, of no range`, closePayload(code), 1002, code, 1000)),
  ),
]
