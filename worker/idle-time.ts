/**
 * How long a connection may be silent that asked with a GET: as long as it takes while it is being answered, and afterwards no longer than
 * any other, so that strangers' connections don't stay for good. Only an answer that lasts keeps its own open.
 */

/**
 * @param setIdle tells the listener after how many seconds of silence it closes the connection; 0: never
 * @param idleSeconds of connections that are not being answered
 */
export async function answerInItsTime(
  request: Request,
  answer: Promise<Response>,
  setIdle: (seconds: number) => void,
  idleSeconds: number,
): Promise<Response> {
  setIdle(0);
  const response = await answer;
  if (!mayLast(request, response)) setIdle(idleSeconds);
  return response;
}

/** Events; and what comes from a provider, whose silence the pipeline itself looks after. */
function mayLast(request: Request, { ok, headers }: Response): boolean {
  if (!ok) return false;
  const { pathname } = new URL(request.url);
  return (
    pathname.startsWith("/v1/") ||
    headers.get("content-type")?.startsWith("text/event-stream") === true
  );
}
