/** Templates from the files of a machine that runs Node. */

export { DirectoryLoader } from './directory.ts'
