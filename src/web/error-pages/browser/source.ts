/** In a browser the source is a bundle, which explains nothing. */

export const readSource = (_path: string): string | null => null
export const pathOf = (url: string): string => url
