import { test } from 'node:test'
import { uringMissing } from '../../../src/kernel/uring/driver.ts'
import { movedToNamespace } from '../../namespace.ts'
import { need } from '../../need.ts'
import { berkeleyOnKernel } from './kernel.ts'

const missing = uringMissing()
if (missing !== null) test('uring driver', { skip: need(false, `io_uring: ${missing}`) })
else if (!movedToNamespace(import.meta.url)) berkeleyOnKernel('uring')
