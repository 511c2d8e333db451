/** Connections as Node's streams, and streams as connections. */
export { toDuplex } from './duplex.ts'
export { type Endpoints, fromDuplex } from './from-duplex.ts'
export { type ConnectionStreams, fromWebStreams, toWebStreams } from './streams.ts'
