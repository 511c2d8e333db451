import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SocketError } from '../base/errors.ts'
import { Delivery } from './delivery.ts'
import type { ConnectionOwner } from './host.ts'

const FAILURE = new SocketError('ECONNRESET', 'read')

/** What a host and an owner can do, in any order. */
type Step =
  | { readonly does: 'arrives' | 'unread'; readonly length: number }
  | { readonly does: 'attach' | 'attach another' | 'pause' | 'resume' | 'ends' | 'closes' | 'fails' | 'drop' }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ does: fc.constantFrom('arrives', 'unread'), length: fc.integer({ min: 1, max: 3 }) }),
  fc.record({
    does: fc.constantFrom('attach', 'attach another', 'pause', 'resume', 'ends', 'closes', 'fails', 'drop'),
  }),
) as fc.Arbitrary<Step>

/** Drives a Delivery as a host does, and checks what its owners are told against the promises. */
class Trial {
  /** What is still to be delivered, in order. */
  readonly expected: number[] = []
  readonly delivery = new Delivery(() => {
    this.arranged = true
  })
  arranged = false
  calling = false
  paused = false
  ended = false
  over = false
  dropped = false
  #next = 0
  #owner: ConnectionOwner | null = null

  owner(): ConnectionOwner {
    let ended = false
    let closed = false
    const told = (): void => {
      assert.ok(!this.calling, 'told from inside a call of the owner')
      assert.ok(!closed, 'told after the close')
    }
    return {
      onData: (bytes) => {
        told()
        assert.ok(!this.paused && !this.dropped)
        ended = false // bytes that were given back take the end back
        assert.deepEqual([...bytes], this.expected.splice(0, bytes.length))
      },
      onEnd: () => {
        told()
        assert.ok(!this.paused && !this.dropped && !ended && this.ended)
        assert.equal(this.expected.length, 0, 'the end comes after the bytes')
        ended = true
      },
      onDrain: () => assert.fail('nobody asked for it'),
      onClose: (error) => {
        told()
        assert.ok(this.over)
        closed = true
        if (this.dropped) assert.equal(error, null)
        else if (error === null) assert.ok(this.expected.length === 0 && (!this.ended || ended))
      },
    }
  }

  take(step: Step): void {
    const { delivery } = this
    switch (step.does) {
      case 'arrives':
        if (!this.ended && !this.over) this.#arrives(step.length)
        break
      case 'unread':
        this.#unread(step.length)
        break
      case 'attach':
      case 'attach another':
        if (this.#owner === null || step.does === 'attach another') this.#owner = this.owner()
        this.paused = false
        this.#call(() => delivery.attach(this.#owner!))
        break
      case 'pause':
        this.paused = true
        this.#call(() => delivery.pause())
        break
      case 'resume':
        this.paused = false
        this.#call(() => delivery.resume())
        break
      case 'ends':
        if (this.over) return
        this.ended = true
        delivery.ended()
        break
      case 'closes':
      case 'fails':
        if (this.over) return
        this.over = true
        delivery.closed(step.does === 'closes' ? null : FAILURE)
        break
      case 'drop':
        this.dropped = true
        this.#call(() => delivery.drop())
        this.expected.length = 0
    }
  }

  #arrives(length: number): void {
    const bytes = Uint8Array.from({ length }, () => this.#next++ & 255)
    if (!this.dropped) this.expected.push(...bytes)
    this.delivery.arrived(bytes)
    bytes.fill(0) // the host reuses its memory
  }

  #unread(length: number): void {
    if (this.over) return // what is promised then depends on who has been told the close
    const bytes = Uint8Array.from({ length }, () => this.#next++ & 255)
    if (!this.dropped) this.expected.unshift(...bytes)
    this.#call(() => this.delivery.unread(bytes))
    bytes.fill(0)
  }

  #call(call: () => void): void {
    this.calling = true
    call()
    this.calling = false
    if (!this.arranged) return
    this.arranged = false
    this.delivery.run()
  }
}

test('whatever happens in whatever order, an owner is told in the promised order', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const trial = new Trial()
      for (const one of steps) trial.take(one)
      trial.take({ does: 'attach' })
      trial.take({ does: 'resume' })
      // Whoever is attached and reads has been told everything, unless a failure came first.
      if (!trial.over && !trial.dropped) assert.equal(trial.expected.length, 0)
    }),
    { numRuns: 500 },
  )
})

test('what an owner throws leaves the rest for the next call', () => {
  const delivery = new Delivery(() => {})
  delivery.unread(Uint8Array.of(2))
  delivery.unread(Uint8Array.of(1))
  const heard: number[] = []
  delivery.attach({
    onData(bytes) {
      heard.push(bytes[0]!)
      if (bytes[0] === 1) throw new Error('my mistake')
    },
    onEnd() {},
    onDrain() {},
    onClose() {},
  })
  assert.throws(() => delivery.run(), /my mistake/)
  delivery.run()
  assert.deepEqual(heard, [1, 2])
})
