import { test } from 'node:test'
import { uringMissing } from '../../../src/kernel/uring/driver.ts'
import { movedToNamespace } from '../../namespace.ts'
import { need } from '../../need.ts'
import { kernelWorld } from './kernel.ts'
import { hostConformance, unixConformance } from './suite.ts'

const missing = uringMissing()
if (missing !== null) test('uring driver', { skip: need(false, `io_uring: ${missing}`) })
else if (!movedToNamespace(import.meta.url)) {
  hostConformance('uring driver', async () => kernelWorld('uring'))
  unixConformance('uring driver', async () => kernelWorld('uring'))
}
