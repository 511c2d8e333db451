export {
  type Address,
  type Family,
  familyOf,
  formatAddress,
  type IpAddress,
  ipOf,
  type PathAddress,
  parseAddress,
  placeOf,
} from './address.ts'
export { AddressSet } from './address-set.ts'
export * from './berkeley/constants.ts'
export type { SocketName } from './berkeley/name.ts'
export {
  type AddressInfo,
  type ConnectionSettings,
  create_connection,
  create_server,
  getaddrinfo,
  type ServerSettings,
  socketpair,
} from './berkeley/opening.ts'
export { SocketReader } from './berkeley/reader.ts'
export { type Ancillary, Socket, type SocketOptions } from './berkeley/socket.ts'
export { SocketTimeout } from './berkeley/waiting.ts'
export { connectTo } from './connect-to.ts'
export { ConnectionDecorator, HostDecorator } from './decorate.ts'
export { type ConnectByNameOptions, connectByName, type ResolveName } from './eyeballs/connect.ts'
export { FileTooShort, sendFile, writeOwned } from './file.ts'
export type {
  Accept,
  Connection,
  ConnectionOwner,
  ConnectOptions,
  DatagramInfo,
  DatagramOptions,
  Datagrams,
  DatagramsOwner,
  FileSource,
  Host,
  Listener,
  ListenOptions,
  OptionSettings,
  PathDatagrams,
  Peer,
  Security,
  SocketFileOptions,
} from './host.ts'
export { SOCKET_LIMITS, type SocketLimits } from './limits.ts'
export {
  type Credentials,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPPROTO_UDP,
  type Linger,
  type Membership,
  OPTIONS,
  type OptionName,
  type OptionValue,
  SOL_SOCKET,
  type TcpInfoValue,
} from './options.ts'
export { connectionPair } from './pair.ts'
export type { ProxyHeader, ProxyHeaderInit, ProxySsl, ProxyTlv } from './proxied/header.ts'
export { ProxiedConnection, type ProxiedOptions, proxied } from './proxied/host.ts'
export { type ReadHeader, readProxyHeader } from './proxied/read.ts'
export { writeProxyHeader } from './proxied/write.ts'
export { fromWebStreams, type StreamEnds, type StreamPair } from './web/from-streams.ts'
export { type ConnectionStreams, toWebStreams } from './web/to-streams.ts'
