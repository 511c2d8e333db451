/** What is wrong with a zone file, and where. */
import { Fault } from '../../base/fault.ts'
import { DNS_LIMITS } from '../limits.ts'
import type { Place } from '../message/rdata/lexer.ts'

/** A place in one of the files that make a zone. */
export interface FilePlace extends Place {
  readonly file: string
}

/** `at` counts characters from the start of the file. */
export class ZoneFault extends Fault implements FilePlace {
  /** With an error the zone cannot be served; a warning is likely a mistake. */
  readonly severity: 'error' | 'warning'
  readonly file: string
  /** Both count from 1. */
  readonly line: number
  readonly column: number

  /** @param longest characters of the reason that are kept: a file that is no zone file has "words" of any length. */
  constructor(severity: 'error' | 'warning', why: string, place: FilePlace, longest = DNS_LIMITS.zone.faultText) {
    super(shown(why, longest), place.at)
    this.severity = severity
    this.file = place.file
    this.line = place.line
    this.column = place.column
  }
}

/** `example.zone:7:12: error: …`, as compilers write it. */
export function printFault(fault: ZoneFault): string {
  return `${fault.file}:${fault.line}:${fault.column}: ${fault.severity}: ${fault.why}`
}

/** Of a reason that quotes a file which is no zone file: no control characters, and no more than tells. */
function shown(why: string, longest: number): string {
  const short = why.length > longest ? `${why.slice(0, longest)}…` : why
  return short.replace(/[\0-\x1f\x7f-\x9f]/g, (c) => `\\${String(c.charCodeAt(0)).padStart(3, '0')}`)
}
