/** Link-local addresses with their interface (RFC 4007 §11), over the kernel's own and both drivers. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { kernelHost } from '../../../src/kernel/index.ts'
import { needCommand, needRoot } from '../../need.ts'

function drivers(): string[] {
  try {
    kernelHost({ driver: 'uring' })
    return ['node', 'uring']
  } catch {
    return ['node']
  }
}

/** Says on each line which addresses were seen: of a stream's four ends, and of a datagram's two. */
const PROGRAM = `
  import { kernelHost } from '${new URL('../../../src/kernel/index.ts', import.meta.url).href}'
  const [address, ...drivers] = process.argv.slice(1)
  const owner = { onData() {}, onEnd() {}, onDrain() {}, onClose() {}, onError() {} }
  for (const driver of drivers) {
    const host = kernelHost({ driver })
    const accepted = Promise.withResolvers()
    const listener = await host.listen({ address, port: 0 }, accepted.resolve)
    const client = await host.connect(listener.local)
    const server = await accepted.promise
    console.log([client.local, client.remote, server.local, server.remote].map((one) => one.address).join(' '))
    for (const end of [client, server]) { end.attach(owner); end.reset() }
    await listener.close()
    const [near, far] = [await host.datagrams({ address: '::', port: 0 }), await host.datagrams({ address, port: 0 })]
    const heard = Promise.withResolvers()
    far.attach({ ...owner, onDatagram: (_bytes, from) => heard.resolve(from) })
    near.attach({ ...owner, onDatagram() {} })
    near.send(new Uint8Array(1), far.local)
    const from = await heard.promise
    console.log(from.address, from.local.address)
    near.close()
    far.close()
  }`

/** A network namespace with a pair of interfaces; the first one's own address, which needs no waiting for duplicates. */
const SHELL = `set -e
  ip link set lo up
  ip link add v0 type veth peer name v1
  for each in all lo v0 v1; do sysctl -qw net.ipv6.conf.$each.disable_ipv6=0 || true; done
  ip link set v0 up
  ip link set v1 up
  ip -6 addr add fe80::1234/64 dev v0 nodad
  exec "$0" --no-warnings --input-type=module-typescript -e "$1" 'fe80::1234%v0' $2`

test('streams and datagrams at fe80::…%interface know their zone at every end', {
  skip: needRoot() || needCommand('unshare', 'ip'),
}, async () => {
  const given = ['--net', 'sh', '-c', SHELL, process.execPath, PROGRAM, drivers().join(' ')]
  const { stdout } = await promisify(execFile)('unshare', given, { timeout: 60_000 })
  const lines = stdout.trim().split('\n')
  assert.equal(lines.length, drivers().length * 2)
  for (const line of lines)
    for (const address of line.split(' ')) assert.match(address, /^fe80::[0-9a-f:]+%v0$/, stdout)
})
