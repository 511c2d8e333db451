// The walls between the floors (docs/architecture.md), and the ban on clocks, randomness and I/O outside `kernel/` and
// `cli/`, as far as imports show it; `test/check/ambient.test.ts` looks for the globals.
// Which floors each floor may import: the allow-table of docs/architecture.md.
const house = require('./test/check/house.json')
const floors = Object.keys(house)

const order = floors.map((floor) => ({
  name: `floor-${floor}`,
  comment: `src/${floor} may import only: ${[floor, ...house[floor]].join(', ')}`,
  severity: 'error',
  from: { path: `^src/${floor}/`, pathNot: '\\.test\\.ts$|/trial/' },
  to: { path: '^src/', pathNot: `^src/(${[floor, ...house[floor]].join('|')})/` },
}))

// Inside a floor, which rooms each room may import. Files that stand beside the rooms (errors, events, limits) are for all
// of them and know none.
const plan = require('./test/check/rooms.json')
const rooms = Object.entries(plan).flatMap(([floor, allowed]) => [
  ...Object.entries(allowed).map(([room, others]) => ({
    name: `room-${floor}-${room}`,
    comment: `src/${floor}/${room} may import only these rooms: ${[room, ...others].join(', ')} (test/check/rooms.json)`,
    severity: 'error',
    from: { path: `^src/${floor}/${room}/`, pathNot: '\\.test\\.ts$|/trial/' },
    to: { path: `^src/${floor}/[^/]+/`, pathNot: `^src/${floor}/(${[room, ...others].join('|')})/` },
  })),
  {
    name: `room-${floor}-of-all`,
    comment: `what stands beside the rooms of src/${floor} is for all of them: only index.ts knows them`,
    severity: 'error',
    from: { path: `^src/${floor}/[^/]+\\.ts$`, pathNot: '/index\\.ts$|\\.test\\.ts$' },
    to: { path: `^src/${floor}/(${Object.keys(allowed).join('|')})/` },
  },
])

module.exports = {
  forbidden: [
    ...order,
    ...rooms,
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'two files that need each other, types counted, are one subject or lack a third file',
      from: { pathNot: '\\.test\\.ts$' },
      to: { circular: true },
    },
    {
      name: 'no-io',
      severity: 'error',
      comment: 'sockets, processes and threads belong to kernel/ and cli/, TLS to tls/node/',
      from: { path: '^src/', pathNot: '^src/(kernel|cli)/|^src/(base|socket|sim|tls|certificates)/node/|\\.test\\.ts$' },
      to: { path: '^(node:)?(net|dgram|dns|http|https|http2|tls|child_process|cluster|worker_threads|os|process|timers)(/|$)' },
    },
    {
      name: 'no-files',
      severity: 'error',
      comment: 'cores do no I/O: files are read by kernel/, templates/node/, certificates/node/, models/ (SQLite), web/ (static files) and cli/',
      from: { path: '^src/', pathNot: '^src/(kernel|models|web|cli)/|^src/(templates|certificates)/node/|\\.test\\.ts$' },
      to: { path: '^(node:)?(fs|sqlite)(/|$)' },
    },
    {
      name: 'product-imports-no-tests',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.test\\.ts$|/trial/' },
      to: { path: '^(test|bench|examples)/|\\.test\\.ts$|/trial/' },
    },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^node_modules' },
  },
}
