/** Plain text by Deno.serve: `deno run --allow-net deno.mjs`. */
Deno.serve(
  { hostname: '127.0.0.1', port: 0, onListen: ({ port }) => console.log(`listening ${port}`) },
  () => new Response('Hello, World!', { headers: { 'content-type': 'text/plain; charset=utf-8' } }),
)
