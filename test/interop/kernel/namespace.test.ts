/** What loopback cannot show, in a network namespace of its own: no route, a host that never answers, a real broadcast. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, test } from 'node:test'
import type { DriverName } from '../../../src/kernel/index.ts'
import { DRIVERS } from '../../../src/kernel/trial/drivers.ts'
import { needCommand, needRoot } from '../../need.ts'

const skip = needRoot() || needCommand('unshare', 'ip')
const KERNEL = new URL('../../../src/kernel/index.ts', import.meta.url).href
const SOCKET = new URL('../../../src/socket/index.ts', import.meta.url).href

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

    test('a Socket’s connect obeys settimeout, and close gives it up: the process ends', async () => {
      const output = await inside(
        driver,
        BLACK_HOLE,
        `
        import { Socket, SocketTimeout } from '${SOCKET}'
        const hasty = new Socket(host)
        hasty.settimeout(0.05)
        await hasty.connect(['10.9.9.2', 80]).catch((error) => console.log(error instanceof SocketTimeout, error.code))
        const given = new Socket(host)
        const waiting = given.connect(['10.9.9.2', 80]).catch((error) => console.log(error.code))
        await new Promise((done) => setTimeout(done, 20))
        await given.close()
        await waiting
        await hasty.close()`,
      )
      assert.equal(output, 'true ETIMEDOUT\nEBADF')
    })

    test('what the kernel says to a datagram, its own sendto is told', async () => {
      const output = await inside(
        driver,
        'true',
        `
        import { AF_INET, SO_BROADCAST, SOCK_DGRAM, SOL_SOCKET, Socket } from '${SOCKET}'
        const socket = new Socket(host, AF_INET, SOCK_DGRAM)
        for (const name of [['192.0.2.1', 9], ['<broadcast>', 9]]) console.log(await codeOf(socket.sendto('x', name)))
        socket.setsockopt(SOL_SOCKET, SO_BROADCAST, 1)
        console.log(await codeOf(socket.sendto('x', ['<broadcast>', 9])))
        socket.setblocking(false)
        console.log(await codeOf(socket.recvfrom()))
        await socket.close()`,
      )
      assert.equal(output, 'ENETUNREACH\nEACCES\nENETUNREACH\nEAGAIN')
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

    test('a network that is slower than the program holds it back, and memory is bounded', async () => {
      const output = await inside(
        driver,
        `${BLACK_HOLE}\n  tc qdisc add dev hole root tbf rate 2mbit burst 16kb limit 2mb`,
        `
        const socket = await host.datagrams()
        const to = { address: '10.9.9.2', port: 9 }
        const bytes = new Uint8Array(1400)
        const errors = []
        let drains = 0
        let drained = () => {}
        socket.attach(owner({ onDrain() { drains++; drained() }, onError: (error) => errors.push(error.code) }))
        let sent = 0
        while (socket.send(bytes, to)) sent++
        for (let i = 0; i < 2000; i++) socket.send(bytes, to) // whoever does not look loses datagrams, not memory
        await new Promise((done) => { drained = done })
        console.log(sent > 100 && sent < 1000, drains, errors.join())
        let ticks = 0
        setInterval(() => ticks++, 5).unref()
        for (let round = 0; round < 3; round++) {
          const next = new Promise((done) => { drained = done })
          while (socket.send(bytes, to));
          await next
        }
        console.log(drains, errors.join(), ticks > 10)
        socket.close()`,
      )
      assert.equal(output, 'true 1 ENOBUFS\n4 ENOBUFS true')
    })

    test('every interface, several addresses: the answer comes from the one that was asked', async () => {
      const output = await inside(
        driver,
        `
        ip link set lo up
        ip link add here type veth peer name there && ip link set here up && ip link set there up
        ip addr add 10.9.9.1/24 dev here && ip addr add 10.9.9.2/24 dev here && ip addr add 10.9.9.3/24 dev here
        ip -6 addr add 2001:db8::1/64 dev here nodad && ip -6 addr add 2001:db8::2/64 dev here nodad`,
        `
        for (const [every, addresses] of [
          ['0.0.0.0', ['10.9.9.1', '10.9.9.3', '10.9.9.2']],
          ['::', ['2001:db8::2', '2001:db8::1', '::1', '::ffff:10.9.9.2', '::ffff:10.9.9.1']],
        ]) {
          const server = await host.datagrams({ address: every, port: 0 })
          server.attach(owner({ onDatagram: (bytes, from) => void server.send(bytes, from) }))
          for (const address of addresses) {
            const client = await host.datagrams({ address: every, port: 0 })
            const heard = new Promise((done) => client.attach(owner({ onDatagram: (_bytes, from) => done(from), onError: done })))
            client.send(Uint8Array.of(1), { address, port: server.local.port })
            console.log((await heard).address)
            client.close()
          }
          server.close()
        }`,
      )
      const asked = '10.9.9.1 10.9.9.3 10.9.9.2 2001:db8::2 2001:db8::1 ::1 ::ffff:10.9.9.2 ::ffff:10.9.9.1'
      assert.equal(output, asked.replaceAll(' ', '\n'))
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
        const refused = (error) => {
          console.log(error.code)
          sender.setOption('SO_BROADCAST', 1)
          sender.send(Uint8Array.of(7), { address: to.address, port: all.local.port })
        }
        sender.attach(owner({ onError: refused }))
        try { sender.send(Uint8Array.of(6), { address: to.address, port: all.local.port }) } catch (error) { refused(error) }`,
      )
      assert.equal(output, 'EACCES\n7 10.9.9.1')
    })
  })
