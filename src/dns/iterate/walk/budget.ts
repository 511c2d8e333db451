/**
 * What is left to spend on one client's question. Its sub-questions share it and nothing ever fills it up again: that
 * is what bounds every amplification, whatever the zones say.
 */
import type { ResolverLimits } from '../../limits.ts'

/** The budget of one client's question. */
export class Budget {
  readonly limits: ResolverLimits
  upstreamQueries: number
  targets: number
  vainTargets: number

  constructor(limits: ResolverLimits) {
    this.limits = limits
    this.upstreamQueries = limits.upstreamQueries
    this.targets = limits.targets
    this.vainTargets = limits.vainTargets
  }

  /** Whether one more question may be asked of a server; takes it. */
  query(): boolean {
    if (this.upstreamQueries <= 0) return false
    this.upstreamQueries--
    return true
  }

  /** Whether one more name server's address may be looked for; takes it. */
  target(): boolean {
    if (this.targets <= 0 || this.vainTargets <= 0) return false
    this.targets--
    return true
  }

  vainTarget(): void {
    this.vainTargets--
  }
}
