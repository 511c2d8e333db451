/** The board for a simulated host: the same site, with a database in memory and a few posts to look at. */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Host } from 'reticle/socket'
import { Comment, Member, Post } from './models.ts'
import { board } from './site.ts'

export default async function simulated(host: Host) {
  const site = await board({
    db: 'sqlite::memory:',
    uploads: join(tmpdir(), 'reticle-board-pictures'),
    secret: 'only for a simulation: nobody can reach it',
    hosts: ['board.example', 'www.board.example'],
    machine: host,
  })
  await site.run(fill)
  return site
}

async function fill() {
  const ada = await Member.create({ name: 'ada', password: 'a long password' })
  const lin = await Member.create({ name: 'lin', password: 'another long one' })
  const hello = await Post.create({ title: 'Hello, network', body: 'The first post on the board.', author: ada })
  await Comment.create({ body: 'And the first comment.', author: lin, post: hello })
  await Post.create({
    title: 'Three packets before a word is said',
    body: 'SYN, SYN and ACK, ACK: only then may the question go. Count them in the ladder.',
    author: lin,
  })
}
