/** What the API reference is made of: every subpath export but `reticle` alone, which has nothing of its own. */
import { readFileSync } from 'node:fs'

const root = new URL('../../', import.meta.url)
const { exports } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))

export default {
  name: 'Reticle',
  readme: '../../README.md',
  tsconfig: '../../tsconfig.build.json',
  entryPoints: Object.entries(exports)
    .filter(([name, source]) => name !== '.' && source.endsWith('.ts'))
    .map(([, source]) => `../../${source.slice(2)}`),
  out: '../../dist-reference',
  skipErrorChecking: true,
  excludePrivate: true,
  excludeInternal: true,
  sort: ['kind', 'alphabetical'],
  navigation: { includeCategories: true },
  validation: { notExported: false, invalidLink: true, notDocumented: false },
}
