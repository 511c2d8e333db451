/** A site as runtimes with a server of their own take it: `bun run site.ts`, `deno serve site.ts`. */
import { app, currentExchange, html, notFound } from '../../../src/web/index.ts'

const site = app({
  secret: 'only for this test: nobody can reach it',
  log: ({ error }) => console.error(String(error)),
})

site.around(async (_, next) => {
  await null
  return next()
})
site.get('/', (c) => html`<p>${c.query.get('name') ?? '<nobody>'}</p>`)
site.get('/from', (c) => c.text(`${c.remote.address} ${(c.remote.port ?? 0) > 0}`))
site.get('/later', async () => {
  await new Promise((resolve) => setTimeout(resolve, 5))
  return `still ${currentExchange()?.path}`
})
site.get('/count', (c) => {
  const count = Number(c.session.get('count') ?? 0) + 1
  c.session.set('count', count)
  return `${count}`
})
site.post('/form', async (c) => ({ name: (await c.body.form()).get('name') }))
site.get('/stream', async function* () {
  for (let i = 0; i < 3; i++) yield `${i} `
})
site.get('/lost', () => notFound('Not here.'))

export default site
