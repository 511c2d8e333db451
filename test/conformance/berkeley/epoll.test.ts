import { test } from 'node:test'
import { epollMissing } from '../../../src/kernel/epoll/driver.ts'
import { movedToNamespace } from '../../namespace.ts'
import { need } from '../../need.ts'
import { berkeleyOnKernel } from './kernel.ts'

const missing = epollMissing()
if (missing !== null) test('epoll driver', { skip: need(false, `epoll: ${missing}`) })
else if (!movedToNamespace(import.meta.url)) berkeleyOnKernel('epoll')
