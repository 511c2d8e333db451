#!/usr/bin/env node
// Starts the command on a Node that can run TypeScript; an older one gets told what to do.
const [major] = process.versions.node.split('.').map(Number)
if (major < 24) {
  console.error(
    `reticle needs Node 24 or newer; this is ${process.version}. In a checkout, 'npm run reticle -- …' uses the right one.`,
  )
  process.exit(1)
}
// Most of a short command is spent on reading its modules; what Node has made of them is kept for the next time.
;(await import('node:module')).enableCompileCache()
const { main } = await import('../src/cli/main.ts')
const { processTerminal } = await import('../src/cli/terminal.ts')
process.exitCode = await main(process.argv.slice(2), processTerminal())
