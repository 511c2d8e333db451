import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseQuery } from '../../http/index.ts'
import { testMachine } from '../../http/trial/machine.ts'
import { f } from '../../models/fields/f.ts'
import { ObjectLoader, renderHtml, Templates } from '../../templates/index.ts'
import { withLocale } from '../ground/current.ts'
import { FormInput } from '../request/form-input.ts'
import { cleanFileName, type Upload } from '../request/upload.ts'
import { app } from '../site/app.ts'
import type { SiteOptions } from '../site/options.ts'
import { testClient } from '../testing/client.ts'
import { choiceOf } from './choice-of.ts'
import { field } from './field.ts'
import { form } from './form.ts'
import { upload } from './upload-field.ts'

class Post {
  id = f.id()
  title = f.text(20)
  body = f.text().null()
  draft = f.boolean()
  size = f.choice(['s', 'm']).null()
}

const postForm = form(Post, 'title', 'body', 'draft')
const signUp = form({
  email: f.email().label('Your e-mail').help('We <3 you'),
  name: f.text(80),
  password: f.password(),
})

function input(texts: Record<string, string>): FormInput {
  return new FormInput(new Map(Object.entries(texts).map(([name, value]) => [name, [value]])))
}

test('a form gives typed data', async () => {
  const sent = await postForm.read(input({ title: ' Hi ', body: '', draft: 'on' }))
  assert.ok(sent.ok)
  const title: string = sent.data.title
  const body: string | null = sent.data.body
  const draft: boolean = sent.data.draft
  assert.deepEqual({ title, body, draft }, { title: 'Hi', body: null, draft: true })
  const types = async () => {
    // @ts-expect-error no such field in the form
    sent.data.size
    // @ts-expect-error no such field in the model
    form(Post, 'titel')
    const unsure = await postForm.read(input({}))
    // @ts-expect-error the data may not be there
    unsure.data.title
  }
  assert.equal(typeof types, 'function')
})

test('or errors beside the fields, with what was sent kept', async () => {
  const sent = await signUp.read(
    input({ email: 'not an address', name: '', password: 'hunter2 and more', admin: 'true' }),
  )
  assert.equal(sent.ok, false)
  assert.equal(sent.data, null)
  assert.deepEqual(Object.keys(sent.errors).sort(), ['email', 'name'])
  const html = sent[renderHtml]().html
  assert.match(html, /value="not[^"]*an[^"]*address"/)
  assert.match(html, /<label for="field-email">Your[^<]*e-mail<\/label>/)
  assert.match(html, /aria-invalid="true"/)
  assert.match(html, /aria-describedby="field-email-help field-email-error"/)
  assert.doesNotMatch(html, /hunter2/, 'a password is never shown again')
  assert.doesNotMatch(html, /We <3/)
})

test('nothing that anybody wrote gets out of its place', async () => {
  const evil = fc.string({
    unit: fc.constantFrom('<', '>', '"', "'", '&', '/', '=', ' ', '\n', '`', 'a', '</textarea>', '<script>'),
    maxLength: 12,
  })
  await fc.assert(
    fc.asyncProperty(evil, evil, async (title, body) => {
      const html = (await postForm.read(input({ title, body })))[renderHtml]().html
      // All tags of the page are the form's own.
      const tags = [...html.matchAll(/<\/?([a-z]+)/gi)].map(([, name]) => name)
      assert.ok(
        tags.every((name) => ['div', 'label', 'input', 'textarea', 'span', 'small', 'p'].includes(name!)),
        html,
      )
      assert.equal(tags.filter((name) => name === 'textarea').length % 2, 0)
      assert.equal((html.match(/<input/g) ?? []).length + (html.match(/<textarea/g) ?? []).length, 3)
      assert.doesNotMatch(html, /\son\w+\s*=/)
    }),
    { numRuns: 300 },
  )
})

test('an empty form shows initial values, and what the program finds wrong', async () => {
  const blank = await postForm.blank({ title: 'A "title"', draft: true, body: null })
  assert.equal(blank.ok, false)
  assert.deepEqual({ ...blank.errors }, {})
  assert.match(blank[renderHtml]().html, /value="A[^"]*&(?:#34|quot);title&(?:#34|quot);"/)
  assert.match(blank[renderHtml]().html, /type="checkbox"[^>]* checked/)
  const sent = await signUp.read(input({ email: 'a@b.example', name: 'A', password: 'long enough' }))
  assert.ok(sent.ok)
  const taken = sent.withError('email', 'This address is taken.')
  assert.equal(taken.ok, false)
  assert.equal(taken.data, null)
  assert.equal(taken.errors.email, 'This address is taken.')
  assert.equal(sent.ok, true, 'the form before stays what its type says')
  assert.equal(sent.data.name, 'A')
  assert.match(taken.withError('', 'Try again <later>.')[renderHtml]().html, /role="alert">Try[^<]*&lt;later&gt;/)
  assert.throws(() => sent.withError('nope' as 'name', 'x'), /no field 'nope'/)
  const twice = Object.assign(new Error('unique'), { field: 'name', words: 'Taken.' })
  assert.equal(sent.withErrorOf(twice).errors.name, 'Taken.')
  assert.throws(() => sent.withErrorOf(new Error('other')), /other/)
  assert.throws(
    () => sent.withErrorOf(Object.assign(new Error('elsewhere'), { field: 'other', words: 'x' })),
    /elsewhere/,
  )
  const ours = Object.assign(new Error('a mistake of the program'), { field: 'name' })
  assert.throws(() => sent.withErrorOf(ours), /mistake/, 'what has no words for visitors is not shown to them')
})

test('a field may have any name, of the form itself too; the world has none', async () => {
  const strange = form({ data: f.text(), ok: f.text(), errors: f.text().blank(), controls: f.text().blank() })
  const sent = await strange.read(input({ data: 'd', ok: 'o' }))
  assert.ok(sent.ok)
  assert.deepEqual({ ...sent.data }, { data: 'd', ok: 'o', errors: '', controls: '' })
  assert.equal(sent.fields['ok']!.value, 'o')
  assert.match(sent[renderHtml]().html, /name="controls"/)
  assert.throws(() => form({ _csrf: f.text() }), /cannot be named '_csrf'/)
  assert.throws(() => form({ x: {} as never }), /'x' must be a field/)
  assert.throws(() => form(Post, 'constructor' as never), /has no field 'constructor'/)
  const polluted = await postForm.read(
    new FormInput(
      new Map([
        ['__proto__', ['x']],
        ['constructor', ['y']],
        ['title', ['t']],
      ]),
    ),
  )
  assert.ok(polluted.ok)
  assert.equal(Object.getPrototypeOf(polluted.data), null)
  const json = await postForm.readValues(JSON.parse('{"__proto__": {"title": "inherited"}, "draft": false}'))
  assert.deepEqual(Object.keys(json.errors), ['title'])
})

test('checks of the whole may take their time, and come after those of the fields', async () => {
  const asked: string[] = []
  const unique = form({ name: f.text(20), age: f.int() })
    .check(async ({ name }) => {
      asked.push(name)
      await Promise.resolve()
      return name === 'ada' ? { name: 'This name is taken.' } : null
    })
    .check(({ age }) => ({ ...(age < 18 && { '': { code: 'young', values: { age }, text: 'Too young.' } }) }))
  const young = await unique.read(input({ name: 'ada', age: '7' }))
  assert.deepEqual({ ...young.errors }, { name: 'This name is taken.', '': 'Too young.' })
  assert.deepEqual(young.problems[''], { code: 'young', values: { age: 7 }, text: 'Too young.' })
  assert.ok((await unique.read(input({ name: 'lin', age: '30' }))).ok)
  assert.equal((await unique.read(input({ name: 'lin', age: 'x' }))).ok, false)
  assert.deepEqual(asked, ['ada', 'lin'], 'a form with a wrong field is not checked further')
  const wrong = form({ a: f.text() }).check(() => ({ b: 'x' }) as never)
  await assert.rejects(wrong.read(input({ a: 'x' })), /no field 'b'/)
})

test('a choice among rows is found for each request, and nothing else is taken', async () => {
  const rows = [
    { id: 1, text: 'Yes <1>' },
    { id: 2, text: 'No' },
  ]
  const options = { label: (row: { text: string }) => row.text }
  const vote = form({ option: choiceOf(async () => rows, { ...options, element: 'radios' }) })
  const blank = (await vote.blank({ option: rows[1] }))[renderHtml]().html
  assert.match(blank, /<fieldset class="field"><legend>Option<\/legend>/)
  assert.match(blank, /<input type="radio"[^>]*value="1"[^>]*>Yes &lt;1&gt;/)
  assert.match(blank, /value="2" checked/)
  const sent = await vote.read(input({ option: '2' }))
  assert.ok(sent.ok)
  assert.equal(sent.data.option, rows[1])
  for (const other of ['3', '', '__proto__']) assert.equal((await vote.read(input({ option: other }))).ok, false)
  const select = form({ option: choiceOf(() => rows, options) })
  assert.match(
    (await select.blank())[renderHtml]().html,
    /<select[^>]*required><option value=""><\/option><option value="1">/,
  )
})

test('any Standard Schema is a field, by itself or with a label and a control', async () => {
  const number = {
    '~standard': {
      version: 1 as const,
      vendor: 'test',
      types: undefined as { input: unknown; output: number } | undefined,
      validate: async (value: unknown) =>
        Number.isInteger(Number(value)) ? { value: Number(value) } : { issues: [{ message: 'Not a number.' }] },
    },
  }
  const booking = form({
    seats: number,
    row: field(number, { label: 'Row', widget: { element: 'input', type: 'number', attributes: { min: 1 } } }),
  })
  const good = await booking.read(input({ seats: '3', row: '4' }))
  assert.ok(good.ok)
  const seats: number = good.data.seats
  assert.deepEqual([seats, good.data.row], [3, 4])
  const bad = await booking.read(input({ seats: 'x', row: '4' }))
  assert.deepEqual({ ...bad.errors }, { seats: 'Not a number.' })
  assert.match(bad[renderHtml]().html, /<label for="field-row">Row<\/label><input type="number" value="4"[^>]* min="1"/)
})

test('several values of one name are read where a field asks for them', async () => {
  const tags = field(
    { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value: value as string[] }) } },
    {
      many: true,
      widget: {
        element: 'select',
        choices: [
          { value: 'a', label: 'A' },
          { value: 'b', label: 'B' },
        ],
      },
    },
  )
  const tagged = form({ tags })
  const sent = await tagged.read(new FormInput(new Map([['tags', ['a', 'b']]])))
  assert.deepEqual(sent.data?.tags, ['a', 'b'])
  assert.match(
    sent[renderHtml]().html,
    /<select[^>]* multiple[^>]*><option value="a" selected>A<\/option><option value="b" selected>/,
  )
})

test('problems are worded for the reader', async () => {
  const site = app({
    machine: testMachine(),
    words: ({ code, values }, locale) =>
      locale === 'tr' && code === 'young' ? `Çok genç: ${values['age']}` : undefined,
  })
  const young = form({ age: f.int() }).check(({ age }) => ({
    age: { code: 'young', values: { age }, text: 'Too young.' },
  }))
  site.around((c, next) => withLocale(c.query.get('lang') ?? 'en', next))
  site.post('/', async (c) => ({ ...(await c.form(young)).errors, locale: c.locale }))
  const asked = async (lang: string) => (await testClient(site).post(`/?lang=${lang}`, { age: 7 })).json()
  assert.deepEqual(await asked('tr'), { age: 'Çok genç: 7', locale: 'tr' })
  assert.deepEqual(await asked('en'), { age: 'Too young.', locale: 'en' })
})

test('a form reads the query of a page too', async () => {
  const search = form({ q: f.text(50).blank(), page: f.int({ min: 1 }).default(1) })
  const asked = await search.readQuery(parseQuery('q=a+b&page=1&page=3&other=x'))
  assert.deepEqual({ ...asked.data }, { q: 'a b', page: 3 })
  assert.equal(asked.controls[0]!.value, 'a b')
  assert.deepEqual({ ...(await search.readQuery(parseQuery(''))).data }, { q: '', page: 1 })
  assert.ok((await search.readQuery(parseQuery('page=-1'))).errors.page)
})

test('the fields stand in templates by their names', async () => {
  const templates = new Templates(
    new ObjectLoader({
      'a.html':
        '{{ form.title }}|{{ form.title.value }}|{{ form.title.error }}|{% for x in form.controls %}{{ x.name }} {% endfor %}|{{ form.ok }}',
      'b.html': '<form>{{ form }}</form>',
    }),
    { debug: true },
  )
  const sent = await postForm.read(input({ title: `<b>${'x'.repeat(30)}` }))
  const shown = templates.render('a.html', { form: sent })
  const [field, value, error, names] = shown.split('|')
  assert.match(field!, /^<div class="field wrong"><label for="field-title">Title<\/label><input type="text"/)
  assert.match(value!, /^&lt;b&gt;xxx/)
  assert.notEqual(error, '')
  assert.equal(names!.trim(), 'title body draft')
  assert.match(templates.render('b.html', { form: sent }), /<textarea id="field-body"/)
})

function posting(options: SiteOptions<never> = {}) {
  const templates = new Templates(
    new ObjectLoader({ 'new.html': '<form method="post" enctype="multipart/form-data">{{ form }}</form>' }),
  )
  const site = app({
    secret: 'a secret of more than thirty-two characters',
    machine: testMachine(),
    log: () => {},
    templates,
    ...options,
  })
  const picture = form({ title: f.text(20), picture: upload({ max: 1000, accept: ['image/*'] }).optional() })
  const view = async (c: Parameters<Parameters<typeof site.get>[1]>[0]) => {
    const sent = await c.form(picture, { title: 'initial' })
    if (!sent.ok) return c.render('new.html', { form: sent }, { status: c.method === 'GET' ? 200 : 422 })
    return {
      title: sent.data.title,
      picture: sent.data.picture && { ...sent.data.picture, bytes: sent.data.picture.bytes.length },
    }
  }
  site.get('/new', view)
  site.post('/new', view)
  site.post('/raw', async (c) => ({ a: (await c.body.form()).getAll('a') }))
  site.post('/json', async (c) => ({ got: await c.body.json() }))
  site.post('/text', async (c) => c.text(await c.body.text()))
  return { site, web: testClient(site) }
}

test('a form is shown, sent, refused and taken', async () => {
  const { web } = posting()
  const shown = await web.get('/new')
  assert.match(shown.text, /value="initial"/)
  assert.match(shown.text, /name="_csrf" value="[\w-]{64}"/)
  const refused = await web.submit('/new', { title: '' })
  assert.equal(refused.status, 422)
  assert.match(refused.text, /class="error"/)
  assert.deepEqual((await web.submit('/new', { title: 'ü' })).json(), { title: 'ü', picture: null })
})

test('a form is sent as JSON too', async () => {
  const { web } = posting()
  assert.deepEqual((await web.json('POST', '/new', { title: 'ü', other: 1 })).json(), { title: 'ü', picture: null })
  for (const value of [{ title: '' }, { title: ['a'] }, { title: { a: 1 } }, [], 'text', null, 7])
    assert.equal((await web.json('POST', '/new', value)).status, 422, JSON.stringify(value))
  const file = { name: 'a.png', type: 'image/png', bytes: [0x89] }
  assert.equal((await web.json('POST', '/new', { title: 'a', picture: file })).status, 422)
})

test('a file is taken by what is in it', async () => {
  const { web } = posting()
  const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0])
  const good = await web.submit('/new', {
    title: 't',
    picture: new File([png], '../../ab.png', { type: 'text/html' }),
  })
  assert.deepEqual(good.json(), { title: 't', picture: { name: 'ab.png', type: 'image/png', bytes: 9 } })
  const script = new File(['<script>'], 'a.png', { type: 'image/png' })
  assert.match((await web.submit('/new', { title: 't', picture: script })).text, /must be one of image/)
  const large = new File([png, new Uint8Array(2000)], 'a.png')
  assert.match((await web.submit('/new', { title: 't', picture: large })).text, /larger than 1 kB/)
  const none = new File([], '')
  assert.deepEqual((await web.submit('/new', { title: 't', picture: none })).json(), { title: 't', picture: null })
})

test('a form past any of its limits is refused, and the site lives', async () => {
  const { web } = posting({
    limits: { formBytes: 1000, formFields: 10, fileBytes: 3000, filesBytes: 5000, bodyBytes: 1000 },
  })
  const file = (size: number) => new File([new Uint8Array(size)], 'x')
  const many = Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`n${i}`, 'x']))
  const status = async (data: Record<string, string | Blob>) => (await web.post('/new', data)).status
  assert.equal(await status({ title: 'x'.repeat(900) }), 422)
  assert.equal(await status({ title: 'x'.repeat(1100) }), 413)
  assert.equal(await status(many), 413)
  assert.equal(await status({ ...many, f: file(1) }), 413)
  assert.equal(await status({ title: 't', other: file(3001) }), 413)
  const shown = await web.submit('/new', { title: 'kept', picture: file(3001) })
  assert.equal(shown.status, 422)
  assert.match(shown.text, /value="kept"[\s\S]*id="field-picture-error">The file is larger than 3 kB\.</)
  const both = await web.post('/new', { title: 't', a: file(3000), picture: file(2500) })
  assert.match(both.text, /The files of the form take more than 5 kB\./)
  assert.equal((await web.post('/raw', { title: 't', picture: file(3001) })).status, 413)
  assert.equal(await status({ title: 't', a: file(3000), b: file(2500) }), 413)
  assert.equal(await status({ title: 'x'.repeat(1100), f: file(1) }), 413)
  assert.equal((await web.json('POST', '/json', 'x'.repeat(2000))).status, 413)
  const long = await web.request('POST', '/text', 'x'.repeat(1001))
  assert.equal(long.status, 413)
  assert.match(long.text, /What was sent takes more than 1 kB\./)
  assert.equal((await web.request('POST', '/text', 'x'.repeat(1000))).status, 200)
})

test('a body is read as what it is, or refused', async () => {
  const { web } = posting()
  const send = async (type: string, body: string, path = '/raw') =>
    web.request('POST', path, body, { headers: { 'content-type': type } })
  assert.deepEqual((await send('application/x-www-form-urlencoded', 'a=1&a=%C3%BC+x&b')).json(), { a: ['1', 'ü x'] })
  assert.equal((await send('application/json', '{}')).status, 415)
  assert.equal((await send('multipart/form-data', '--x')).status, 415)
  assert.equal((await send('multipart/form-data; boundary=x', 'garbage')).status, 400)
  assert.equal((await send('multipart/form-data; boundary=x', '--x\r\n\r\n--x--')).status, 400)
  assert.equal((await send('application/json', '{"a":', '/json')).status, 400)
  assert.equal((await send('application/json', '{"__proto__":{"a":1}}', '/json')).status, 400)
  assert.equal((await send('application/json', '{"a":[{"\\u005f_proto__":1}]}', '/json')).status, 400)
  assert.equal((await send('text/plain', '{}', '/json')).status, 415)
  assert.deepEqual((await send('application/vnd.a+json; charset=utf-8', '[1]', '/json')).json(), { got: [1] })
  const latin = new Uint8Array([0xfc])
  const reply = await web.request('POST', '/text', new Blob([latin]) as never, {
    headers: { 'content-type': 'text/plain; charset=iso-8859-1' },
  })
  assert.equal(reply.text, 'ü')
})

test('any form body whatever is answered', async () => {
  const { site } = posting()
  const types = fc.constantFrom(
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=b',
    'application/json',
  )
  const bodies = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc
      .array(
        fc.constantFrom('--b', '\r\n', '--', 'Content-Disposition: form-data; name="a"', 'filename="', '\r\n\r\n', 'x'),
        { maxLength: 12 },
      )
      .map((parts) => parts.join('')),
  )
  await fc.assert(
    fc.asyncProperty(types, bodies, fc.constantFrom('/raw', '/json', '/new'), async (type, body, path) => {
      const headers = { 'content-type': type }
      const reply = await site.fetch(new Request(`http://localhost${path}`, { method: 'POST', body, headers }))
      assert.ok(reply.status < 500, `${reply.status} for ${JSON.stringify({ type, body })}`)
      await reply.arrayBuffer()
    }),
    { numRuns: 100 },
  )
})

test('a file name is shown without its path', () => {
  assert.equal(cleanFileName('C:\\fakepath\\a.png'), 'a.png')
  assert.equal(cleanFileName('../../etc/passwd'), 'passwd')
  assert.equal(cleanFileName('a\r\nSet-Cookie: x'), 'aSet-Cookie: x')
  assert.equal(cleanFileName('\u202egpj.exe\u2066'), 'gpj.exe')
  assert.ok(cleanFileName('💡'.repeat(200)).isWellFormed(), 'it is cut between characters')
  const sent: Upload = { name: 'x', type: 'a/b', bytes: new Uint8Array(1) }
  assert.deepEqual(upload().parse(sent), { value: sent })
  assert.ok(upload().parse(undefined).error)
  assert.ok(upload().parse('text').error)
})
