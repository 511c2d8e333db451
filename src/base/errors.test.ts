import assert from 'node:assert/strict'
import test from 'node:test'
import { errorCode, SocketError } from './errors.ts'

test('a socket error reads as Node users know it and carries its parts', () => {
  const error = new SocketError('ECONNREFUSED', 'connect', { address: '127.0.0.1', port: 9 })
  assert.equal(error.message, 'connect ECONNREFUSED: connection refused 127.0.0.1:9')
  assert.deepEqual([error.code, error.errno, error.syscall, error.port], ['ECONNREFUSED', -111, 'connect', 9])
  assert.match(new SocketError('EADDRINUSE', 'listen', { address: '::', port: 80 }).message, /\[::\]:80$/)
})

test('errno numbers give their names', () => {
  assert.equal(errorCode(104), 'ECONNRESET')
  assert.equal(errorCode(9999), 'UNKNOWN')
})

test('an errno without a name of ours keeps its number', () => {
  const error = new SocketError('UNKNOWN', 'bind', { errno: 9999 })
  assert.deepEqual([error.code, error.errno], ['UNKNOWN', -9999])
  assert.match(error.message, /errno 9999/)
})
