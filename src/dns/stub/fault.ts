/** What is wrong in one of a host's configuration files. */
import { Fault } from '../../base/fault.ts'

/** `at` counts characters from the start of the file. Lines that can be read are used all the same, as every system does. */
export class LineFault extends Fault {
  /** Counted from 1. */
  readonly line: number

  constructor(why: string, at: number, line: number) {
    super(why, at)
    this.line = line
  }
}
