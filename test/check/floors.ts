/** `npm run check:floors`: the order of the floors and the bans on I/O, by the rules of .dependency-cruiser.cjs. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { cruise, type ICruiseResult } from 'dependency-cruiser'

const root = join(import.meta.dirname, '../..')
process.chdir(root)
const { options, ...ruleSet } = createRequire(import.meta.url)(join(root, '.dependency-cruiser.cjs'))
const { output } = await cruise(['src'], { ...options, ruleSet, validate: true })
const { summary } = output as ICruiseResult
for (const { rule, from, to } of summary.violations) console.error(`${rule.severity} ${rule.name}: ${from} → ${to}`)
if (summary.totalCruised < 100) throw new Error(`only ${summary.totalCruised} files were read: the rules saw nothing`)
console.log(
  `${summary.totalCruised} files, ${summary.totalDependenciesCruised} imports, ${summary.violations.length} violations`,
)
process.exitCode = summary.error > 0 ? 1 : 0
