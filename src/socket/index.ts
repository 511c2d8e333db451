export { type Address, type Family, familyOf, formatAddress } from './address.ts'
export * from './berkeley/constants.ts'
export type { SocketName } from './berkeley/name.ts'
export { Socket } from './berkeley/socket.ts'
export type {
  Connection,
  ConnectionOwner,
  ConnectOptions,
  DatagramOptions,
  Datagrams,
  DatagramsOwner,
  Host,
  Listener,
  ListenOptions,
  OptionSettings,
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
