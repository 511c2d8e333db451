/**
 * npm run bench -- proxy [--json] [--rounds N] [--seconds N] [--connections N,N] [--only NAME,NAME]
 *
 * What a request through a reverse proxy costs the proxy, beside nginx's proxy_pass with kept connections: the bare C loop answers
 * both, on the core of the load. One worker each, the same fields added.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compete, competition } from '../http/compete.ts'
import { buildLimit } from '../limit/build.ts'

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

const limit = buildLimit()
const folder = mkdtempSync(join(tmpdir(), 'reticle-bench-proxy-'))
const upstream = spawn('taskset', ['-c', '1', limit.program], { stdio: ['ignore', 'pipe', 'inherit'] })
try {
  const [bytes] = await once(upstream.stdout, 'data')
  const behind = Number(String(bytes).trim().split(' ')[1])
  const port = await freePort()
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; master_process off; pid ${folder}/pid; error_log stderr;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 100000000;
  client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  upstream behind { server 127.0.0.1:${behind}; keepalive 1024; keepalive_requests 100000000; }
  server { listen 127.0.0.1:${port}; location / { proxy_pass http://behind; proxy_http_version 1.1;
    proxy_set_header Connection ""; proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Host $host; } } }`,
  )
  const ours = (driver: string) => [
    process.execPath,
    fileURLToPath(new URL('servers/reticle.ts', import.meta.url)),
    driver,
    String(behind),
  ]
  const nginx = `echo listening ${port}; exec nginx -p ${folder} -c nginx.conf -e stderr`
  await compete(
    [
      { name: 'nginx proxy_pass', command: ['sh', '-c', nginx], part: 'peer' },
      { name: 'reticle proxy uring', command: ours('uring'), part: 'ours' },
      { name: 'reticle proxy node', command: ours('node'), part: 'ours' },
    ],
    competition('proxy'),
  )
} finally {
  upstream.kill()
  limit.remove()
  rmSync(folder, { recursive: true, force: true })
}
