/** A site that stands in a module of the user's. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Handler, HttpServer, ServeOptions } from '../http/index.ts'
import type { Host } from '../socket/index.ts'
import { UsageError } from './command.ts'

/** What a module gives: something that answers, and for a site of the framework what serves it with its own limits. */
export interface LoadedSite {
  readonly handle: Handler
  serve?(host: Host, options: ServeOptions): Promise<HttpServer>
}

/**
 * The site that a module exports by default, as a function of the host that it is to run on.
 * @param given the option or argument that named the module, for messages
 * @throws UsageError for a module that cannot be loaded; the function, for one that makes no site.
 */
export async function siteModule(file: string | URL, given: string): Promise<(host: Host) => Promise<LoadedSite>> {
  const path = file instanceof URL ? file.href : pathToFileURL(resolve(file)).href
  let module: { default?: unknown }
  try {
    module = (await import(path)) as { default?: unknown }
  } catch (error) {
    throw new UsageError(`${given}: ${file} cannot be loaded: ${(error as Error).message}`)
  }
  const made = module.default
  return async (host) => {
    const site: unknown = typeof made === 'function' ? await made(host) : made
    if (isSite(site)) return site
    if (typeof site === 'function') return { handle: site as Handler }
    throw new UsageError(`${given}: the default export of ${file} must make a site: export default (host) => app(…)`)
  }
}

function isSite(value: unknown): value is LoadedSite {
  return typeof (value as { handle?: unknown } | null)?.handle === 'function'
}
