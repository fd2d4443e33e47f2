/** The beginning of every part of the admin plane: who is there, and may they? Before anything of the request is looked at. */
import { Elysia } from "elysia";
import type { Area } from "../../accounts/roles.ts";
import type { Deps } from "../../deps.ts";
import { bearerToken } from "../../pipeline/authenticate.ts";
import { ownHeaders } from "../../pipeline/respond.ts";

/** Routes below `prefix`, for those who may read the area, or change it where the method is not a reading one. */
export function adminGroup<const Prefix extends string>(deps: Deps, prefix: Prefix, area: Area) {
  return new Elysia({ prefix, handler: { standardHostname: false } }).derive(
    async ({ request, set }) => {
      for (const [name, value] of ownHeaders(deps.ids.traceId())) set.headers[name] = value;
      const isWrite = request.method !== "GET" && request.method !== "HEAD";
      const secret = bearerToken(request.headers.get("authorization"));
      return { actor: await deps.access.require(secret, area, isWrite) };
    },
  );
}

/** A route's part of the API description, below a heading. */
export function describeIn(tag: string) {
  return (summary: string, description = "") => ({
    tags: [tag],
    summary,
    description,
    security: [{ adminToken: [] }],
  });
}
