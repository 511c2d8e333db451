import { kernelWorld } from './kernel.ts'
import { hostConformance } from './suite.ts'

hostConformance('node driver', async () => kernelWorld('node'))
