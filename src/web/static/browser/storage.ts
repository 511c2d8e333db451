/** In a browser there are no files to serve: the functions are there so that what imports them can be bundled. */
import type { NewFile, OpenFile } from '../storage.ts'

function refuse(): Promise<never> {
  return Promise.reject(new Error('a browser has no directories: serve files from a server'))
}

export class Folder {
  readonly directory: string

  constructor(directory: string) {
    this.directory = directory
  }

  open(_path: string): Promise<OpenFile | null> {
    return refuse()
  }
}

export const openFile = (_path: string): Promise<OpenFile | null> => refuse()
export const beginFile = (_directory: string, _temporary: string): Promise<NewFile> => refuse()
export const removeFile = (_directory: string, _name: string): Promise<boolean> => refuse()
export const listFiles = (_directory: string): Promise<readonly { name: string; mtimeMillis: number }[]> => refuse()
