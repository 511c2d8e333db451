/**
 * What a large simulation costs before anything happens in it, and what its machines weigh: networks of routers in a
 * tree with hosts on them. `node --expose-gc bench/sim/scale.ts [--json]`.
 */
import { internet, ms } from '../../src/sim/index.ts'

const SIZES: readonly (readonly [routers: number, hosts: number])[] = [
  [1, 100],
  [50, 250],
  [200, 1000],
  [1000, 5000],
]

/** Builds the network, runs to its first event, then lets every host ask another one. */
async function measure(routerCount: number, hostCount: number) {
  globalThis.gc?.()
  const empty = memory()
  const started = process.cpuUsage()
  const net = internet({ seed: 1 })
  const routers = Array.from({ length: routerCount }, (_, i) => net.router(`r${i}`))
  for (let i = 1; i < routerCount; i++) net.link(routers[i]!, routers[i >> 1]!, { latency: ms(1) })
  const hosts = Array.from({ length: hostCount }, (_, i) => net.host(`h${i}`))
  for (const [i, host] of hosts.entries()) net.link(host, routers[i % routerCount]!, { latency: ms(1) })
  await net.run({ for: ms(0) })
  const first = seconds(process.cpuUsage(started))
  await net.run(() => Promise.all(hosts.map((host, i) => host.ping(hosts[(i * 7 + 13) % hostCount]!.address))))
  const asked = seconds(process.cpuUsage(started))
  globalThis.gc?.()
  const bytes = (memory() - empty) / (routerCount + hostCount)
  return { routers: routerCount, hosts: hostCount, first, asked, bytes }
}

function memory(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

function seconds({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1e6
}

const json = process.argv.includes('--json')
if (!json) console.log('routers   hosts   CPU to the first event   and until all have asked   bytes a machine')
for (const [routers, hosts] of SIZES) {
  const row = await measure(routers, hosts)
  if (json) console.log(JSON.stringify({ bench: 'scale', ...row }))
  else
    console.log(
      `${String(routers).padStart(7)}${String(hosts).padStart(8)}${row.first.toFixed(3).padStart(22)} s` +
        `${row.asked.toFixed(3).padStart(25)} s${Math.round(row.bytes).toLocaleString('en').padStart(18)}`,
    )
}
