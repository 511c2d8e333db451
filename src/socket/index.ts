export {
  type Address,
  type Family,
  familyOf,
  formatAddress,
  type IpAddress,
  ipOf,
  type PathAddress,
  placeOf,
} from './address.ts'
export * from './berkeley/constants.ts'
export type { SocketName } from './berkeley/name.ts'
export { Socket } from './berkeley/socket.ts'
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
  Peer,
  Security,
} from './host.ts'
export {
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
} from './options.ts'
