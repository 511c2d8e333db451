/** A body between its source and its reader: whoever is paused is told to go on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BodySink } from '../exchange.ts'
import { IncomingBody } from './incoming.ts'

function world(prefetchBytes: number) {
  const told: string[] = []
  const source = {
    open: () => void told.push('open'),
    pause: () => void told.push('pause'),
    resume: () => void told.push('resume'),
    discard: () => void told.push('discard'),
    failed() {},
  }
  const body = new IncomingBody(null, source, { contentType: () => undefined, bodyBytes: 1_000, prefetchBytes })
  return { told, body }
}

const piece = (length: number) => new Uint8Array(length)

test('what comes between a reader and what was kept for the reader pauses the source, and the source goes on', async () => {
  const { told, body } = world(10)
  let got = 0
  const sink: BodySink = { data: (bytes) => void (got += bytes.length), end() {} }
  body.push(piece(8))
  body.read(sink)
  // As a host does it that has more at hand: in the same turn, before what was kept is given.
  body.push(piece(8))
  assert.deepEqual(told, ['open', 'pause'])
  await null
  assert.deepEqual([told, got], [['open', 'pause', 'resume'], 16])
  body.push(piece(5))
  assert.equal(got, 21)
})

test('a reader at work holds the source back until its promise has settled', async () => {
  const { told, body } = world(10)
  let done: (() => void) | null = null
  body.read({
    data: () =>
      new Promise<void>((resolve) => {
        done = resolve
      }),
    end() {},
  })
  body.push(piece(1))
  body.push(piece(1))
  done!()
  await new Promise(setImmediate)
  done!()
  await new Promise(setImmediate)
  assert.equal(told.at(-1), 'resume')
  assert.equal(told.filter((word) => word === 'pause').length, told.filter((word) => word === 'resume').length + 1)
})
