/**
 * npm run bench -- driver [--json] [--rounds N] [--seconds N] [--connections N,N] [--only NAME,NAME]
 *
 * What the kernel drivers cost, beside a bare C loop: the same canned reply to every request, as in `bench/http`.
 */
import { fileURLToPath } from 'node:url'
import { compete, competition } from '../http/compete.ts'
import { buildLimit } from './build.ts'

const limit = buildLimit()
const canned = fileURLToPath(new URL('canned.ts', import.meta.url))
try {
  await compete(
    [
      { name: 'C epoll loop', command: [limit.program], part: 'peer' },
      { name: 'uring', command: [process.execPath, canned, 'uring'], part: 'ours' },
      { name: 'epoll', command: [process.execPath, canned, 'epoll'], part: 'ours' },
      { name: 'node', command: [process.execPath, canned, 'node'], part: 'ours' },
    ],
    competition('driver'),
  )
} finally {
  limit.remove()
}
