import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isProgramsOwn } from '../security/csrf.ts'
import { testClient } from '../testing/client.ts'
import { quiet } from '../trial/fixture.ts'
import { bearer } from './bearer.ts'
import { login, session } from './sign-in.ts'

const SECRET = 'a secret of more than thirty-two characters'
const USERS = [
  { id: 1, name: 'Ada' },
  { id: 2, name: 'Lin' },
]

function api() {
  const asked: string[] = []
  const { site, failures } = quiet<{ id: number; name: string }>({
    secret: SECRET,
    users: (id) => USERS.find((one) => one.id === id) ?? null,
    authenticators: [
      bearer(
        async (token) => {
          asked.push(token)
          return token === 'good' ? USERS[1] : null
        },
        { realm: 'api' },
      ),
      session(),
    ],
  })
  site.post('/in', (c) => {
    login(c, { id: 1 })
    return 'in'
  })
  site.get('/who', (c) => c.text(c.user?.name ?? 'nobody'))
  site.post('/write', (c) => c.text(c.user?.name ?? 'nobody'))
  site.signedIn((members) => members.get('/mine', (c) => c.user.name))
  return { site, asked, failures, web: testClient(site, { headers: { accept: '*/*' } }) }
}

test('a token says who it is, before the session is asked', async () => {
  const { web, asked } = api()
  const as = (authorization: string) => web.get('/who', { headers: { authorization } })
  assert.equal((await as('Bearer good')).text, 'Lin')
  assert.equal((await as('bearer  good')).text, 'Lin')
  assert.equal((await as('Bearer bad')).text, 'nobody')
  await web.post('/in')
  assert.equal((await web.get('/who')).text, 'Ada')
  assert.equal((await as('Bearer good')).text, 'Lin')
  assert.equal((await as('Bearer bad')).text, 'Ada')
  asked.length = 0
  for (const field of ['Bearer', 'Bearer ', 'Basic good', 'Bearer a b', 'Bearer "x"', `Bearer ${'é'}`]) await as(field)
  assert.deepEqual(asked, [])
})

test('a guard answers with the challenges of all who could know the visitor', async () => {
  const { web } = api()
  const none = await web.get('/mine')
  assert.equal(none.status, 401)
  assert.equal(none.headers.get('www-authenticate'), 'Bearer realm="api", Session')
  const bad = await web.get('/mine', { headers: { authorization: 'Bearer bad' } })
  assert.equal(bad.headers.get('www-authenticate'), 'Bearer realm="api", error="invalid_token", Session')
  assert.equal((await web.get('/mine', { headers: { authorization: 'Bearer good' } })).text, 'Lin')
})

test('a token needs no form token, since no browser sends it by itself; what browsers remember does', async () => {
  const { web } = api()
  const post = async (fields: Record<string, string>) =>
    (
      await web.request('POST', '/write', 'a=1', {
        headers: { 'sec-fetch-site': '', 'content-type': 'text/plain', ...fields },
      })
    ).status
  assert.equal(await post({ authorization: 'Bearer good' }), 200)
  assert.equal(await post({ authorization: 'Token good' }), 200)
  assert.equal(await post({ authorization: 'Bearer good', cookie: 'session=x' }), 200)
  for (const authorization of [
    'Basic eDp5',
    'digest x=1',
    'NEGOTIATE abc',
    'NTLM abc',
    'garbage',
    'Bearer',
    'Basic  Bearer x',
  ])
    assert.equal(await post({ authorization }), 403, authorization)
  assert.equal(await post({ cookie: 'session=x' }), 403)
  assert.equal(await post({ cookie: 'session=x', 'sec-fetch-site': 'cross-site' }), 403)
  assert.equal(isProgramsOwn(undefined), false)
  assert.equal(isProgramsOwn('Bearer, Basic x'), false)
})
