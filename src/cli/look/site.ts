/** The site that is looked at: the board that comes with Reticle, or a module of the user's. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Handler } from '../../http/index.ts'
import type { Host } from '../../socket/index.ts'
import { UsageError } from '../command.ts'
import { PACKAGE } from '../package.ts'

type MakeHandler = (host: Host) => Promise<Handler>

/** The site as a function of the host that it is to run on. */
export async function siteOf(file: string | undefined): Promise<MakeHandler> {
  const path =
    file === undefined
      ? `${PACKAGE}examples/board/simulated${import.meta.url.slice(-3)}`
      : pathToFileURL(resolve(file)).href
  let module: { default?: unknown }
  try {
    module = (await import(path)) as { default?: unknown }
  } catch (error) {
    throw new UsageError(`--site: ${file ?? path} cannot be loaded: ${(error as Error).message}`)
  }
  const made = module.default
  return async (host) => {
    const site: unknown = typeof made === 'function' ? await made(host) : made
    const handle = (site as { handle?: unknown } | null)?.handle ?? site
    if (typeof handle === 'function') return handle as Handler
    throw new UsageError(`--site: the default export of ${file} must make a site: export default (host) => app(…)`)
  }
}

/** What to do about a site that does not answer to the name it was asked by; '' when that is not so. */
export function hostHint(
  { status, body }: { readonly status: number; readonly body: string },
  { hostname }: URL,
  file: string | undefined,
): string {
  if (status !== 400 || !body.includes('Unknown host')) return ''
  return file === undefined
    ? 'The site in examples/board answers to board.example only. --site FILE looks at one of your own.'
    : `The site does not answer to ${hostname}: app({ machine: host, hosts: ['${hostname}'] }) in ${file} makes it do so.`
}
