/** Mail by SMTP. */
import assert from 'node:assert/strict'
import { createTransport } from 'nodemailer'
import { SMTPServer } from 'smtp-server'
import { nodeConnect, serveNode } from '../../src/socket/node/index.ts'
import { everywhere } from './places.ts'

interface Mail {
  readonly from: string
  readonly to: readonly string[]
  readonly text: string
}

everywhere('nodemailer', 'a mail with an attachment arrives, a wrong password does not enter', async (place) => {
  const mails: Mail[] = []
  const smtp = new SMTPServer({
    authOptional: false,
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    disableReverseLookup: true,
    onAuth: ({ username, password }, _session, done) =>
      username === 'me' && password === 'secret' ? done(null, { user: 'me' }) : done(new Error('who are you?')),
    onData: async (stream, { envelope }, done) => {
      let text = ''
      for await (const chunk of stream) text += String(chunk)
      const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address
      mails.push({ from, to: envelope.rcptTo.map(({ address }) => address), text })
      done()
    },
  })
  const port = await place.open(serveNode(place.server, smtp.server as never, 0))
  const access = (pass: string) =>
    createTransport({
      host: place.address,
      port,
      auth: { user: 'me', pass },
      ignoreTLS: true,
      getSocket(_options: unknown, done: (error: Error | null, socket?: object) => void) {
        const socket = nodeConnect(place.client)(port, place.address)
        socket.once('connect', () => done(null, { connection: socket }))
        socket.once('error', done)
      },
    } as object)
  const mail = { from: 'a@example.org', to: 'b@example.org, c@example.org', subject: 'Grüße', text: '.\n..\nend' }
  const attachments = [{ filename: 'data.bin', content: Buffer.alloc(50_000, 7) }]
  const sent = await access('secret').sendMail({ ...mail, attachments })
  assert.match(sent.response, /^250/)
  assert.equal(mails.length, 1)
  assert.deepEqual([mails[0]!.from, mails[0]!.to], ['a@example.org', ['b@example.org', 'c@example.org']])
  assert.match(mails[0]!.text, /Subject: =\?UTF-8\?Q\?Gr=C3=BC=C3=9Fe\?=/)
  assert.match(mails[0]!.text, /\r\n\.\r\n\.\.\r\nend\r\n/)
  await assert.rejects(access('wrong').sendMail(mail), { code: 'EAUTH' })
})
