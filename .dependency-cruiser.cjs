// The order of the floors (docs/architecture.md): a floor imports only floors above it in this list. And the ban on
// clocks, randomness and I/O outside `kernel/` and `cli/`, as far as imports show it; `test/check/ambient.test.ts`
// looks for the globals.
const floors = ['base', 'socket', 'kernel', 'wire', 'tcp', 'stack', 'dns', 'http', 'web', 'sim', 'trace', 'cli']

const order = floors.slice(0, -1).map((floor, i) => ({
  name: `floor-${floor}`,
  comment: `src/${floor} may import only ${floors.slice(0, i + 1).join(', ')}`,
  severity: 'error',
  from: { path: `^src/${floor}/`, pathNot: '\\.test\\.ts$' },
  to: { path: `^src/(${floors.slice(i + 1).join('|')})/` },
}))

module.exports = {
  forbidden: [
    ...order,
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'two files that need each other are one subject or lack a third file',
      from: { pathNot: '\\.test\\.ts$' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-io',
      severity: 'error',
      comment: 'sockets, processes and threads belong to kernel/ and cli/',
      from: { path: '^src/', pathNot: '^src/(kernel|cli)/|\\.test\\.ts$' },
      to: { path: '^(node:)?(net|dgram|dns|http|https|http2|tls|child_process|cluster|worker_threads|os|process|timers)(/|$)' },
    },
    {
      name: 'no-files',
      severity: 'error',
      comment: 'cores do no I/O: files are read by kernel/, web/ (templates, static files, SQLite) and cli/',
      from: { path: '^src/', pathNot: '^src/(kernel|web|cli)/|\\.test\\.ts$' },
      to: { path: '^(node:)?(fs|sqlite)(/|$)' },
    },
    {
      name: 'sans-io-tcp',
      severity: 'error',
      comment: 'the TCP machine knows segments, not sockets',
      from: { path: '^src/(wire|tcp)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/(socket|kernel)/' },
    },
    {
      name: 'protocols-know-no-driver',
      severity: 'error',
      comment: 'from DNS upward everything takes a Host; only web/ may default to the machine’s own clock',
      from: { path: '^src/(stack|dns|http|sim|trace)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/kernel/' },
    },
    {
      name: 'product-imports-no-tests',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.test\\.ts$|/trial/|/testing/|/fixture\\.ts$' },
      to: { path: '^(test|bench|examples)/|\\.test\\.ts$|/trial/|/fixture\\.ts$' },
    },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^node_modules' },
  },
}
