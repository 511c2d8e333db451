/** Where in the program something was registered, for messages. */

import { FRAMEWORK } from '../ground/framework.ts'

/** The first line of the stack outside the framework: `site.ts:12:6`. Its tests are programs like any other. */
export function callerPlace(): string {
  const lines = (new Error().stack ?? '').split('\n').slice(1)
  const line = lines.find((text) => !isFramework(text)) ?? lines.at(-1) ?? ''
  return line.replace(/^\s*at\s+/, '')
}

function isFramework(line: string): boolean {
  return FRAMEWORK !== null && line.includes(FRAMEWORK) && !/\.test\.[jt]s:/.test(line)
}
