/** `npm run check:floors`: the walls between the floors and the bans on I/O, by the rules of .dependency-cruiser.cjs. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { cruise, type ICruiseResult, type IFlattenedRuleSet } from 'dependency-cruiser'

/** Reads `src/` of a folder, and holds what it imports against the rules. */
export async function cruised(
  folder: string,
  configuration: { readonly options: object } & object,
): Promise<ICruiseResult> {
  const { options, ...ruleSet } = configuration
  const before = process.cwd()
  process.chdir(folder)
  try {
    const { output } = await cruise(['src'], { ...options, ruleSet: ruleSet as IFlattenedRuleSet, validate: true })
    return output as ICruiseResult
  } finally {
    process.chdir(before)
  }
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '../..')
  const { summary } = await cruised(root, createRequire(import.meta.url)(join(root, '.dependency-cruiser.cjs')))
  for (const { rule, from, to } of summary.violations) console.error(`${rule.severity} ${rule.name}: ${from} → ${to}`)
  if (summary.totalCruised < 100) throw new Error(`only ${summary.totalCruised} files were read: the rules saw nothing`)
  console.log(
    `${summary.totalCruised} files, ${summary.totalDependenciesCruised} imports, ${summary.violations.length} violations`,
  )
  process.exitCode = summary.error > 0 ? 1 : 0
}
