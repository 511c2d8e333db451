/** The suite once more over the other way to call C: what Node 24 has. */
import { test } from 'node:test'
import { movedToNamespace } from '../../namespace.ts'
import { need } from '../../need.ts'

process.env['RETICLE_FFI'] = 'koffi' // before the floor is loaded: a process chooses once
const { uringMissing } = await import('../../../src/kernel/uring/driver.ts')
const { kernelWorld } = await import('./kernel.ts')
const { hostConformance, unixConformance } = await import('./suite.ts')

const missing = uringMissing()
if (missing !== null) test('uring driver on koffi', { skip: need(false, `io_uring through koffi: ${missing}`) })
else if (!movedToNamespace(import.meta.url)) {
  hostConformance('uring driver on koffi', async () => kernelWorld('uring'))
  unixConformance('uring driver on koffi', async () => kernelWorld('uring'))
}
