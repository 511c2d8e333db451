/**
 * The simulated Internet with resolver, HTTP and a site without a database, as one function that knows no platform: the test
 * runs it in Node and in a browser, and what it gives must be the same, byte for byte.
 */
import { ms, RecordingLog } from '../../src/base/index.ts'
import { Client, serve } from '../../src/http/index.ts'
import { mbit, miniature } from '../../src/sim/index.ts'
import { eventLines, journey } from '../../src/trace/index.ts'
import { app, f, form, html, ObjectLoader, Templates } from '../../src/web/index.ts'

/** What a journey leaves: the replies, the page that `look` would print, and every event as a line of JSON. */
export interface Travelled {
  readonly replies: readonly string[]
  readonly page: string
  readonly log: string
}

/** A form, a page from a template and a page behind a session are asked for through the whole Internet, over a poor line. */
export async function travel(seed: string): Promise<Travelled> {
  const log = new RecordingLog()
  const access = { latency: ms(20), jitter: ms(5), loss: 0.05, rate: mbit(10) }
  const world = await miniature({ seed, log, access, site: 'board.example' })
  const templates = new Templates(
    new ObjectLoader({
      'home.html': '<h1>{{ title }}</h1><ul>{% for line in lines %}<li>{{ line }}</li>{% endfor %}</ul>',
    }),
  )
  const site = app({
    machine: world.web,
    hosts: ['board.example'],
    secret: 'at least thirty-two octets of secret',
    templates,
  })
  const entry = form({ line: f.text(80) })
  const lines: string[] = []
  site.get('/', (c) => c.render('home.html', { title: 'A board without a database', lines }))
  site.post('/lines', async (c) => {
    const read = await c.form(entry)
    if (!read.ok) return c.text('not a line', { status: 422 })
    lines.push(read.data.line)
    c.session.set('last', read.data.line)
    return c.redirect('/last')
  })
  site.get('/last', (c) => html`<p>${c.session.get('last')}</p>`)

  await world.net.run(() => serve(world.web, site.handle, { port: 80 }))
  const replies = await world.net.run(async () => {
    const client = new Client(world.laptop, { resolve: (name) => world.browser.lookup(name, 4) })
    const ask = async (path: string, fields: readonly string[] = [], body: string | null = null) => {
      const url = new URL(`http://board.example${path}`)
      const reply = await client.request(url, { method: body === null ? 'GET' : 'POST', fields, body })
      const cookie = reply.header('set-cookie')?.split(';')[0] ?? null
      return { cookie, text: `${reply.status} ${await reply.body.text()}` }
    }
    const plain = ['Content-Type', 'application/x-www-form-urlencoded']
    const posted = await ask('/lines', plain, 'line=%3Cb%3Ehello%3C%2Fb%3E')
    const pages = [posted, await ask('/'), await ask('/last', ['Cookie', posted.cookie ?? '']), await ask('/nowhere')]
    client.close()
    return pages.map(({ text }) => text)
  })
  await world.net.run({ for: ms(500) })
  const hosts = world.machines.map(({ host, address }) => ({ host: host.name, detail: address }))
  return {
    replies,
    page: journey(log.events, { hosts, columns: 100, paint: (_, text) => text, everything: true }).join('\n'),
    log: eventLines(log.events),
  }
}
