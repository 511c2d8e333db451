/** What templates are made of. Every part carries `at`, its offset in the source. */
import type { Source } from '../errors.ts'

export type Expr =
  | { readonly type: 'literal'; readonly value: unknown; readonly at: number }
  | { readonly type: 'name'; readonly name: string; readonly at: number }
  | { readonly type: 'member'; readonly object: Expr; readonly key: Expr; readonly at: number }
  | { readonly type: 'call'; readonly name: string; readonly args: Args; readonly at: number }
  | { readonly type: 'filter'; readonly input: Expr; readonly name: string; readonly args: Args; readonly at: number }
  | { readonly type: 'unary'; readonly operator: 'not' | '-'; readonly operand: Expr; readonly at: number }
  | {
      readonly type: 'binary'
      readonly operator: Operator
      readonly left: Expr
      readonly right: Expr
      readonly at: number
    }
  | {
      readonly type: 'conditional'
      readonly test: Expr
      readonly then: Expr
      readonly otherwise: Expr | null
      readonly at: number
    }
  | { readonly type: 'defined'; readonly operand: Expr; readonly at: number }
  | { readonly type: 'list'; readonly items: readonly Expr[]; readonly at: number }
  | { readonly type: 'dict'; readonly entries: readonly (readonly [string, Expr])[]; readonly at: number }

export type Operator =
  | 'or'
  | 'and'
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | 'in'
  | 'not in'
  | '~'
  | '+'
  | '-'
  | '*'
  | '/'
  | '//'
  | '%'

export interface Args {
  readonly positional: readonly Expr[]
  readonly named: readonly (readonly [string, Expr])[]
}

export interface Branch {
  /** Null for `else`. */
  readonly test: Expr | null
  readonly body: readonly Node[]
  readonly at: number
}

export type Node =
  | { readonly type: 'text'; readonly text: string; readonly at: number }
  | { readonly type: 'output'; readonly expr: Expr; readonly at: number }
  | { readonly type: 'if'; readonly branches: readonly Branch[]; readonly at: number }
  | {
      readonly type: 'for'
      readonly names: readonly string[]
      readonly list: Expr
      readonly body: readonly Node[]
      readonly otherwise: readonly Node[]
      readonly at: number
    }
  | { readonly type: 'set'; readonly name: string; readonly value: Expr; readonly at: number }
  | { readonly type: 'with'; readonly pairs: Args['named']; readonly body: readonly Node[]; readonly at: number }
  | { readonly type: 'super'; readonly at: number }
  | {
      readonly type: 'include'
      readonly name: Expr
      readonly pairs: Args['named']
      readonly only: boolean
      readonly at: number
    }
  | Block
  | Macro

export interface Block {
  readonly type: 'block'
  readonly name: string
  readonly body: readonly Node[]
  readonly at: number
}

export interface Macro {
  readonly type: 'macro'
  readonly name: string
  readonly params: readonly (readonly [string, Expr | null])[]
  readonly body: readonly Node[]
  readonly at: number
}

/** One parsed file. */
export interface Document {
  readonly source: Source
  readonly parent: { readonly name: string; readonly at: number } | null
  readonly nodes: readonly Node[]
  /** All blocks of the file, nested ones too. */
  readonly blocks: ReadonlyMap<string, Block>
  /** The macros of the file by name; null for a name that two of them have. */
  readonly macros: ReadonlyMap<string, Macro | null>
}
