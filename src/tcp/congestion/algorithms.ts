/** The congestion control algorithms, by the names that TCP_CONGESTION takes. */
import type { CongestionFactory } from './congestion.ts'
import { reno } from './reno.ts'

/** What `TcpSettings.algorithms` is unless it is given: `reno`. */
export const ALGORITHMS: Readonly<Record<string, CongestionFactory>> = Object.freeze({ reno })
