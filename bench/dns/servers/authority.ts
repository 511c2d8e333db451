/** node authority.ts ZONEFILE: an authoritative server for `bench.example`. Prints `listening PORT`. */
import { readFileSync } from 'node:fs'
import { loadZone, Name, serveZones } from '../../../src/dns/index.ts'
import { kernelHost } from '../../../src/kernel/index.ts'

const { zone } = loadZone(readFileSync(process.argv[2]!, 'utf8'), Name.parse('bench.example.'))
const { local } = await serveZones(kernelHost(), [zone!], { at: { address: '127.0.0.1', port: 0 } })
console.log(`listening ${local.port}`)
