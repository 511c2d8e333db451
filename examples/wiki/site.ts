/** The wiki: `node examples/wiki/site.ts` serves it, `reticle look --site` looks at it; tests import it. */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Machine } from 'reticle/base'
import { MILLISECOND, type Nanos } from 'reticle/base'
import { kernelHost } from 'reticle/kernel'
import type { Host } from 'reticle/socket'
import {
  app,
  type Context,
  f,
  form,
  html,
  key,
  login,
  logout,
  type Row,
  type SafeHtml,
  type Site,
  uploadedFiles,
  verifyPassword,
} from 'reticle/web'
import { makeApi } from './api.ts'
import { Attachment, Editor, Page, Revision } from './models.ts'
import { addPages, write } from './pages.ts'
import { isTitle, to } from './urls.ts'

const signIn = form({ name: form(Editor, 'name').fields.name, password: f.password() })

export async function wiki(options: {
  db: string
  uploads: string
  secret: string
  hosts?: readonly string[]
  debug?: boolean
  machine?: Machine
}) {
  const { uploads: folder, ...rest } = options
  const site = app({
    ...rest,
    users: Editor,
    models: [Page, Revision, Attachment],
    templates: join(import.meta.dirname, 'templates'),
    filters: { wiki: wikiText },
    static: join(import.meta.dirname, 'static'),
    login: to.signIn,
  })
  addHooks(site)
  addAccounts(site)
  addPages(site, folder)
  site.mount('/files', uploadedFiles(folder))
  site.mount('/api', makeApi())
  await site.createTables()
  return site
}

/** The wiki for any host, with its data in memory and one page: `reticle look http://wiki.example/wiki/Front_page`. */
export default async function simulated(host: Host) {
  const site = await wiki({
    db: 'sqlite::memory:',
    uploads: join(tmpdir(), 'reticle-wiki-files'),
    secret: 'only for a simulation: nobody can reach it',
    hosts: ['wiki.example'],
    machine: host,
  })
  await site.run(async () => {
    const author = await Editor.create({ name: 'ada', password: 'a long password' })
    await write('Front page', { text: 'Every word may be a [[Page]].', summary: 'begun', author })
  })
  return site
}

/** Before, after and in any case: what a page took, for the browser's tools and for the log. */
function addHooks(site: Site<Row<Editor>>): void {
  const begun = key<Nanos>('when the request began')
  const took = (c: Context) => (c.has(begun) ? (c.machine.clock.now() - c.get(begun)) / MILLISECOND : 0)
  site.before((c) => {
    c.set(begun, c.machine.clock.now())
  })
  site.after((c, reply) => {
    reply.setHeader('Server-Timing', `page;dur=${took(c).toFixed(1)}`)
  })
  site.teardown((c) => {
    if (took(c) > 1000) console.warn(`slow: ${c.method} ${c.path} took ${Math.round(took(c))} ms`)
  })
}

function addAccounts(site: Site<Row<Editor>>): void {
  site.get(to.signIn, async (c) => c.render('edit.html', { form: await c.form(signIn) }))

  // A new name makes a new account: wikis are like that.
  site.post(to.signIn, async (c) => {
    let form = await c.form(signIn)
    if (form.ok) {
      const { name, password } = form.data
      const known = await Editor.find({ name })
      if (known === null || (await verifyPassword(password, known.password))) {
        login(c, known ?? (await Editor.create({ name, password })))
        return c.redirect(c.returnTo(to.home()))
      }
      form = form.withError('password', 'Somebody else has this name, and another password.')
    }
    return c.render('edit.html', { form }, { status: 422 })
  })

  site.post(to.signOut, (c) => {
    logout(c)
    return c.redirect(to.home())
  })
}

/** The filter `wiki`: paragraphs, and `[[Front page]]` as a link. Everything else that was typed is text. */
function wikiText(text: unknown): SafeHtml {
  const paragraphs = String(text)
    .trim()
    .split(/\n{2,}/)
  return html`${paragraphs.map((paragraph) => html`<p>${linked(paragraph)}</p>\n`)}`
}

function linked(paragraph: string): (string | SafeHtml)[] {
  return paragraph.split(/(\[\[[^[\]]{1,80}\]\])/).map((piece) => {
    const title = /^\[\[(.*)\]\]$/.exec(piece)?.[1]
    return title !== undefined && isTitle(title) ? html`<a href="${to.page.show({ title })}">${title}</a>` : piece
  })
}

if (import.meta.main) {
  const data = join(import.meta.dirname, 'data')
  const host = kernelHost()
  const site = await wiki({
    db: 'sqlite::memory:',
    uploads: join(data, 'files'),
    secret: 'only for trying out: nobody but this machine can reach it',
    machine: host,
  })
  const server = await site.serve(host, { address: '127.0.0.1', port: Number(process.env['PORT'] ?? 8001) })
  console.log(`The wiki is at http://localhost:${server.local.port}/`)
}
