/** Makes a site. */
import { Templates } from '../templates/index.ts'
import type { SiteOptions, TemplateEngine } from './options.ts'
import { Site } from './site.ts'

/**
 * A new application. `app()` alone is enough to begin with; it answers to loopback names until it is told its hosts.
 * @throws SecretError for a secret that is too short, TypeError for options that mean nothing.
 */
export function app<U = never>(options: SiteOptions<U> = {}): Site<U> {
  return new Site<U>(options, engineOf(options))
}

function engineOf({ templates, debug }: Pick<SiteOptions<never>, 'templates' | 'debug'>): TemplateEngine | null {
  if (templates === undefined) return null
  return typeof templates === 'string' ? new Templates(templates, { debug: debug ?? false }) : templates
}
