/** node site.ts DRIVER FILE: a site whose first page is a file. Prints `listening PORT`. */
import { type DriverName, kernelHost } from '../../../src/kernel/index.ts'
import { app, sendFile } from '../../../src/web/index.ts'

const [driver, file] = process.argv.slice(2) as [DriverName, string]
const site = app()
site.get('/', (c) => sendFile(c, file))
const server = await site.serve(kernelHost({ driver }), { address: '127.0.0.1', port: 0 })
console.log(`listening ${server.local.port}`)
