/** Our server, and that it is the same however what comes is cut. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serve } from '../../../src/http/index.ts'
import { TestNetwork } from '../../../src/http/trial/network.ts'
import { CASES } from './cases.ts'
import { check } from './check.ts'
import { answerCase } from './world.ts'

for (const chunk of [undefined, 1, 7])
  test(`every case of RFC 9113, RFC 7541, RFC 8441 and RFC 9218, ${chunk ?? 'many'} octets at a time`, async () => {
    const network = new TestNetwork()
    const manners = chunk === undefined ? {} : { chunk }
    const host = network.host('web', '10.0.0.80', manners)
    await serve(host, answerCase, { port: 80 })
    const laptop = network.host('laptop', '10.0.0.2', {}, undefined, host.clock)
    const wrong: string[] = []
    for (const each of CASES) {
      // Long ones say nothing new octet by octet.
      if (chunk === 1 && each.send.length > 4_000) continue
      const connection = await laptop.connect({ address: '10.0.0.80', port: 80 })
      const fault = await check(each, connection)
      if (fault !== null) wrong.push(`${each.section} ${each.title}: ${fault}`)
    }
    assert.deepEqual(wrong, [])
  })
