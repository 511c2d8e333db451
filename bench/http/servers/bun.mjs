/** Plain text by Bun.serve: `bun bun.mjs`. */
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch: () => new Response('Hello, World!', { headers: { 'content-type': 'text/plain; charset=utf-8' } }),
})
console.log(`listening ${server.port}`)
