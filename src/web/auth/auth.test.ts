import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashPassword, isPasswordHash, needsRehash, verifyPassword } from '../../base/password.ts'
import { Turns } from '../../base/turns.ts'
import { testMachine } from '../../http/trial/machine.ts'
import { urls } from '../routing/route.ts'
import { app } from '../site/app.ts'
import { testClient } from '../testing/client.ts'
import { login, logout } from './sign-in.ts'

const machine = testMachine()

test('a password is kept as a hash that says how it was made', async () => {
  for (const algorithm of ['argon2id', 'scrypt'] as const) {
    const hash = await hashPassword('correct horse', machine, algorithm)
    assert.match(hash, algorithm === 'scrypt' ? /^\$scrypt\$ln=15,r=8,p=3\$/ : /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    assert.notEqual(hash, await hashPassword('correct horse', machine, algorithm), 'salted')
    assert.equal(await verifyPassword('correct horse', hash, machine), true)
    assert.equal(await verifyPassword('correct horsf', hash, machine), false)
    assert.equal(await verifyPassword('', hash, machine), false)
    assert.ok(isPasswordHash(hash))
  }
  assert.equal(needsRehash(await hashPassword('x', machine)), false)
  assert.equal(needsRehash(await hashPassword('x', machine, 'scrypt')), true)
})

test('a hash made elsewhere verifies', async () => {
  // RFC 7914 §12: scrypt("pleaseletmein", "SodiumChloride", N=16384, r=8, p=1), its first 32 bytes.
  const key = Buffer.from('7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2', 'hex')
  const text = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')
  const stored = `$scrypt$ln=14,r=8,p=1$${text(Buffer.from('SodiumChloride'))}$${text(key)}`
  assert.equal(await verifyPassword('pleaseletmein', stored, machine), true)
  assert.equal(await verifyPassword('pleaseletmeout', stored, machine), false)
})

test('no stored text, however strange, is a hash that costs or throws', async () => {
  const bad = [
    '',
    'x',
    'plain password',
    '$scrypt$',
    '$scrypt$ln=30,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    '$argon2id$v=19$m=99999999,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    '$argon2id$v=19$m=19456,t=0,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  ]
  for (const stored of bad) assert.equal(await verifyPassword('x', stored, machine), false, stored)
  assert.equal(await verifyPassword('x', null, machine), false)
  assert.equal(await verifyPassword('x'.repeat(2000), await hashPassword('x', machine), machine), false)
  await assert.rejects(hashPassword('x'.repeat(2000), machine), /2000 bytes/)
  await assert.rejects(hashPassword('', machine), /1 to 1024/)
})

test('one password has one hash, however its accents are composed', async () => {
  const hash = await hashPassword('caf\u00e9', machine)
  assert.equal(await verifyPassword('cafe\u0301', hash, machine), true)
})

test('costly work is done so many at a time, and past the line refused', async () => {
  const turns = new Turns(2, 3)
  let running = 0
  let most = 0
  const release: (() => void)[] = []
  const work = async () => {
    most = Math.max(most, ++running)
    await new Promise<void>((resolve) => release.push(resolve))
    running--
  }
  const all = Array.from({ length: 5 }, () => turns.take(work))
  await assert.rejects(turns.take(work), /3 others wait already/)
  while (running > 0 || release.length > 0) {
    release.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await Promise.all(all)
  assert.equal(most, 2)
  await turns.take(async () => {})
})

interface User {
  readonly id: number
  readonly name: string
  password: string
}
const to = urls({ in: '/in', out: '/out', who: '/who', secret: '/secret/{n:int}', write: '/write' })

function members() {
  const users: User[] = [
    { id: 1, name: 'Ada', password: 'hash 1' },
    { id: 2, name: 'Bob', password: 'hash 2' },
  ]
  const site = app<User>({
    secret: 'a secret of more than thirty-two characters',
    machine: testMachine(),
    log: () => {},
    users: async (id) => users.find((user) => user.id === id),
    login: to.in,
  })
  site.get('/in/{id:int}', (c) => {
    login(c, users.find((user) => user.id === c.params.id)!)
    return `hello ${c.user!.name}`
  })
  site.get('/keep', (c) => {
    c.session.set('kept', 1)
    return c.session.id
  })
  site.get('/kept', (c) => ({ kept: c.session.get('kept') ?? null, id: c.session.id }))
  site.get(to.out, (c) => {
    logout(c)
    return 'bye'
  })
  site.get(to.who, (c) => {
    // @ts-expect-error nobody may be signed in here
    const wrong = () => c.user.name
    return typeof wrong === 'function' ? (c.user?.name ?? 'nobody') : ''
  })
  site.signedIn((r) => {
    r.get(to.secret, (c) => `${c.user.name} ${c.params.n}`)
    r.post(to.write, (c) => c.user.name)
    r.group('/deep', (g) => void g.get('/x', (c) => c.user.name))
  })
  return { site, users, web: testClient(site) }
}

test('pages for users know their user, and others are sent to sign in', async () => {
  const { web } = members()
  const away = await web.get('/secret/5?a=b')
  assert.deepEqual([away.status, away.location], [303, '/in?next=%2Fsecret%2F5%3Fa%3Db'])
  assert.equal((await web.post('/write')).location, '/in')
  assert.equal((await web.get('/deep/x')).status, 303)
  const api = await web.get('/secret/5', { headers: { accept: 'application/json' } })
  assert.equal(api.status, 401)
  assert.equal((await web.get('/who')).text, 'nobody')
  await web.get('/in/1')
  assert.equal((await web.get('/secret/5')).text, 'Ada 5')
  assert.equal((await web.get('/deep/x')).text, 'Ada')
  await web.get('/out')
  assert.equal((await web.get('/secret/5')).status, 303)
})

test('signing in takes a new session id, keeps what a visitor had, and not what another user had', async () => {
  const { web } = members()
  const before = (await web.get('/keep')).text
  await web.get('/in/1')
  const after = (await web.get('/kept')).json() as { kept: number; id: string }
  assert.equal(after.kept, 1)
  assert.notEqual(after.id, before)
  await web.get('/in/2')
  assert.equal(((await web.get('/kept')).json() as { kept: unknown }).kept, null)
  assert.equal((await web.get('/who')).text, 'Bob')
})

test('a new password or the end of a user ends the sessions', async () => {
  const { web, users } = members()
  await web.login(users[0]!)
  assert.equal((await web.get('/who')).text, 'Ada')
  users[0]!.password = 'another hash'
  assert.equal((await web.get('/who')).text, 'nobody')
  assert.equal(web.cookies.get('session'), undefined)
  await web.login(users[1]!)
  assert.equal((await web.get('/who')).text, 'Bob')
  users.pop()
  assert.equal((await web.get('/who')).text, 'nobody')
})
