/** The one error shape of the admin API. */
import { t } from "elysia";
import { ERROR_CODES } from "../../errors.ts";

export const AdminError = t.Object(
  {
    error: t.Object({
      code: t.String({ enum: [...ERROR_CODES] }),
      message: t.String(),
      status: t.Integer(),
      request_id: t.String(),
    }),
  },
  { description: "A refusal; the message says what to do next" },
);

/** What every route of the admin plane may answer beside its own. */
export const ADMIN_ERRORS = {
  400: AdminError,
  401: AdminError,
  403: AdminError,
  503: AdminError,
} as const;
