/** The addresses of the wiki, with a converter of its own: `/wiki/Front_page` is the page "Front page", both ways. */
import { type Converter, urls } from 'reticle/web'

const TITLE = /^[\p{L}\p{N}](?:[\p{L}\p{N}().,' -]{0,78}[\p{L}\p{N}().])?$/u

export function isTitle(text: string): boolean {
  return TITLE.test(text)
}

const title: Converter<string> = {
  rank: 20,
  match(segment) {
    const text = segment.replaceAll('_', ' ')
    return isTitle(text) && !segment.includes(' ') ? text : undefined
  },
  text: (value) => (isTitle(value) ? value.replaceAll(' ', '_') : undefined),
}

export const to = urls(
  {
    home: '/',
    recent: '/recent',
    search: '/search',
    export: '/export.jsonl',
    signIn: '/sign-in',
    signOut: '/sign-out',
    page: {
      show: '/wiki/{title:title}',
      edit: '/wiki/{title:title}/edit',
      attach: '/wiki/{title:title}/files',
      history: '/wiki/{title:title}/history',
      revision: '/wiki/{title:title}/history/{id:int}',
    },
  },
  { converters: { title } },
)

/** Those of the API, below wherever it is mounted. */
export const api = urls({ pages: '/pages', page: '/pages/{title:title}' }, { converters: { title } })
