/** Certificates by ACME, in virtual time: how they are had, kept and renewed, and what authorities do to us. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { days, hours, minutes, seconds } from '../../base/duration.ts'
import { RecordingLog } from '../../base/events.ts'
import { Client } from '../../http/index.ts'
import { clientTls } from '../../tls/index.ts'
import { type CertificateError, dns01, type ManagedOptions, memoryStorage } from '../index.ts'
import type { Vices } from '../trial/acme-server.ts'
import { authority, inWorld } from '../trial/world.ts'

const DAY = 86_400_000

test('HTTP-01: an account, an order, a certificate that a client believes, and nothing left behind', async () => {
  const log = new RecordingLog()
  await inWorld(
    async ({ manage, server, serve, web, failures }) => {
      const certificates = manage({ names: ['shop.example', 'www.shop.example'], email: 'keeper@shop.example' })
      assert.equal(certificates.identityFor('shop.example'), null)
      await certificates.start()
      assert.deepEqual(server.orders[0]!.names, ['shop.example', 'www.shop.example'])
      assert.deepEqual([...server.accounts.values()][0]!.contact, ['mailto:keeper@shop.example'])
      await serve(certificates)
      const client = new Client(web, {
        tls: clientTls({ trust: [authority.certificate] }),
        resolve: async () => ['10.0.0.1'],
      })
      const reply = await client.request('https://www.shop.example/')
      assert.equal(await reply.body.text(), 'hello')
      // The answer to the challenge has gone again.
      const asked = await client.request('http://shop.example/.well-known/acme-challenge/anything')
      assert.equal(await asked.body.text(), 'hello')
      client.close()
      assert.deepEqual(failures, [])
    },
    { log },
  )
  const [obtained] = log.events.filter(({ type }) => type === 'certificates.obtained')
  assert.deepEqual((obtained as unknown as { names: string[] }).names, ['shop.example', 'www.shop.example'])
})

test('TLS-ALPN-01: the handshake answers, other clients are served meanwhile', () =>
  inWorld(
    async ({ manage, alpn, serve, server, failures, web }) => {
      const certificates = manage({ solvers: [alpn] })
      await serve(certificates)
      await certificates.start()
      assert.equal(server.issued.length, 1)
      assert.deepEqual(failures, [])
      // A challenge that stays open: who asks for a page gets the page.
      alpn.present({ type: 'tls-alpn-01', name: 'shop.example', token: 'x', keyAuthorization: 'x.y' })
      const client = new Client(web, {
        tls: clientTls({ trust: [authority.certificate] }),
        resolve: async () => ['10.0.0.1'],
      })
      const reply = await client.request('https://shop.example/')
      assert.equal(await reply.body.text(), 'hello')
      client.close()
    },
    { offers: ['tls-alpn-01'] },
  ))

test('DNS-01: a wildcard and its name, two records at one place, the serial goes up, and both are gone afterwards', () =>
  inWorld(async ({ manage, zones, server, failures }) => {
    const before = zones.all[0]!.serial
    await manage({ names: ['shop.example', '*.shop.example'], solvers: [dns01(zones)] }).start()
    assert.deepEqual(failures, [])
    assert.match(server.issued[0]!.subjectAltName!, /DNS:shop\.example, DNS:\*\.shop\.example/)
    assert.equal(zones.all[0]!.serial, before + 4)
    assert.equal([...zones.all[0]!.nodes()].length, 2)
  }))

test('what was had is kept: a second start orders nothing, and the account is the same', () =>
  inWorld(async ({ manage, server }) => {
    const first = manage()
    await first.start()
    await first.close()
    const asked = server.orders.length
    const second = manage()
    await second.start()
    assert.equal(server.orders.length, asked)
    assert.equal(second.identityFor('shop.example')?.certificate, first.identityFor('shop.example')?.certificate)
    await manage({ names: ['other.example'] }).start()
    assert.equal(server.accounts.size, 1)
  }))

test('what was kept and cannot be read is ordered anew, and told', () =>
  inWorld(async ({ manage, failures, storage }) => {
    const damaged = {
      ...storage,
      read: (name: string) => (name.endsWith('.json') ? Promise.resolve('{') : storage.read(name)),
    }
    const certificates = manage({ storage: damaged })
    await certificates.start()
    assert.ok(certificates.validUntil !== null)
    assert.match(
      failures[0]!.error.message,
      /what the storage has as shop\.example-.* cannot be used; a new certificate/,
    )
  }))

test('renewal at two thirds of its life, where the authority has no opinion', () =>
  inWorld(async ({ manage, server, wait, web }) => {
    server.vices.noRenewalInfo = true
    const certificates = manage()
    await certificates.start()
    const [first] = server.issued
    const version = certificates.version
    await wait(days(56))
    assert.equal(server.issued.length, 1)
    await wait(days(5))
    assert.equal(server.issued.length, 2)
    assert.equal(server.orders[1]!.replaces, null)
    assert.notEqual(certificates.version, version)
    assert.ok(certificates.validUntil!.getTime() - web.clock.wallMillis() > 80 * DAY)
    assert.notEqual(new X509Certificate(certificates.identityFor(null)!.certificate).serialNumber, first!.serialNumber)
  }))

test('renewal when the authority wants it (RFC 9773), naming what is replaced; a window in the past means now', () =>
  inWorld(async ({ manage, server, wait, web }) => {
    const now = web.clock.wallMillis()
    server.window = { start: now + 10 * DAY, end: now + 12 * DAY }
    await manage().start()
    await wait(days(10))
    assert.equal(server.issued.length, 1)
    server.window = { start: now + 60 * DAY, end: now + 61 * DAY }
    await wait(days(3))
    assert.equal(server.issued.length, 1) // it has changed its mind
    server.window = { start: now - 2 * DAY, end: now - DAY }
    await wait(hours(7))
    assert.equal(server.issued.length, 2)
    assert.match(String(server.orders[1]!.replaces), /^[\w-]+\.[\w-]+$/)
    // An authority that is never content gets one order a day, not one after the other.
    await wait(days(3))
    assert.ok(server.issued.length <= 5, String(server.issued.length))
  }))

test('an order that must replace nothing is placed without', () =>
  inWorld(async ({ manage, server, wait, web, failures }) => {
    const now = web.clock.wallMillis()
    server.vices.alreadyReplaced = true
    await manage().start()
    server.window = { start: now, end: now + DAY }
    await wait(days(1.5))
    assert.ok(server.issued.length >= 2)
    assert.deepEqual(failures, [])
  }))

test('a bad nonce is no failure: it is tried again with the one that came with the answer', () =>
  inWorld(async ({ manage, server, failures }) => {
    server.vices.badNonces = 3
    await manage().start()
    assert.deepEqual(failures, [])
    assert.equal(server.asked.filter((each) => each.endsWith('/nonce')).length, 1)
  }))

/** The first failure of an order that cannot succeed. */
async function failure(
  vices: Vices,
  options: Partial<ManagedOptions> = {},
): Promise<{ error: CertificateError; nextTry: Date | null; asked: readonly string[]; after: number }> {
  let found: { error: CertificateError; nextTry: Date | null; asked: readonly string[]; after: number } | null = null
  await inWorld(async ({ manage, server, failures, wait, web }) => {
    Object.assign(server.vices, vices)
    const began = web.clock.wallMillis()
    const certificates = manage(options)
    const started = certificates.start()
    started.catch(() => {})
    while (failures.length === 0) await wait(seconds(1))
    const { error, nextTry } = failures[0]!
    found = { error: error as CertificateError, nextTry, asked: server.asked, after: nextTry!.getTime() - began }
    await certificates.close()
    await assert.rejects(started)
  })
  return found!
}

test('an authority that never comes to an end', async () => {
  const { error } = await failure({ pendingForever: true }, { limits: { orderTime: minutes(2) } })
  assert.equal(error.code, 'ACME_TIMEOUT')
  assert.match(
    error.message,
    /acme\.example has not come to an end: waited 120 s in all, and still for shop\.example to be looked at \(http-01\)/,
  )
})

test('an order without a URL, or with one that is not https', async () => {
  for (const orderLocation of ['', 'http://acme.example/order/0']) {
    const { error } = await failure({ orderLocation })
    assert.equal(error.code, 'ACME_MALFORMED')
    assert.match(error.message, /the order has no URL/)
  }
})

test('URLs that are not https, another name, a token that is a path: nothing is answered', async () => {
  for (const [vices, why] of [
    [{ finalize: 'http://acme.example/f' }, /finalize is not an https URL/],
    [{ otherName: 'victim.example' }, /it wants victim\.example to be shown, which was not ordered/],
    [{ token: '../../secret' }, /the token of a challenge is not base64url/],
    [{ token: '' }, /has no token/],
  ] as const) {
    const { error } = await failure(vices)
    assert.equal(error.code, 'ACME_MALFORMED')
    assert.match(error.message, why)
  }
})

test('a certificate for another key, or other names, is not shown', async () => {
  for (const [vices, why] of [
    [{ otherKey: true }, /it is for another key/],
    [{ otherNames: ['evil.example'] }, /it is not for shop\.example/],
  ] as const) {
    const { error } = await failure(vices)
    assert.equal(error.code, 'ACME_MALFORMED')
    assert.match(error.message, why)
  }
})

test('an answer without end, and a server that is broken', async () => {
  assert.match(
    (await failure({ endless: true })).error.message,
    /answers with more than 262144 bytes \(limit answerBytes\)/,
  )
  assert.match(
    (await failure({ broken: 1 })).error.message,
    /acme\.example answers 500 to .*directory, without saying why/,
  )
})

test('a nonce that is never good, and none at all', async () => {
  const { error, asked } = await failure({ badNonces: 1000 })
  assert.equal(error.problem, 'badNonce')
  assert.equal(asked.filter((each) => each === 'POST /account').length, 4)
  assert.match((await failure({ noNonce: true })).error.message, /gives no nonce/)
})

test('the authority’s patience is waited for', async () => {
  const { error, after } = await failure({ limited: 1, retryAfter: 3 * 3600 })
  assert.equal(error.code, 'ACME_RATE_LIMITED')
  assert.match(error.message, /acme\.example refuses: too many certificates for these names \(rateLimited\)/)
  assert.ok(after >= 3 * 3600_000 && after < 4 * 3600_000, `${after}`)
  // But not for ever.
  assert.ok((await failure({ limited: 1, retryAfter: 999_999_999 })).after <= 31 * 3600_000)
})

test('after failures it is tried again, ever later, and succeeds', () =>
  inWorld(async ({ manage, server, failures, web }) => {
    server.vices.limited = 4
    server.vices.retryAfter = 1
    const began = web.clock.wallMillis()
    await manage().start()
    assert.equal(failures.length, 4)
    const waits = failures.map(({ nextTry }, i) => nextTry!.getTime() - (failures[i - 1]?.nextTry?.getTime() ?? began))
    for (const [i, wait] of waits.entries()) assert.ok(wait >= 2 ** i * 15 * 60_000, `${i}: ${wait}`)
  }))

test('what the authority could not see is told with what it needs', () =>
  inWorld(async ({ manage, failures, wait }) => {
    const solver = { type: 'http-01', present() {}, withdraw() {} } as const
    const certificates = manage({ solvers: [solver] })
    certificates.start().catch(() => {})
    while (failures.length === 0) await wait(seconds(1))
    assert.match(
      failures[0]!.error.message,
      /acme\.example could not see that shop\.example is yours by http-01: http:\/\/shop\.example\/ must lead to this machine's port 80 .* It says: found hello \(unauthorized\)/,
    )
  }))

test('what no time will mend rejects at once', () =>
  inWorld(async ({ manage, server }) => {
    await assert.rejects(
      manage({ names: ['*.shop.example'] }).start(),
      /needs the challenge dns-01: give the solver dns01\(zones\)/,
    )
    await assert.rejects(manage({ solvers: [] }).start(), /no solvers: give http01\(\)/)
    for (const name of ['localhost', '10.0.0.1', 'a b.example', '-a.example', '', 'https://shop.example'])
      assert.throws(() => manage({ names: [name] }), { code: 'CERTIFICATE_SETTINGS' })
    assert.throws(() => manage({ names: [] }), /at least one name/)
    assert.throws(() => manage({ names: Array.from({ length: 101 }, (_, i) => `a${i}.example`) }), /\(limit names\)/)
    assert.throws(() => manage({ directory: 'http://acme.example/directory' }), /is an https URL/)
    assert.throws(() => manage({ termsAgreed: false as true }), /set termsAgreed: true/)
    assert.deepEqual(
      server.orders.filter(({ status }) => status === 'valid'),
      [],
    )
  }))

test('names in capitals and of other scripts are ordered as they stand in certificates', () =>
  inWorld(async ({ manage, server }) => {
    await manage({ names: ['Shop.Example', 'bücher.example', 'shop.example'] }).start()
    assert.deepEqual(server.orders[0]!.names, ['shop.example', 'xn--bcher-kva.example'])
  }))

test('an authority for customers: with the key it shows, and not without', () =>
  inWorld(
    async ({ manage, server }) => {
      await assert.rejects(manage().start(), /gives certificates to its customers only: set externalAccount/)
      await manage({ storage: memoryStorage(), externalAccount: { keyId: 'me', key: 'c2VjcmV0' } }).start()
      assert.equal(server.accounts.size, 1)
      await assert.rejects(
        manage({ storage: memoryStorage(), externalAccount: { keyId: 'me', key: '!' } }).start(),
        /must be base64url/,
      )
    },
    { externalKeys: { me: new TextEncoder().encode('secret') } },
  ))

test('a solver that throws fails the order, and one that cannot tidy up does not', () =>
  inWorld(async ({ manage, failures, http, wait }) => {
    const untidy = {
      ...http,
      type: http.type,
      present: http.present.bind(http),
      withdraw: () => Promise.reject(new Error('stuck')),
    }
    await manage({ solvers: [untidy] }).start()
    assert.deepEqual(
      failures.map(({ error }) => error.message),
      ['stuck'],
    )
    const broken = { type: 'http-01', present: () => Promise.reject(new Error('no room')), withdraw() {} } as const
    const certificates = manage({ names: ['b.example'], solvers: [broken] })
    certificates.start().catch(() => {})
    while (failures.length < 2) await wait(seconds(1))
    assert.equal(failures[1]!.error.message, 'no room')
  }))
