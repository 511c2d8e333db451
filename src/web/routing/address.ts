/** Where a route is mounted in the site that runs: what its address begins with. */
import { Slot } from '../../base/ambient.ts'
import type { Pattern } from './pattern.ts'

/** Any route, whatever its parameters. */
export interface AnyRoute {
  /** `posts.show`; '' for a pattern that was registered as text. */
  readonly routeName: string
  /** Its own pattern, without the prefixes of groups. */
  readonly pattern: Pattern
}

/** Knows where the routes of the running site stand. */
export interface Addresses {
  /**
   * What the addresses of a route begin with, seen from the running request: '' at the root.
   * @throws RouteError when it stands at several places and none is nearest.
   */
  baseOf(route: AnyRoute): string
  /**
   * The address of a route with these values, by the route or by its name; what its pattern has no place for goes into
   * the query. @throws RouteError for a name that no route has, and as `baseOf` and `reversePattern` do.
   */
  address(route: AnyRoute | string, values: object | undefined): string
}

/** Set for every request, and for what a site is asked to run. */
export const addresses = new Slot<Addresses>('addresses')
