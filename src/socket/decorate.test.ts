/** Decorators pass everything on: what a host or a connection gets new is not forgotten in them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kernelHost } from '../kernel/index.ts'
import { ConnectionDecorator, HostDecorator } from './decorate.ts'
import type { Connection, Host } from './host.ts'

/** Everything that the interfaces have, as the compiler makes sure. */
const HOST: { readonly [name in keyof Required<Host>]: true } = {
  name: true,
  clock: true,
  random: true,
  events: true,
  listen: true,
  connect: true,
  datagrams: true,
  unixDatagrams: true,
  pair: true,
  datagramPair: true,
  families: true,
  lookup: true,
}
type Members = Exclude<keyof Required<Connection>, typeof Symbol.dispose>
const CONNECTION: { readonly [name in Members]: true } = {
  local: true,
  remote: true,
  security: true,
  attach: true,
  write: true,
  cork: true,
  uncork: true,
  queued: true,
  flush: true,
  sendFile: true,
  writeOwned: true,
  pause: true,
  resume: true,
  unread: true,
  end: true,
  close: true,
  reset: true,
  ref: true,
  unref: true,
  setOption: true,
  getOption: true,
}

test('every member reaches the one below, and what is not there below is not there above', () => {
  for (const [make, members] of [
    [(of: object) => new HostDecorator(of as Host), Object.keys(HOST)],
    [(of: object) => new ConnectionDecorator(of as Connection), Object.keys(CONNECTION)],
  ] as const)
    for (const name of members) {
      const got: string[] = []
      const said = { kind: name }
      const called = (...args: readonly unknown[]) => {
        got.push(`${name} ${args}`)
        return said
      }
      // First as a method, then as a value.
      const method = make({ [name]: called }) as unknown as Record<string, (...args: readonly unknown[]) => unknown>
      if (typeof method[name] === 'function') method[name](1, 2, 3)
      const value = make({ [name]: said }) as unknown as Record<string, unknown>
      assert.ok(got.length === 1 || value[name] === said, name)
    }
  const bare = new ConnectionDecorator({} as Connection)
  for (const name of ['sendFile', 'writeOwned', 'ref', 'unref'] as const) assert.equal(bare[name], undefined, name)
  assert.equal(new HostDecorator({} as Host).unixDatagrams, undefined)
})

test("the kernel's host has nothing for everybody that the decorator has not", () => {
  // Of a decorated host no other sockets are to be lent: they would pass the decorator by.
  const own = new Set(['constructor', 'driver', 'reason', 'nodeSockets'])
  const host = kernelHost({ driver: 'node' })
  const decorated = new HostDecorator(host)
  for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(host)))
    if (!own.has(name) && (host as unknown as Record<string, unknown>)[name] !== undefined)
      assert.ok(name in decorated, name)
})
