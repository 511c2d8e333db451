/** The site that is looked at: the board that comes with Reticle, or a module of the user's. */
import type { Handler } from '../../http/index.ts'
import type { Host } from '../../socket/index.ts'
import { PACKAGE } from '../package.ts'
import { siteModule } from '../site-module.ts'

type MakeHandler = (host: Host) => Promise<Handler>

/** The site as a function of the host that it is to run on. */
export async function siteOf(file: string | undefined): Promise<MakeHandler> {
  const board = new URL(`examples/board/simulated${import.meta.url.slice(-3)}`, PACKAGE)
  const make = await siteModule(file ?? board, '--site')
  return async (host) => (await make(host)).handle
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
