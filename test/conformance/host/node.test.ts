import { libc } from '../../../src/kernel/libc.ts'
import { movedToNamespace } from '../../namespace.ts'
import { kernelWorld, worldWithoutFfi } from './kernel.ts'
import { LACKING_WITHOUT_FFI } from './sets.ts'
import { hostConformance, unixConformance } from './suite.ts'

if (!movedToNamespace(import.meta.url)) {
  hostConformance('node driver', async () => kernelWorld('node'), libc() === null ? LACKING_WITHOUT_FFI : [])
  hostConformance('node driver without FFI', async () => worldWithoutFfi(), LACKING_WITHOUT_FFI)
  unixConformance('node driver', async () => kernelWorld('node'), libc() === null ? LACKING_WITHOUT_FFI : [])
  unixConformance('node driver without FFI', async () => worldWithoutFfi(), LACKING_WITHOUT_FFI)
}
