/** For tests: a site that keeps its failures to itself, and a client for it. */
import { testMachine } from '../../http/trial/machine.ts'
import type { Failure } from '../ground/log.ts'
import { app } from '../site/app.ts'
import type { SiteOptions } from '../site/options.ts'
import { testClient } from '../testing/client.ts'

export function quiet<U = never>(options: SiteOptions<U> = {}) {
  const failures: Failure[] = []
  const site = app<U>({ machine: testMachine(), log: (failure) => void failures.push(failure), ...options })
  return { site, failures, web: testClient(site) }
}
