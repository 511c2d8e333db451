/** The pages for people: read, edit, history, search, files, and the whole wiki as one stream. */
import { atomic, form, notFound, type Row, type Site, saveUpload, upload } from 'reticle/web'
import { Attachment, type Editor, Page, Revision } from './models.ts'
import { to } from './urls.ts'

const edit = form(Revision, 'text', 'summary')
const attach = form({ file: upload({ max: 2_000_000, label: 'Attach a file', help: 'Up to 2 MB.' }) })

export function addPages(site: Site<Row<Editor>>, uploads: string): void {
  site.get(to.home, (c) => c.redirect(to.page.show({ title: 'Front page' })))

  site.get(to.page.show, async (c) => {
    const { title } = c.params
    const page = await Page.with('attachments').find({ title })
    if (page === null) return c.render('missing.html', { title }, { status: 404 })
    const revision = await newest(page)
    return c.render('page.html', { page, revision, attach: await attach.blank({}, c) })
  })

  site.get(to.page.history, async (c) => {
    const page = await Page.get({ title: c.params.title })
    const revisions = await Revision.with('author')
      .where({ page })
      .orderBy('-id')
      .page(Number(c.query.get('page')))
    return c.render('history.html', { page, revisions })
  })

  site.get(to.page.revision, async (c) => {
    const page = await Page.get({ title: c.params.title })
    const revision = await Revision.with('author').get({ page, id: c.params.id })
    return c.render('page.html', { page, revision, old: true })
  })

  site.get(to.recent, async (c) => {
    const revisions = await Revision.with('author', 'page')
      .orderBy('-id')
      .page(Number(c.query.get('page')))
    return c.render('history.html', { revisions })
  })

  site.get(to.search, async (c) => {
    const q = c.query.get('q') ?? ''
    return c.render('search.html', {
      q,
      pages: q === '' ? [] : await Page.search(q, 'title').orderBy('title').limit(50),
    })
  })

  site.get(to.export, (c) => c.stream(everything(), { type: 'application/jsonl' }))

  site.signedIn((editors) => {
    editors.get(to.page.edit, async (c) => {
      const page = await Page.find({ title: c.params.title })
      const initial = page === null ? {} : { text: (await newest(page)).text }
      return c.render('edit.html', { title: c.params.title, form: await c.form(edit, initial) })
    })

    editors.post(to.page.edit, async (c) => {
      const form = await c.form(edit)
      if (!form.ok) return c.render('edit.html', { title: c.params.title, form }, { status: 422 })
      await write(c.params.title, { ...form.data, author: c.user })
      return c.redirect(to.page.show(c.params))
    })

    editors.post(to.page.attach, async (c) => {
      const page = await Page.get({ title: c.params.title })
      const form = await c.form(attach)
      if (form.ok) {
        const name = await saveUpload(uploads, form.data.file)
        await Attachment.create({ name: form.data.file.name, file: name, page })
      } else c.flash(form.errors.file ?? 'The file could not be read.', 'error')
      return c.redirect(to.page.show(c.params))
    })
  })

  site.onError(404, (c) => c.render('missing.html', { title: '' }))
}

/** Adds a revision, and the page with its first. */
export function write(title: string, revision: { text: string; summary: string; author: Row<Editor> }) {
  return atomic(async () => {
    const page = (await Page.find({ title })) ?? (await Page.create({ title }))
    return Revision.create({ ...revision, page })
  })
}

export async function newest(page: Row<Page>): Promise<Row<Revision, 'author'>> {
  const revision = await Revision.with('author').where({ page }).orderBy('-id').first()
  if (revision === null) throw notFound()
  return revision
}

/** Every page with its newest text, one line of JSON each; read as fast as the client takes them. */
async function* everything(): AsyncGenerator<string> {
  for await (const page of Page.all().orderBy('title')) {
    const { text, author, created } = await newest(page)
    yield `${JSON.stringify({ title: page.title, text, author: author.name, created })}\n`
  }
}
