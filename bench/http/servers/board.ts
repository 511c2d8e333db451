/** The front page of examples/board with ten posts, from an SQLite file: `board.ts DRIVER [PORT]`. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Member, Post } from '../../../examples/board/models.ts'
import { board } from '../../../examples/board/site.ts'
import { type DriverName, kernelHost } from '../../../src/kernel/index.ts'

const data = mkdtempSync(join(tmpdir(), 'reticle-bench-'))
process.once('exit', () => rmSync(data, { recursive: true }))
process.once('SIGTERM', () => process.exit())

const machine = kernelHost({ driver: process.argv[2] as DriverName })
const site = await board({
  db: `sqlite:${join(data, 'board.db')}`,
  uploads: join(data, 'pictures'),
  secret: 'a bench has nothing that it must hide',
  machine,
})
await site.run(async () => {
  const author = await Member.create({ name: 'ada', password: 'a long password' })
  for (let i = 1; i <= 10; i++)
    await Post.create({ title: `Post number ${i} & more`, body: 'Words with "quotes". '.repeat(20), author })
})
const server = await site.serve(machine, { address: '127.0.0.1', port: Number(process.argv[3] ?? 0) })
console.log(`listening ${server.local.port}`)
