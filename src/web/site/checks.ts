/** What is worth a second look in how a site is set up, before it is served to others. */
import type { Part } from '../groups/group.ts'
import type { Finding } from '../groups/operation.ts'
import type { SiteOptions } from './options.ts'

/** The framework's own checks, and those of the parts. */
export async function findings(options: SiteOptions<never>, parts: readonly Part[]): Promise<readonly Finding[]> {
  const found = [...ownFindings(options)]
  for (const part of parts) for (const check of part.checks ?? []) found.push(...(await check()))
  return found
}

function* ownFindings(options: SiteOptions<never>): Iterable<Finding> {
  const { hosts = [], origin } = options
  const warning = (code: string, text: string): Finding => ({ code, level: 'warning', text })
  if (options.debug)
    yield warning('web.debug', 'app({ debug: true }) shows the source of the program to everybody who meets an error')
  if (options.dangerouslyAnyHost)
    yield warning('web.any-host', 'app({ dangerouslyAnyHost }) lets strangers name the site: write hosts instead')
  else if (hosts.length === 0 && origin === undefined)
    yield warning('web.no-hosts', 'app({ hosts }) is empty: only clients on this machine get answers')
  if (options.dangerouslyWithoutCsrf)
    yield warning('web.without-csrf', 'app({ dangerouslyWithoutCsrf }) lets any page on the web act for its visitors')
  if (origin === undefined && hosts.some((host) => host.startsWith('.') || host.endsWith(':*')))
    yield warning(
      'web.no-origin',
      'app({ hosts }) covers many names and app({ origin }) is missing: links in mails name the host that was asked for',
    )
}
