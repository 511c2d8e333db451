import { test } from 'node:test'
import { epollMissing } from '../../../src/kernel/epoll/driver.ts'
import { movedToNamespace } from '../../namespace.ts'
import { need } from '../../need.ts'
import { kernelWorld } from './kernel.ts'
import { hostConformance, unixConformance } from './suite.ts'

const missing = epollMissing()
if (missing !== null) test('epoll driver', { skip: need(false, `epoll: ${missing}`) })
else if (!movedToNamespace(import.meta.url)) {
  hostConformance('epoll driver', async () => kernelWorld('epoll'))
  unixConformance('epoll driver', async () => kernelWorld('epoll'))
}
