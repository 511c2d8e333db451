import { movedToNamespace } from '../../namespace.ts'
import { berkeleyOnKernel } from './kernel.ts'

if (!movedToNamespace(import.meta.url)) berkeleyOnKernel('node')
