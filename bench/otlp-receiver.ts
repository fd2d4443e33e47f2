/**
 * Stands for the Collector: takes every batch of spans, answers as one that has kept it, and keeps nothing. A Collector's own
 * work would be measured as the load generator's.
 *
 *     bun bench/otlp-receiver.ts PORT
 */
Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.argv[2]),
  async fetch(request) {
    // Read, as a Collector does. An empty message says that all of it was taken.
    await request.bytes();
    return new Response(new Uint8Array(), {
      headers: { "content-type": "application/x-protobuf" },
    });
  },
});
