/** The wiki for programs: a site of its own, mounted in the other, whose users, sessions and database it shares. */
import { app, form, type Row, type Site } from 'reticle/web'
import { type Editor, Page, Revision } from './models.ts'
import { newest, write } from './pages.ts'
import { api as to } from './urls.ts'

const revision = form(Revision, 'text', 'summary')

export function makeApi(): Site<Row<Editor>> {
  const api = app<Row<Editor>>()

  api.get(to.pages, async (c) => {
    const page = await Page.orderBy('title').page(Number(c.query.get('page') ?? 1), 100)
    return { total: page.total, pages: page.items.map(({ title }) => ({ title, url: to.page({ title }) })) }
  })

  api.get(to.page, async (c) => {
    const page = await Page.get({ title: c.params.title })
    const { text, author, created, id } = await newest(page)
    return { title: page.title, revision: id, text, author: author.name, created }
  })

  api.signedIn((editors) =>
    editors.put(to.page, async (c) => {
      const form = await c.form(revision) // a form is read from JSON as from a page
      if (!form.ok) return c.json({ errors: form.errors }, { status: 422 })
      const { id } = await write(c.params.title, { ...form.data, author: c.user })
      return c.json({ revision: id }, { status: 201, headers: { Location: to.page(c.params) } })
    }),
  )

  api.onError(Error, (c, _, details) => c.json({ error: details }))
  return api
}
