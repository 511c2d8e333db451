/** NSD and Unbound, configured as their manuals say for one core, in a folder of their own. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The command that serves the zone file with authority. */
export function nsd(folder: string, port: number, zone: string): string[] {
  const file = join(folder, 'nsd.conf')
  writeFileSync(
    file,
    `server:
  ip-address: 127.0.0.1@${port}
  server-count: 1
  username: ""
  chroot: ""
  zonesdir: "${folder}"
  pidfile: "${folder}/nsd.pid"
  xfrdfile: "${folder}/xfrd.state"
  zonelistfile: "${folder}/zone.list"
  database: ""
  refuse-any: yes
  minimal-responses: yes
remote-control:
  control-enable: no
zone:
  name: bench.example
  zonefile: "${zone}"
`,
  )
  return ['nsd', '-d', '-c', file]
}

/** The command that answers from a cache in front of 127.0.0.1 at `upstream`. */
export function unbound(folder: string, port: number, upstream: number): string[] {
  const file = join(folder, 'unbound.conf')
  writeFileSync(
    file,
    `server:
  interface: 127.0.0.1@${port}
  num-threads: 1
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "${folder}"
  pidfile: "${folder}/unbound.pid"
  module-config: "iterator"
  do-not-query-localhost: no
  minimal-responses: yes
  msg-cache-size: 64m
  rrset-cache-size: 128m
  use-syslog: no
  logfile: ""
  verbosity: 0
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@${upstream}
`,
  )
  return ['unbound', '-d', '-c', file]
}
