/** The board: a small complete site. The same files run on this machine and in a simulated Internet. */
import { join } from 'node:path'
import type { Machine } from 'reticle/base'
import { app, type Row, type Site, staticFiles, sweepUploads, uploadedFiles } from 'reticle/web'
import { addAccounts } from './accounts.ts'
import { Comment, Member, Post } from './models.ts'
import { addPosts, PICTURE_LIMIT } from './posts.ts'
import { to } from './urls.ts'

export interface BoardOptions {
  /** `sqlite:board.db`, `sqlite::memory:`. */
  readonly db: string
  /** Where pictures are kept. */
  readonly uploads: string
  readonly secret: string
  /** The names that the site answers to, beside localhost. */
  readonly hosts?: readonly string[]
  readonly debug?: boolean
  /** Where it runs; default: this machine. */
  readonly machine?: Machine
}

const ERRORS = {
  400: 'This cannot be understood',
  401: 'Sign in first',
  403: 'This is not allowed',
  404: 'There is no such page',
  405: 'This page takes no such request',
  413: 'This is too large',
}

/** Errors that visitors run into look like the board. A 5xx has the framework's page, with what developers need. */
function addErrorPages(site: Site<Row<Member>>): void {
  for (const [status, title] of Object.entries(ERRORS))
    site.onError(Number(status), (c, _, { message }) => c.render('error.html', { title, message }))
}

/** Makes the site and the tables that are missing. */
export async function board(options: BoardOptions): Promise<Site<Row<Member>>> {
  const { uploads: pictures, ...rest } = options
  const site = app({
    ...rest,
    users: Member,
    models: [Post, Comment],
    templates: join(import.meta.dirname, 'templates'),
    login: to.accounts.signIn,
    limits: { fileBytes: PICTURE_LIMIT },
  })
  addAccounts(site)
  addPosts(site, pictures)
  site.mount('/static', staticFiles(join(import.meta.dirname, 'static')))
  site.mount('/pictures', uploadedFiles(pictures))
  // What was left of uploads that broke off, and pictures that no post names.
  site.onStart(async () => void (await sweepUploads(pictures, (name) => Post.exists({ picture: name }))))
  addErrorPages(site)
  await site.createTables()
  return site
}
