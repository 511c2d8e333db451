/**
 * Master files (RFC 1035 §5) with `$ORIGIN`, `$TTL` (RFC 2308 §4), `$INCLUDE` and BIND's `$GENERATE`. What is wrong
 * is collected with its place; reading goes on after it.
 */
import { MAX_FAULT_TEXT, MAX_GENERATED, MAX_INCLUDE_DEPTH, MAX_INCLUDED_FILES, MAX_ZONE_FAULTS } from '../limits.ts'
import { Name } from '../message/name.ts'
import { type Entry, Lexer, type Place, TextFault, type Word, Words } from '../message/rdata/lexer.ts'
import { nameOf } from '../message/rdata/names.ts'
import { parseTtl } from '../message/rdata/numbers.ts'
import { rdataOfWords, readRdata } from '../message/rdata/text.ts'
import type { ResourceRecord } from '../message/record.ts'
import { CLASS, isMetaType, parseClass, parseType, TYPE } from '../message/types.ts'
import { expand, parseRange } from './generate.ts'

/** What is wrong with a zone, and where. */
export interface ZoneFault extends Place {
  /** With an error the zone cannot be served; a warning is likely a mistake. */
  readonly severity: 'error' | 'warning'
  readonly file: string
  readonly why: string
}

/** `example.zone:7:12: error: …`, as compilers write it. */
export function printFault(fault: ZoneFault): string {
  return `${fault.file}:${fault.line}:${fault.column}: ${fault.severity}: ${shown(fault.why)}`
}

/** Of a reason that quotes a file which is no zone file: no control characters, and no more than tells. */
function shown(why: string): string {
  const short = why.length > MAX_FAULT_TEXT ? `${why.slice(0, MAX_FAULT_TEXT)}…` : why
  return short.replace(/[\0-\x1f\x7f-\x9f]/g, (c) => `\\${String(c.charCodeAt(0)).padStart(3, '0')}`)
}

/** A record and where its file says it. */
export interface PlacedRecord extends ResourceRecord, Place {
  readonly file: string
}

export interface MasterOptions {
  /** Whose relative names: the zone's name. Default the root. */
  readonly origin?: Name
  /** The file's name, for messages and for `include`. */
  readonly file?: string
  /** The class of records that name none; default IN. */
  readonly class?: number
  /** The time to live where neither the record nor `$TTL` says one. Without it that is an error. */
  readonly ttl?: number
  /** Whether OPT, TSIG and their like may stand there; in a zone they may not. */
  readonly metaTypes?: boolean
  /**
   * The text of a file that `$INCLUDE` names, or why there is none; `from` is the file with the directive. Without
   * it `$INCLUDE` is refused: a text from elsewhere must not read local files.
   */
  readonly include?: (path: string, from: string) => { readonly text: string } | { readonly why: string }
  readonly includeDepth?: number
  readonly includedFiles?: number
  readonly generated?: number
  readonly faults?: number
}

export interface MasterFile {
  readonly records: readonly PlacedRecord[]
  readonly faults: readonly ZoneFault[]
}

/** The records of a master file, with all that is wrong in it. Never throws. */
export function readMaster(text: string, options: MasterOptions = {}): MasterFile {
  const reader = new MasterReader(options)
  reader.read(text, options.file ?? 'zone', options.origin ?? Name.root, 0)
  return reader
}

class MasterReader implements MasterFile {
  readonly records: PlacedRecord[] = []
  readonly faults: ZoneFault[] = []
  readonly #options: MasterOptions
  #file = ''
  #depth = 0
  #origin = Name.root
  #owner: Name | null = null
  #class: number
  /** From `$TTL`; null before it. */
  #defaultTtl: number | null = null
  #lastTtl: number | null = null
  #generated = 0
  #included = 0
  #stopped = false

  constructor(options: MasterOptions) {
    this.#options = options
    this.#class = options.class ?? CLASS.IN
    this.#lastTtl = options.ttl ?? null
  }

  read(text: string, file: string, origin: Name, depth: number): void {
    const outer = [this.#file, this.#depth, this.#origin, this.#owner] as const
    this.#file = file
    this.#depth = depth
    this.#origin = origin
    const lexer = new Lexer(text)
    while (!this.#stopped) {
      try {
        const entry = lexer.next()
        if (entry === null) break
        this.#entry(entry)
      } catch (fault) {
        if (!(fault instanceof TextFault)) throw fault
        this.#report(fault)
      }
    }
    // RFC 1035 §5.1: an included file changes neither the origin nor the owner of the file that includes it.
    ;[this.#file, this.#depth, this.#origin, this.#owner] = outer
  }

  #report({ why, line, column }: TextFault): void {
    this.faults.push({ severity: 'error', file: this.#file, line, column, why })
    if (this.faults.length < (this.#options.faults ?? MAX_ZONE_FAULTS)) return
    this.faults.push({
      severity: 'error',
      file: this.#file,
      line,
      column,
      why: 'too many errors: the rest is not read',
    })
    this.#stopped = true
  }

  #entry(entry: Entry): void {
    const first = entry.words[0]!
    if (!entry.indented && !first.quoted && first.text.startsWith('$')) this.#directive(entry)
    else this.#record(entry, entry.indented ? null : first)
  }

  #directive(entry: Entry): void {
    const words = new Words(entry.words, entry.end)
    const directive = words.next('a directive')
    switch (directive.text.toUpperCase()) {
      case '$ORIGIN':
        this.#origin = nameOf(words.next('a domain name'), this.#origin)
        break
      case '$TTL':
        this.#defaultTtl = ttlOf(words.next('a time to live'))
        break
      case '$INCLUDE':
        this.#include(words)
        break
      case '$GENERATE':
        this.#generate(words, entry.end)
        return
      default:
        throw new TextFault(`'${directive.text}' is none of $ORIGIN, $TTL, $INCLUDE and $GENERATE`, directive)
    }
    words.finish(directive.text)
  }

  #include(words: Words): void {
    const path = words.next('a file name')
    const origin = words.more ? nameOf(words.next('an origin'), this.#origin) : this.#origin
    words.finish('$INCLUDE')
    const { include, includeDepth = MAX_INCLUDE_DEPTH, includedFiles = MAX_INCLUDED_FILES } = this.#options
    if (include === undefined) throw new TextFault('$INCLUDE is not allowed here', path)
    if (this.#depth >= includeDepth)
      throw new TextFault(`files are included more than ${includeDepth} deep: does one include itself?`, path)
    if (++this.#included > includedFiles) throw new TextFault(`more than ${includedFiles} files are included`, path)
    const included = include(path.text, this.#file)
    if ('why' in included) throw new TextFault(`cannot include '${path.text}': ${included.why}`, path)
    this.read(included.text, path.text, origin, this.#depth + 1)
  }

  #generate(words: Words, end: Place): void {
    const rangeWord = words.next('a range')
    const range = parseRange(rangeWord)
    const template = words.rest('an owner')
    const limit = this.#options.generated ?? MAX_GENERATED
    this.#generated += Math.floor((range.stop - range.start) / range.step) + 1
    if (this.#generated > limit) throw new TextFault(`$GENERATE makes more than ${limit} records`, rangeWord)
    for (let value = range.start; value <= range.stop; value += range.step) {
      const expanded = template.map((word) => ({ ...word, text: expand(word, value) }))
      this.#record({ indented: false, words: expanded, end }, expanded[0]!)
    }
  }

  /** @param ownerWord null when the owner is that of the record before. */
  #record(entry: Entry, ownerWord: Word | null): void {
    const words = new Words(ownerWord === null ? entry.words : entry.words.slice(1), entry.end)
    if (ownerWord !== null) this.#owner = nameOf(ownerWord, this.#origin)
    const name = this.#owner
    const place = ownerWord ?? entry.words[0]!
    if (name === null) throw new TextFault('the first record names no owner', place)
    const { ttl: written, type } = this.#head(words)
    const rdata = rdataOfWords(type, words, this.#origin)
    const ttl =
      written ?? this.#defaultTtl ?? this.#lastTtl ?? (type === TYPE.SOA ? readRdata('SOA', rdata).minimum : null)
    if (ttl === null) throw new TextFault('no time to live: neither here, nor by $TTL, nor in a record before', place)
    // RFC 1035 §5.1: a time to live left out is that of the record before; RFC 2308 §4: unless $TTL says one.
    this.#lastTtl = ttl
    const { line, column } = place
    this.records.push({ name, type, class: this.#class, ttl, rdata, file: this.#file, line, column })
  }

  /** `[TTL] [class] type` or `[class] [TTL] type` (RFC 1035 §5.1). */
  #head(words: Words): { ttl: number | null; type: number } {
    let ttl: number | null = null
    let rrclass: number | undefined
    for (;;) {
      const word = words.next('a record type')
      const type = parseType(word.text)
      // ANY is a class before another type and a type otherwise.
      const named = rrclass === undefined && words.more ? parseClass(word.text) : undefined
      if (named !== undefined) {
        this.#class = rrclass = named
      } else if (type !== undefined) {
        if (isMetaType(type) && this.#options.metaTypes !== true)
          throw new TextFault(`${word.text} is a type of messages, not of zones`, word)
        return { ttl, type }
      } else if (ttl === null && /^[0-9]/.test(word.text)) ttl = ttlOf(word)
      else throw new TextFault(`'${word.text}' is no record type`, word)
    }
  }
}

function ttlOf(word: Word): number {
  const ttl = parseTtl(word.text)
  if (ttl !== null) return ttl
  throw new TextFault(`'${word.text}' is no time to live: seconds up to 2147483647, or with units as in 1h30m`, word)
}
