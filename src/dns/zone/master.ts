/**
 * Master files (RFC 1035 §5) with `$ORIGIN`, `$TTL` (RFC 2308 §4), `$INCLUDE` and BIND's `$GENERATE`. What is wrong
 * is collected with its place; reading goes on after it.
 */
import { limitGroup, type ZoneLimits } from '../limits.ts'
import { Name } from '../message/name.ts'
import { type Entry, Lexer, type Place, TextError, type Word, Words } from '../message/rdata/lexer.ts'
import { nameOf } from '../message/rdata/names.ts'
import { parseTtl } from '../message/rdata/numbers.ts'
import { rdataOfWords, readRdata } from '../message/rdata/text.ts'
import type { ResourceRecord } from '../message/record.ts'
import { CLASS, isMetaType, parseClass, parseType, TYPE } from '../message/types.ts'
import { type FilePlace, ZoneFault } from './fault.ts'
import { expand, parseRange } from './generate.ts'
import { RECORDS_PER_STEP, runThrough, type Work } from './work.ts'

/** A record and where its file says it. */
export interface PlacedRecord extends ResourceRecord, FilePlace {}

/** How a master file is read. */
export interface MasterOptions {
  /** Whose relative names: the zone's name. Default the root. */
  readonly origin?: Name
  /** The file's name, for messages and for `include`. */
  readonly file?: string
  /** The class of records that name none; default IN. */
  readonly class?: number
  /** The time to live where neither the record nor `$TTL` says one, seconds. Without it that is an error. */
  readonly ttl?: number
  /** Whether OPT, TSIG and their like may stand there; in a zone they may not. */
  readonly metaTypes?: boolean
  /**
   * The text of a file that `$INCLUDE` names, or why there is none; `from` is the file with the directive. Without
   * it `$INCLUDE` is refused: a text from elsewhere must not read local files.
   */
  readonly include?: (path: string, from: string) => { readonly text: string } | { readonly why: string }
  readonly limits?: Partial<ZoneLimits>
}

/** What a master file says. */
export interface MasterFile {
  readonly records: readonly PlacedRecord[]
  readonly faults: readonly ZoneFault[]
}

/**
 * The records of a master file, with all that is wrong in it. Never throws.
 * @example
 * const { records, faults } = readMaster('www 300 A 192.0.2.1', { origin: Name.parse('example.org.') })
 */
export function readMaster(text: string, options: MasterOptions = {}): MasterFile {
  return runThrough(masterWork(text, options))
}

/** As `readMaster`, in steps. */
export function* masterWork(text: string, options: MasterOptions = {}): Work<MasterFile> {
  const reader = new MasterReader(options)
  yield* reader.read(text, options.file ?? 'zone', options.origin ?? Name.root, 0)
  return reader
}

const BYTE_ORDER_MARK = '\ufeff'

class MasterReader implements MasterFile {
  readonly records: PlacedRecord[] = []
  readonly faults: ZoneFault[] = []
  readonly #options: MasterOptions
  readonly #limits: ZoneLimits
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
  #sinceStep = 0

  constructor(options: MasterOptions) {
    this.#options = options
    this.#limits = limitGroup('zone', options.limits)
    this.#class = options.class ?? CLASS.IN
    this.#lastTtl = options.ttl ?? null
  }

  *read(text: string, file: string, origin: Name, depth: number): Work<void> {
    const outer = [this.#file, this.#depth, this.#origin, this.#owner] as const
    this.#file = file
    this.#depth = depth
    this.#origin = origin
    if (text.startsWith(BYTE_ORDER_MARK)) {
      this.#report('the file starts with a byte order mark (U+FEFF): save it as UTF-8 without one', {
        at: 0,
        line: 1,
        column: 1,
      })
    }
    const lexer = new Lexer(text)
    while (!this.#stopped) {
      try {
        const entry = lexer.next()
        if (entry === null) break
        yield* this.#entry(entry)
      } catch (error) {
        if (!(error instanceof TextError)) throw error
        this.#report(error.why, error)
      }
      if (++this.#sinceStep >= RECORDS_PER_STEP) yield* this.#step()
    }
    // RFC 1035 §5.1: an included file changes neither the origin nor the owner of the file that includes it.
    ;[this.#file, this.#depth, this.#origin, this.#owner] = outer
  }

  *#step(): Work<void> {
    this.#sinceStep = 0
    yield
  }

  #report(why: string, { at, line, column }: Place): void {
    const { faults, faultText } = this.#limits
    const place = { file: this.#file, at, line, column }
    this.faults.push(new ZoneFault('error', why, place, faultText))
    if (this.faults.length < faults) return
    this.faults.push(new ZoneFault('error', 'too many errors: the rest is not read', place, faultText))
    this.#stopped = true
  }

  *#entry(entry: Entry): Work<void> {
    const first = entry.words[0]!
    if (!entry.indented && !first.quoted && first.text.startsWith('$')) yield* this.#directive(entry)
    else this.#record(entry, entry.indented ? null : first)
  }

  *#directive(entry: Entry): Work<void> {
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
        yield* this.#include(words)
        break
      case '$GENERATE':
        yield* this.#generate(words, entry.end)
        return
      default:
        throw new TextError(
          `'${directive.text}' is not a directive: there are $ORIGIN, $TTL, $INCLUDE and $GENERATE`,
          directive,
        )
    }
    words.finish(directive.text)
  }

  *#include(words: Words): Work<void> {
    const path = words.next('a file name')
    const origin = words.more ? nameOf(words.next('an origin'), this.#origin) : this.#origin
    words.finish('$INCLUDE')
    const { include } = this.#options
    const { includeDepth, includedFiles } = this.#limits
    if (include === undefined) throw new TextError('$INCLUDE is not allowed here', path)
    if (this.#depth >= includeDepth)
      throw new TextError(`files are included more than ${includeDepth} deep: does one include itself?`, path)
    if (++this.#included > includedFiles) throw new TextError(`more than ${includedFiles} files are included`, path)
    const included = include(path.text, this.#file)
    if ('why' in included) throw new TextError(`cannot include '${path.text}': ${included.why}`, path)
    yield* this.read(included.text, path.text, origin, this.#depth + 1)
  }

  /** `$GENERATE range owner [TTL] [class] type rdata`. */
  *#generate(words: Words, end: Place): Work<void> {
    const rangeWord = words.next('a range')
    const range = parseRange(rangeWord)
    const owner = words.next('an owner')
    const head = this.#head(words)
    const template = words.rest('the data of the record')
    const { generated } = this.#limits
    this.#generated += Math.floor((range.stop - range.start) / range.step) + 1
    if (this.#generated > generated) throw new TextError(`$GENERATE makes more than ${generated} records`, rangeWord)
    for (let value = range.start; value <= range.stop; value += range.step) {
      this.#owner = nameOf({ ...owner, text: expand(owner, value) }, this.#origin)
      this.#add(this.#owner, head, new Words(expandAll(template, value), end), owner)
      if (++this.#sinceStep >= RECORDS_PER_STEP) yield* this.#step()
    }
  }

  /** @param ownerWord null when the owner is that of the record before. */
  #record(entry: Entry, ownerWord: Word | null): void {
    const words = new Words(ownerWord === null ? entry.words : entry.words.slice(1), entry.end)
    if (ownerWord !== null) this.#owner = nameOf(ownerWord, this.#origin)
    const place = ownerWord ?? entry.words[0]!
    if (this.#owner === null) throw new TextError('the first record names no owner', place)
    this.#add(this.#owner, this.#head(words), words, place)
  }

  #add(name: Name, { ttl: written, type }: RecordHead, words: Words, place: Place): void {
    const rdata = rdataOfWords(type, words, this.#origin)
    const ttl =
      written ?? this.#defaultTtl ?? this.#lastTtl ?? (type === TYPE.SOA ? readRdata('SOA', rdata).minimum : null)
    if (ttl === null) throw new TextError('no time to live: neither here, nor by $TTL, nor in a record before', place)
    // RFC 1035 §5.1: a time to live left out is that of the record before; RFC 2308 §4: unless $TTL says one.
    this.#lastTtl = ttl
    const { at, line, column } = place
    this.records.push({ name, type, class: this.#class, ttl, rdata, file: this.#file, at, line, column })
  }

  /** `[TTL] [class] type` or `[class] [TTL] type` (RFC 1035 §5.1). */
  #head(words: Words): RecordHead {
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
          throw new TextError(`${word.text} is a type of messages: a zone cannot have such a record`, word)
        return { ttl, type }
      } else if (ttl === null && /^[0-9]/.test(word.text)) ttl = ttlOf(word)
      else throw new TextError(`'${word.text}' is not a record type`, word)
    }
  }
}

interface RecordHead {
  /** Null when the record says none. */
  readonly ttl: number | null
  readonly type: number
}

/**
 * The data of one generated record. BIND takes one word there, quoted when it has blanks: what is between the quotes is
 * read as a line of its own (`MX "10 mail$"`). Several words, as in a plain record, are taken as well.
 */
function expandAll(template: readonly Word[], value: number): readonly Word[] {
  const [only] = template
  if (only === undefined || template.length > 1 || !only.quoted)
    return template.map((word) => ({ ...word, text: expand(word, value) }))
  const entry = new Lexer(expand(only, value).replaceAll('\\"', '"')).next()
  return (entry?.words ?? []).map((word) => ({ ...word, at: only.at, line: only.line, column: only.column }))
}

function ttlOf(word: Word): number {
  const ttl = parseTtl(word.text)
  if (ttl !== null) return ttl
  throw new TextError(`'${word.text}' is not a time to live: seconds up to 2147483647, or with units as in 1h30m`, word)
}
