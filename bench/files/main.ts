/**
 * npm run bench -- files [--json] [--rounds N] [--seconds N] [--connections N,N] [--only NAME,NAME]
 *
 * What a static file of 64 KB and one of 10 MB costs the server, by `sendFile` of a site, beside nginx (`sendfile on`).
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { commandPath } from '../../test/need.ts'
import { compete, competition } from '../http/compete.ts'
import type { Contestant } from '../http/contestants.ts'

const NGINX_PORT = 5396
const SIZES = [
  ['64 KB', 65_536, [16, 64]],
  ['10 MB', 10_485_760, [4, 16]],
] as const

const folder = mkdtempSync(join(tmpdir(), 'reticle-bench-files-'))
const how = competition('files')
const asked = process.argv.includes('--connections')
try {
  for (const [name, bytes, connections] of SIZES) {
    const file = join(folder, 'file.bin')
    writeFileSync(file, new Uint8Array(bytes).fill(65))
    if (!how.json) console.log(name)
    await compete(contestants(file, name), asked ? how : { ...how, connections })
  }
} finally {
  rmSync(folder, { recursive: true })
}

function contestants(file: string, size: string): Contestant[] {
  const site = fileURLToPath(new URL('servers/site.ts', import.meta.url))
  const ours = (['uring', 'node'] as const).map((driver): Contestant => {
    return { name: `reticle ${driver} ${size}`, command: [process.execPath, site, driver, file], part: 'ours' }
  })
  if (commandPath('nginx') !== null) return [{ name: 'nginx', command: nginx(file), part: 'peer' }, ...ours]
  console.log('nginx is missing: apt-get install nginx-light')
  return ours
}

/** One worker, as its documentation advises for files. */
function nginx(file: string): string[] {
  const config = join(folder, 'nginx.conf')
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (each) => `${each}_temp_path ${folder}/${each};`,
  )
  writeFileSync(
    config,
    `daemon off; master_process off; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
     events { worker_connections 4096; }
     http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; ${paths.join(' ')}
       server { listen 127.0.0.1:${NGINX_PORT} backlog=4096; root ${folder};
         location = / { try_files /${file.slice(folder.length + 1)} =404; } } }`,
  )
  const run = `echo listening ${NGINX_PORT}; exec nginx -c ${config} -p ${folder} -e ${folder}/error.log`
  return ['sh', '-c', run]
}
