/** The smallest site. */
import { kernelHost } from 'reticle/kernel'
import { app } from 'reticle/web'

export const site = app()
site.get('/', (c) => c.text('Hello, World!'))

if (import.meta.main) await site.serve(kernelHost(), { address: '127.0.0.1', port: 8000 })
