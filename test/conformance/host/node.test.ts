import { kernelWorld, worldWithoutFfi } from './kernel.ts'
import { hostConformance } from './suite.ts'

hostConformance('node driver', async () => kernelWorld('node'))
hostConformance('node driver without FFI', async () => worldWithoutFfi())
