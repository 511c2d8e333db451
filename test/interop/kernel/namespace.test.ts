/** What loopback cannot show, in a network namespace of its own: no route, a host that never answers, a real broadcast. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, test } from 'node:test'
import type { DriverName } from '../../../src/kernel/index.ts'
import { uringMissing } from '../../../src/kernel/uring/driver.ts'
import { needCommand, needRoot } from '../../need.ts'

const skip = needRoot() || needCommand('unshare', 'ip')
const DRIVERS: readonly DriverName[] = uringMissing() === null ? ['uring', 'node'] : ['node']
const KERNEL = new URL('../../../src/kernel/index.ts', import.meta.url).href

/** At the other end of the wire nobody has the neighbour’s hardware address, which is fixed so that no ARP fails first. */
const BLACK_HOLE = `
  ip link set lo up
  ip link add hole type veth peer name wall && ip link set hole up && ip link set wall up
  ip addr add 10.9.9.1/24 broadcast 10.9.9.255 dev hole
  ip neigh add 10.9.9.2 lladdr 02:00:00:00:00:01 dev hole nud permanent`

/** Runs a module in a fresh namespace after `setup`: what it printed. */
function inside(driver: DriverName, setup: string, script: string): Promise<string> {
  const program = `
    import { kernelHost } from '${KERNEL}'
    const host = kernelHost({ driver: '${driver}' })
    const owner = (methods = {}) => ({ onDatagram() {}, onError() {}, onClose() {}, ...methods })
    const codeOf = (work) => work.then(() => 'no error', (error) => error.code)
    const descriptors = async () => (await import('node:fs')).readdirSync('/proc/self/fd').length
    ${script}`
  const shell = `set -e; ${setup}\nexec "$0" --input-type=module-typescript -e "$1"`
  const args = ['--net', 'sh', '-c', shell, process.execPath, program]
  return new Promise((resolve, reject) => {
    execFile('unshare', args, { timeout: 15_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${error.message}\n${stdout}\n${stderr}`))
      else resolve(stdout.trim())
    })
  })
}

for (const driver of DRIVERS)
  describe(`${driver} driver`, { skip }, () => {
    test('no route: ENETUNREACH, from connect and from a datagram', async () => {
      const output = await inside(
        driver,
        'true',
        `
        console.log(await codeOf(host.connect({ address: '192.0.2.1', port: 80 })))
        const socket = await host.datagrams()
        socket.attach(owner({ onError(error) { console.log(error.code); socket.close() } }))
        socket.send(Uint8Array.of(1), { address: '192.0.2.1', port: 9 })`,
      )
      assert.equal(output, 'ENETUNREACH\nENETUNREACH')
    })

    test('a host that never answers: the connect waits until it is abandoned, and leaves nothing', async () => {
      const output = await inside(
        driver,
        BLACK_HOLE,
        `
        const to = { address: '10.9.9.2', port: 80 }
        console.log(await codeOf(host.connect(to, { signal: AbortSignal.timeout(20) })))
        const before = await descriptors()
        const late = Array.from({ length: 10 }, () => codeOf(host.connect(to, { signal: AbortSignal.timeout(100) })))
        console.log((await Promise.all(late)).join())
        for (let i = 0; i < 200 && await descriptors() > before; i++) await new Promise((done) => setTimeout(done, 5))
        console.log(await descriptors() <= before)`,
      )
      assert.equal(output, `ECANCELED\n${Array(10).fill('ECANCELED').join()}\ntrue`)
    })

    test('an IPv6 group is joined by the name of an interface, heard, and left', async () => {
      const output = await inside(
        driver,
        `${BLACK_HOLE}\n  ip -6 addr add fe80::1/64 dev hole nodad`,
        `
        const socket = await host.datagrams({ address: '::', port: 0 })
        const membership = { group: 'ff02::1234', interface: 'hole' }
        const to = { address: 'ff02::1234%hole', port: socket.local.port }
        socket.setOption('IP_ADD_MEMBERSHIP', membership)
        const heard = new Promise((done) => socket.attach(owner({ onDatagram: (bytes) => done(bytes[0]), onError: done })))
        socket.send(Uint8Array.of(6), to)
        console.log(await heard)
        socket.setOption('IP_DROP_MEMBERSHIP', membership)
        try { socket.setOption('IP_DROP_MEMBERSHIP', membership) } catch (error) { console.log(error.code) }
        socket.close()`,
      )
      assert.equal(output, '6\nEADDRNOTAVAIL')
    })

    test('a subnet’s broadcast address wants SO_BROADCAST too', async () => {
      const output = await inside(
        driver,
        BLACK_HOLE,
        `
        const to = { address: '10.9.9.255', port: 0 }
        const all = await host.datagrams({ address: '0.0.0.0', port: 0 })
        const sender = await host.datagrams({ address: '10.9.9.1', port: 0 })
        all.attach(owner({ onDatagram(bytes, from) { console.log(bytes[0], from.address); all.close(); sender.close() } }))
        sender.attach(owner({ onError(error) {
          console.log(error.code)
          sender.setOption('SO_BROADCAST', 1)
          sender.send(Uint8Array.of(7), { address: to.address, port: all.local.port })
        } }))
        sender.send(Uint8Array.of(6), { address: to.address, port: all.local.port })`,
      )
      assert.equal(output, 'EACCES\n7 10.9.9.1')
    })
  })
