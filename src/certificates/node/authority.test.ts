/** The development authority in its folder, and certificates in files. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { needCommand } from '../../../test/need.ts'
import { seconds } from '../../base/duration.ts'
import { internet } from '../../sim/index.ts'
import { createAuthority, issue } from '../../tls/index.ts'
import { certificateFiles, developmentAuthority, folderStorage, trustSteps } from '../index.ts'
import { dataFolder } from './data-folder.ts'

function inFolder(body: (folder: string) => void | Promise<void>): () => Promise<void> {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'reticle-authority-'))
    try {
      await body(folder)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

test(
  'made at first use, found afterwards; its key is its user’s alone',
  inFolder((folder) => {
    const at = join(folder, 'deep', 'authority')
    const first = developmentAuthority(at)
    assert.equal(first.isNew, true)
    assert.equal(first.path, join(at, 'authority.pem'))
    const second = developmentAuthority(at)
    assert.equal(second.isNew, false)
    assert.equal(second.certificate, first.certificate)
    if (process.platform !== 'win32') {
      assert.equal(statSync(join(at, 'authority-key.pem')).mode & 0o777, 0o600)
      assert.equal(statSync(at).mode & 0o777, 0o700)
    }
    assert.deepEqual(readdirSync(join(folder, 'deep')), ['authority'])
  }),
)

test(
  'what it signs OpenSSL believes, for this machine’s names and those that were asked for',
  { skip: needCommand('openssl') },
  inFolder((folder) => {
    const authority = developmentAuthority(join(folder, 'a'))
    const { certificate } = authority.issue(['shop.test', '192.168.1.20', 'localhost'])
    assert.equal(
      new X509Certificate(certificate).subjectAltName,
      'DNS:shop.test, IP Address:192.168.1.20, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
    )
    const leaf = join(folder, 'leaf.pem')
    writeFileSync(leaf, certificate)
    const args = [
      'verify',
      '-x509_strict',
      '-purpose',
      'sslserver',
      '-verify_hostname',
      'shop.test',
      '-CAfile',
      authority.path,
      leaf,
    ]
    assert.match(execFileSync('openssl', args).toString(), /OK/)
  }),
)

test(
  'a key that others can read, half an authority, rubbish: refused, with what to do',
  inFolder((folder) => {
    const at = join(folder, 'a')
    developmentAuthority(at)
    const key = join(at, 'authority-key.pem')
    if (process.platform !== 'win32') {
      chmodSync(key, 0o644)
      assert.throws(() => developmentAuthority(at), /can be read by others \(mode 644\).*chmod 600/)
      chmodSync(key, 0o600)
    }
    rmSync(key)
    assert.throws(() => developmentAuthority(at), /authority-key\.pem is missing\. Remove the folder/)
    const other = join(folder, 'b')
    mkdirSync(other)
    writeFileSync(join(other, 'authority.pem'), 'rubbish')
    writeFileSync(join(other, 'authority-key.pem'), 'rubbish', { mode: 0o600 })
    assert.throws(() => developmentAuthority(other), { code: 'CERTIFICATE_FILES', message: /is not a certificate/ })
    const past = { from: new Date(0), until: new Date(86_400_000) }
    const old = createAuthority('old', past)
    writeFileSync(join(other, 'authority.pem'), old.certificate)
    assert.throws(() => developmentAuthority(other), /it has expired on 1970-01-02/)
  }),
)

test(
  'of programs that begin at once all have the same authority',
  inFolder(async (folder) => {
    const at = join(folder, 'a')
    const program = join(folder, 'program.mjs')
    writeFileSync(
      program,
      `import { parentPort, workerData } from 'node:worker_threads'
const { developmentAuthority } = await import(workerData.module)
parentPort.postMessage(developmentAuthority(workerData.at).certificate)`,
    )
    const workerData = { at, module: import.meta.resolve('./authority.ts') }
    const said = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const [message] = (await once(new Worker(program, { workerData }), 'message')) as [string]
        return message
      }),
    )
    assert.equal(new Set(said).size, 1)
  }),
)

test('the user’s data folder, by system', () => {
  assert.equal(dataFolder('linux', { XDG_DATA_HOME: '/data' }), '/data/reticle')
  assert.match(dataFolder('linux', { XDG_DATA_HOME: 'relative' }), /\.local\/share\/reticle$/)
  assert.match(dataFolder('darwin', {}), /Library\/Application Support\/reticle$/)
  assert.match(dataFolder('win32', { LOCALAPPDATA: 'C:\\Local' }), /^C:\\Local.reticle$/)
})

test('how to trust it, by system; paths with spaces are quoted', () => {
  const commands = (platform: NodeJS.Platform) =>
    trustSteps("/a b/it's.pem", platform)
      .map(({ command }) => command)
      .join('\n')
  assert.match(commands('linux'), /update-ca-certificates/)
  assert.match(commands('darwin'), /security add-trusted-cert/)
  assert.match(commands('win32'), /certutil -addstore/)
  assert.match(commands('linux'), /--cacert '\/a b\/it'\\''s\.pem'/)
})

test(
  'files that somebody renews are read again; a pair that does not fit is told of and not shown',
  inFolder(async (folder) => {
    const authority = createAuthority('a test')
    const files = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
    const put = (names: readonly string[], whole = true): void => {
      const { certificate, key } = issue(authority, names)
      writeFileSync(files.certificate, `${String(certificate)}${'\n'.repeat(names.length)}`)
      if (whole) writeFileSync(files.key, key)
    }
    put(['a.example'])
    const net = internet({ seed: 1 })
    const errors: Error[] = []
    const store = certificateFiles(net.clock, [files], { onError: (error) => errors.push(error as Error) })
    const shown = (): string => {
      void store.version
      return new X509Certificate(store.identityFor(null)!.certificate).subjectAltName!
    }
    const wait = (duration: number) =>
      net.run(new Promise<void>((resolve) => void net.clock.at(net.clock.now() + duration, resolve)))
    assert.equal(shown(), 'DNS:a.example')
    put(['a.example', 'b.example'])
    assert.equal(shown(), 'DNS:a.example') // not looked at so soon
    await wait(seconds(11))
    assert.equal(shown(), 'DNS:a.example, DNS:b.example')
    put(['a.example', 'b.example', 'c.example'], false)
    await wait(seconds(11))
    assert.equal(shown(), 'DNS:a.example, DNS:b.example')
    assert.match(errors[0]!.message, /the key does not belong to the certificate/)
    rmSync(files.certificate)
    await wait(seconds(11))
    assert.equal(shown(), 'DNS:a.example, DNS:b.example')
    put(['d.example'])
    await wait(seconds(11))
    assert.equal(shown(), 'DNS:d.example')
    assert.throws(() => certificateFiles(net.clock, [{ ...files, key: join(folder, 'none.pem') }]), { code: 'ENOENT' })
  }),
)

test(
  'a folder keeps texts for its user alone, and puts new ones in place whole',
  inFolder(async (folder) => {
    const at = join(folder, 'kept')
    const storage = folderStorage(at)
    assert.equal(await storage.read('account.pem'), null)
    await storage.write('account.pem', 'one')
    await storage.write('account.pem', 'two')
    assert.equal(await storage.read('account.pem'), 'two')
    assert.deepEqual(readdirSync(at), ['account.pem'])
    assert.equal(readFileSync(join(at, 'account.pem'), 'utf8'), 'two')
    if (process.platform === 'win32') return
    assert.equal(statSync(at).mode & 0o777, 0o700)
    assert.equal(statSync(join(at, 'account.pem')).mode & 0o777, 0o600)
    // What somebody has put where the draft is going to be: a link out of the folder, a file that all can read.
    const draft = join(at, `account.pem.${process.pid}.new`)
    symlinkSync(join(folder, 'theirs'), draft)
    await storage.write('account.pem', 'three')
    assert.equal(existsSync(join(folder, 'theirs')), false)
    writeFileSync(draft, '')
    chmodSync(draft, 0o644)
    await storage.write('account.pem', 'four')
    assert.equal(readFileSync(join(at, 'account.pem'), 'utf8'), 'four')
    assert.equal(statSync(join(at, 'account.pem')).mode & 0o777, 0o600)
  }),
)
