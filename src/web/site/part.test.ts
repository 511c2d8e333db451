import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { testMachine } from '../../http/trial/machine.ts'
import { f, Model } from '../../models/index.ts'
import type { Part } from '../groups/group.ts'
import { urls } from '../routing/route.ts'
import { testClient } from '../testing/client.ts'
import { app } from './app.ts'
import { currentSite } from './site.ts'

class Note extends Model {
  id = f.id()
  text = f.text(80)
}

const to = urls({ notes: { list: '/', add: '/add/{text}' } })

function folder(t: TestContext, files: Record<string, string>): string {
  const path = mkdtempSync(join(tmpdir(), 'reticle-part-'))
  t.after(() => rmSync(path, { recursive: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  return path
}

function notebook(t: TestContext, seen: string[]): Part {
  return {
    name: 'notebook',
    models: [Note],
    templates: folder(t, {
      'notes.html':
        '{% extends "base.html" %}{% block main %}{% for n in notes %}{{ n.text|shout }} {% endfor %}{{ who }}{% endblock %}',
      'base.html': 'plain: {% block main %}{% endblock %}',
    }),
    filters: { shout: (text) => `${text}!` },
    context: (c) => ({ who: `${c.prefix}${c.path}` }),
    migrations: '/migrations/of/the/notebook',
    commands: [{ name: 'notes:count', summary: 'how many notes there are', run: async () => Note.count() }],
    checks: [async () => [{ code: 'notes.none', level: 'warning', text: `there are ${await Note.count()} notes` }]],
    onStart: () => void seen.push(`start ${currentSite() !== undefined}`),
    onStop: async () => void seen.push(`stop with ${await Note.count()}`),
    install(group) {
      group.get(to.notes.list, async (c) => c.render('notes.html', { notes: await Note.all() }))
      group.get(to.notes.add, async (c) => {
        await Note.create({ text: c.params.text })
        return c.redirect(to.notes.list())
      })
    },
  }
}

test('a part brings routes, models, templates, filters, context, checks, commands, and what to do first and last', async (t) => {
  const seen: string[] = []
  const site = app({
    db: 'sqlite::memory:',
    machine: testMachine(),
    templates: folder(t, { 'base.html': '<b>{% block main %}{% endblock %}</b>' }),
    hosts: ['x.example'],
  })
  site.mount('/notes', notebook(t, seen))
  site.get('/own', (c) => c.render('base.html'))
  await site.createTables()
  const web = testClient(site)
  assert.equal((await web.get('/notes/add/a')).location, '/notes/')
  assert.equal(
    (await web.get('/notes/')).text,
    '<b>a! /notes/</b>',
    'the site\u2019s own layout goes before the part\u2019s',
  )
  assert.equal((await web.get('/own')).text, '<b></b>')
  assert.deepEqual(
    site.commands.map(({ name }) => name),
    ['notes:count'],
  )
  assert.equal(await site.run(() => site.commands[0]!.run([])), 1)
  assert.deepEqual(site.migrations, ['/migrations/of/the/notebook'])
  assert.deepEqual(await site.check(), [{ code: 'notes.none', level: 'warning', text: 'there are 1 notes' }])
  assert.deepEqual(site.models, [Note])
  await site.close()
  assert.deepEqual(seen, ['start true', 'stop with 1'])
})

test('a part is used without a prefix too, and one that is none is refused', async () => {
  const site = app({ machine: testMachine() })
  site.use({ install: (group) => void group.get('/x', () => 'x') })
  assert.equal((await testClient(site).get('/x')).text, 'x')
  const refused = app()
  for (const wrong of [null, undefined, 7, 'part'])
    assert.throws(() => refused.mount('/a', wrong as never), /mount a site, a part, or an HTTP handler/)
})

test('a site that is mounted starts and stops with the one around, once', async () => {
  const seen: string[] = []
  const inner = app({ machine: testMachine(), db: 'sqlite::memory:', models: [Note] })
  inner.onStart(() => void seen.push('start'))
  inner.onStop(() => void seen.push('stop'))
  inner.get('/', async () => `${await Note.count()}`)
  const site = app({ machine: testMachine() })
  site.mount('/a', inner)
  site.mount('/b', inner)
  await inner.createTables()
  assert.equal((await testClient(site).get('/a/')).text, '0')
  assert.equal((await testClient(site).get('/b/')).text, '0')
  await site.close()
  assert.deepEqual(seen, ['start', 'stop'])
})

test('the checks of a site name what is set up dangerously', async () => {
  const codes = async (options: object) =>
    (await app({ machine: testMachine(), ...options }).check()).map(({ code }) => code)
  assert.deepEqual(await codes({}), ['web.no-hosts'])
  assert.deepEqual(await codes({ debug: true, dangerouslyAnyHost: true, dangerouslyWithoutCsrf: true }), [
    'web.debug',
    'web.any-host',
    'web.without-csrf',
  ])
  assert.deepEqual(await codes({ hosts: ['.x.example'] }), ['web.no-origin'])
  assert.deepEqual(await codes({ hosts: ['.x.example'], origin: 'https://x.example' }), [])
})
