/**
 * The yardstick: the least a Bun proxy can do. Reads the body as bytes, sends it on, hands the answer's body back untouched.
 *
 *     bun bench/bare.ts PORT UPSTREAM_PORT
 */
const [port = "", upstreamPort = ""] = process.argv.slice(2);

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(port),
  idleTimeout: 255,
  maxRequestBodySize: 64 * 1024 * 1024,
  async fetch(request) {
    const { pathname } = new URL(request.url);
    const answer = await fetch(`http://127.0.0.1:${upstreamPort}${pathname}`, {
      method: "POST",
      headers: {
        "content-type": request.headers.get("content-type") ?? "",
        authorization: "Bearer x",
      },
      body: await request.bytes(),
    });
    return new Response(answer.body, {
      status: answer.status,
      headers: { "content-type": answer.headers.get("content-type") ?? "" },
    });
  },
});
