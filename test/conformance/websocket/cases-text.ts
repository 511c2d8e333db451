/** 6 UTF-8 (RFC 3629): every kind of sequence that a text may and may not have, whole and cut. */
import { type Case, CONTINUATION, section, TEXT } from './case.ts'
import type { Peer } from './peer.ts'

/** Octets as they are written in RFC 3629's tables: `F4 90 80 80`. */
function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex')
}

const cut = { fin: false }
const WORD = 'κόσμε'
const GOOD = Buffer.from(`Hello-µ@ßöäüàá-UTF-8!! ${WORD}`)
const BAD = Buffer.concat([Buffer.from(WORD), hex('ED A0 80'), Buffer.from('edited')])
/** Beyond U+10FFFF, with a good beginning. */
const BEYOND = Buffer.concat([Buffer.from(WORD), hex('F4 90 80 80'), Buffer.from('edited')])

/** One text frame: it comes back, or the connection fails with 1007. */
function text(title: string, octets: Buffer, good: boolean) {
  return {
    title: `${title}: ${octets.subarray(0, 16).toString('hex')} ${good ? 'comes back' : 'is refused'}`,
    async run(peer: Peer) {
      await peer.send(TEXT, octets)
      if (!good) return peer.expectClose(1007)
      await peer.expect('text', octets)
      await peer.leave()
    },
  }
}

/** Frames, one for each piece. */
function pieces(octets: Buffer, size: number): Buffer[] {
  const list: Buffer[] = []
  for (let at = 0; at < octets.length; at += size) list.push(octets.subarray(at, at + size))
  return list
}

function fragmented(title: string, octets: Buffer, size: number, good: boolean) {
  return {
    title,
    async run(peer: Peer) {
      const all = pieces(octets, size)
      for (const [i, piece] of all.entries())
        await peer.send(i === 0 ? TEXT : CONTINUATION, piece, { fin: i === all.length - 1 })
      if (!good) return peer.expectClose(1007)
      await peer.expect('text', octets)
      await peer.leave()
    },
  }
}

/** A text that is not finished and can not become one: it must be refused before it ends. */
function early(title: string, say: (peer: Peer) => Promise<void>) {
  return {
    title,
    async run(peer: Peer) {
      await say(peer)
      await peer.expectClose(1007)
    },
  }
}

const beyond = Buffer.from(WORD).length
const all = (list: readonly string[], good: boolean, title: string) => list.map((one) => text(title, hex(one), good))

/** U+nFFFE and U+nFFFF of all planes: characters that nobody assigns, and that are sent all the same (RFC 3629 §3). */
const NONCHARACTERS = Array.from({ length: 17 }, (_, plane) =>
  [0xfffe, 0xffff].map((last) => (plane << 16) | last),
).flat()

export const textCases: readonly Case[] = [
  ...section('6.1', [
    text('an empty text', Buffer.alloc(0), true),
    {
      title: 'three fragments of nothing',
      async run(peer) {
        await peer.frames([
          [TEXT, '', cut],
          [CONTINUATION, '', cut],
          [CONTINUATION, ''],
        ])
        await peer.expect('text', '')
        await peer.leave()
      },
    },
    {
      title: 'nothing, something, nothing',
      async run(peer) {
        await peer.frames([
          [TEXT, '', cut],
          [CONTINUATION, 'middle', cut],
          [CONTINUATION, ''],
        ])
        await peer.expect('text', 'middle')
        await peer.leave()
      },
    },
  ]),
  ...section('6.2', [
    text('a text of many lengths', GOOD, true),
    fragmented('the text in two frames, cut between characters', GOOD, 23, true),
    fragmented('the text in frames of one octet', GOOD, 1, true),
    fragmented('a word in frames of one octet', Buffer.from(WORD), 1, true),
  ]),
  ...section('6.3', [
    text('a surrogate in the middle', BAD, false),
    fragmented('a surrogate in the middle, in frames of one octet', BAD, 1, false),
  ]),
  ...section('6.4', [
    early('the frame with the bad octet is refused, the message unfinished', async (peer) => {
      await peer.send(TEXT, BEYOND.subarray(0, beyond), cut)
      await peer.send(CONTINUATION, BEYOND.subarray(beyond, beyond + 4), cut)
    }),
    early('the second octet of the bad character is enough', async (peer) => {
      await peer.send(TEXT, BEYOND.subarray(0, beyond + 1), cut)
      await peer.send(CONTINUATION, BEYOND.subarray(beyond + 1, beyond + 2), cut)
    }),
    early('within a frame that has not come whole', (peer) =>
      peer.raw(head(peer, BEYOND.length, BEYOND.subarray(0, beyond + 4))),
    ),
    early('within a frame that comes octet by octet', (peer) =>
      peer.raw(head(peer, BEYOND.length, BEYOND.subarray(0, beyond + 2)), 1),
    ),
  ]),
  ...section(
    '6.5',
    [WORD, 'Grüße', '日本語', '𝄞 clef', '\u0000'].map((word) => text('sound text', Buffer.from(word), true)),
  ),
  ...section(
    '6.6',
    pieces(Buffer.from('κόσμεω'), 1)
      .slice(0, 11)
      .map((_, i) => {
        const octets = Buffer.from('κόσμεω').subarray(0, i + 1)
        return text('a beginning of a word', octets, i % 2 === 1)
      }),
  ),
  ...section('6.7', all(['00', 'C2 80', 'E0 A0 80', 'F0 90 80 80'], true, 'the first character of a length')),
  ...section('6.8', all(['F8 88 80 80 80', 'FC 84 80 80 80 80'], false, 'the first of five and six octets')),
  ...section('6.9', all(['7F', 'DF BF', 'EF BF BF', 'F4 8F BF BF'], true, 'the last character of a length')),
  ...section(
    '6.10',
    all(['F7 BF BF BF', 'FB BF BF BF BF', 'FD BF BF BF BF BF'], false, 'the last of patterns that are none'),
  ),
  ...section('6.11', [
    ...all(['ED 9F BF', 'EE 80 80', 'EF BF BD', 'F4 8F BF BF'], true, 'beside a boundary'),
    ...all(['F4 90 80 80'], false, 'past the last boundary'),
  ]),
  ...section('6.12', [
    ...all(
      ['80', 'BF', '80 BF', '80 BF 80', '80 BF 80 BF', '80 BF 80 BF 80', '80 BF 80 BF 80 BF'],
      false,
      'octets that continue nothing',
    ),
    text('all octets that continue', Buffer.from(Array.from({ length: 64 }, (_, i) => 0x80 + i)), false),
  ]),
  ...section(
    '6.13',
    (
      [
        [0xc0, 0xdf],
        [0xe0, 0xef],
        [0xf0, 0xf7],
        [0xf8, 0xfb],
        [0xfc, 0xfd],
      ] as const
    ).map(([from, to]) =>
      text(
        'leads with a space after each',
        Buffer.from(Array.from({ length: to - from + 1 }, (_, i) => [from + i, 0x20]).flat()),
        false,
      ),
    ),
  ),
  ...section(
    '6.14',
    all(
      [
        'C0',
        'E0 80',
        'F0 80 80',
        'F8 80 80 80',
        'FC 80 80 80 80',
        'DF',
        'EF BF',
        'F7 BF BF',
        'FB BF BF BF',
        'FD BF BF BF BF',
      ],
      false,
      'the last octet is missing',
    ),
  ),
  ...section(
    '6.15',
    all(
      ['C0 E0 80 F0 80 80 F8 80 80 80 FC 80 80 80 80 DF EF BF F7 BF BF FB BF BF BF FD BF BF BF BF'],
      false,
      'all of them',
    ),
  ),
  ...section('6.16', all(['FE', 'FF', 'FE FE FF FF'], false, 'octets that no text has')),
  ...section(
    '6.17',
    all(['C0 AF', 'E0 80 AF', 'F0 80 80 AF', 'F8 80 80 80 AF', 'FC 80 80 80 80 AF'], false, 'a slash in a long form'),
  ),
  ...section(
    '6.18',
    all(['C1 BF', 'E0 9F BF', 'F0 8F BF BF', 'F8 87 BF BF BF', 'FC 83 BF BF BF BF'], false, 'the largest long form'),
  ),
  ...section(
    '6.19',
    all(['C0 80', 'E0 80 80', 'F0 80 80 80', 'F8 80 80 80 80', 'FC 80 80 80 80 80'], false, 'NUL in a long form'),
  ),
  ...section(
    '6.20',
    all(
      ['ED A0 80', 'ED AD BF', 'ED AE 80', 'ED AF BF', 'ED B0 80', 'ED BE 80', 'ED BF BF'],
      false,
      'half a pair of surrogates',
    ),
  ),
  ...section(
    '6.21',
    all(
      ['A0 80', 'AD BF', 'AE 80', 'AF BF'].flatMap((first) =>
        ['B0 80', 'BF BF'].map((second) => `ED ${first} ED ${second}`),
      ),
      false,
      'a pair of surrogates',
    ),
  ),
  ...section(
    '6.22',
    NONCHARACTERS.map((code) => text('a noncharacter', Buffer.from(String.fromCodePoint(code)), true)),
  ),
  ...section(
    '6.23',
    [0xfff9, 0xfffa, 0xfffb, 0xfffc, 0xfffd, 0xfffe, 0xffff].map((code) =>
      text('a special character', Buffer.from(String.fromCodePoint(code)), true),
    ),
  ),
]

/** A frame's head, and not all of what it promises. */
function head(peer: Peer, length: number, payload: Uint8Array): Buffer {
  const masked = peer.role === 'client'
  const start = Buffer.from([0x81, (masked ? 0x80 : 0) | length, ...(masked ? [0, 0, 0, 0] : [])])
  return Buffer.concat([start, payload])
}
