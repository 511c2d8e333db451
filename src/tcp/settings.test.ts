import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Duration, ms, seconds } from '../base/duration.ts'
import { TcpSettingError } from './errors.ts'
import { TCP_LIMITS } from './limits.ts'
import { TCP_SETTINGS, type TcpSettings, tcpSettings } from './settings.ts'

test('settings are changed by name; what nobody changes is shared', () => {
  const changed = tcpSettings({ timeWait: seconds(1), noDelay: true, sack: undefined as unknown as boolean })
  assert.deepEqual([changed.timeWait, changed.noDelay, changed.sack], [1e9, true, true])
  assert.equal(tcpSettings({}), TCP_SETTINGS)
  assert.equal(tcpSettings({}, changed), changed)
  assert.ok(Object.isFrozen(changed) && Object.isFrozen(TCP_SETTINGS) && Object.isFrozen(TCP_LIMITS))
})

test('every limit is a setting', () => {
  for (const [name, value] of Object.entries(TCP_LIMITS)) assert.equal(TCP_SETTINGS[name as keyof TcpSettings], value)
})

test('what no connection can have is refused, with the value and what is allowed', () => {
  const refused: [Record<string, unknown>, RegExp][] = [
    [{ receiveBuffer: 0 }, /tcp: receiveBuffer must be a whole number of at least 1, and is 0/],
    [{ retries: -1 }, /retries must be a whole number of at least 0, and is -1/],
    [{ retries: 1.5 }, /retries must be a whole number of at least 0, and is 1.5/],
    [{ sack: 1 }, /sack must be true or false, and is 1/],
    [{ maxRto: 0 }, /maxRto must be longer than 0/],
    [{ congestion: 'constructor' }, /the congestion control 'constructor' is not known, only reno/],
    [{ congestion: 7 }, /congestion must be the name of a congestion control, and is 7/],
    [{ algorithms: null }, /algorithms must be an object of functions/],
    [{ minRto: seconds(2), maxRto: seconds(1) }, /minRto is 2 s, longer than maxRto, which is 1 s/],
    [{ delayedAck: ms(500) }, /delayedAck must be shorter than 500 ms/],
    [{ timewait: 5 }, /'timewait' is not a setting of TCP/],
  ]
  for (const [changes, words] of refused)
    assert.throws(
      () => tcpSettings(changes as Partial<TcpSettings>),
      (error: unknown) => error instanceof TcpSettingError && error.code === 'TCP_SETTING' && words.test(error.message),
    )
})

test('a bare number where a duration is meant is refused: 40 would be 40 ns', () => {
  assert.throws(() => tcpSettings({ delayedAck: 40 as Duration }), /tcp: delayedAck .*40 ns.*write ms\(40\)/s)
  assert.throws(() => tcpSettings({ timeWait: 5000 as Duration }), /tcp: timeWait .*5 µs.*write ms\(5000\)/s)
  assert.equal(tcpSettings({ delayedAck: ms(0) }).delayedAck, 0)
})
