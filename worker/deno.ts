/** The gateway on Deno: the same app, store and settings; drained on SIGTERM and SIGINT. */
import process from "node:process";
import { failureText, greet, openGateway, stopOnce } from "./cli/start.ts";

/** The part of Deno's global that is used here; the types of Bun know nothing of it. */
interface DenoServer {
  readonly addr: { readonly port: number };
  shutdown(): Promise<void>;
}
declare const Deno: {
  serve(
    options: { readonly hostname: string; readonly port: number; onListen(): void },
    handler: (
      request: Request,
      info: { readonly remoteAddr: { readonly hostname?: string } },
    ) => Promise<Response>,
  ): DenoServer;
  addSignalListener(signal: "SIGTERM" | "SIGINT", handler: () => void): void;
};

async function main(): Promise<void> {
  const { config, gateway } = await openGateway();
  const server = Deno.serve(
    { hostname: config.listen.host, port: config.listen.port, onListen: () => undefined },
    (request, info) => gateway.app.fetch(request, () => info.remoteAddr.hostname ?? null),
  );
  greet({ config, gateway, port: server.addr.port, consoleUrl: null });

  const stop = stopOnce(gateway, () => server.shutdown());
  Deno.addSignalListener("SIGTERM", stop);
  Deno.addSignalListener("SIGINT", stop);
}

main().catch((error: unknown) => {
  process.stderr.write(`${failureText(error)}\n`);
  process.exit(1);
});
