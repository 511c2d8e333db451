export { type MachineOptions, systemClock, systemMachine, systemRandom } from '../base/node/machine.ts'
export type { DriverChoice, DriverName } from './driver.ts'
export type {
  KernelAcceptedEvent,
  KernelBoundEvent,
  KernelConnectedEvent,
  KernelEvent,
  KernelFailedEvent,
} from './events.ts'
export { type KernelHost, type KernelHostOptions, kernelHost } from './host.ts'
export { KERNEL_LIMITS, type KernelLimits } from './limits.ts'
