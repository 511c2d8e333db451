/** Host 2: Reticle's own IP stack, on any device that carries frames. */
export type { Device } from './device.ts'
export { NETWORK_ERROR_CODE, type NetworkError } from './ip/errors.ts'
export { Interface } from './ip/interface.ts'
export { Nat } from './ip/nat.ts'
export type { Route } from './ip/routes.ts'
export { StackHost, type StackHostOptions, stackHost } from './socket/host.ts'
export type { HostsFile, Resolver } from './socket/lookup.ts'
export { Stack, type StackOptions } from './stack.ts'
