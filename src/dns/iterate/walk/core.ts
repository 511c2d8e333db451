/** What all plans of a resolver share. */
import type { Random } from '../../../base/random.ts'
import type { DnsCache } from '../../cache/cache.ts'
import type { ServerBook } from '../../servers/book.ts'
import type { ResolverSettings } from '../settings.ts'

export interface Core {
  readonly settings: ResolverSettings
  readonly cache: DnsCache
  readonly book: ServerBook
  readonly random: Random
}
