/** Connections as Node's streams, and streams as connections. */
export { type Endpoints, fromDuplex, toDuplex } from './duplex.ts'
export { type ConnectionStreams, fromWebStreams, toWebStreams } from './streams.ts'
