/**
 * `reticle`: what a site needs, without thinking about layers: the framework (`reticle/web`) and this machine's network
 * (`kernelHost` of `reticle/kernel`). Everything else is imported from its layer: `reticle/sim`, `reticle/dns`, ….
 */
export { kernelHost } from './kernel/index.ts'
export * from './web/index.ts'
