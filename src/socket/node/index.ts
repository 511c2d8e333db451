/** Connections as Node's sockets, Node's sockets as connections, and Node's own servers and clients on any Host. */
export { nodeAgent, nodeSecureAgent } from './agent.ts'
export { HostSocket, type NodeConnectArguments, type NodeConnectOptions, nodeConnect, nodeSocket } from './connect.ts'
export { type DuplexSettings, type SocketAddressInfo, SocketDuplex, toDuplex } from './duplex.ts'
export { type Endpoints, fromDuplex } from './from-duplex.ts'
export { type ServeNodeOptions, serveNode } from './serve.ts'
