import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { AppError } from "#errors";
import { receiveUpload } from "#operations";
import type { System } from "#system";
import { problem } from "../problem.ts";

const BYTES_MAX = 512 * 1024 * 1024;

class BadUpload extends AppError {
  readonly code = "intake.request";
  readonly kind = "usage";
}

/**
 * `/api/v1/intake/{source}`: a file in the interchange format. A delivery is known by its content, so sending it again
 * with the same or another `Idempotency-Key` changes nothing.
 */
export function intakeApi(system: Pick<System, "database" | "vault" | "now" | "sources" | "tenantId">) {
  return new Hono().post(
    "/:source",
    bodyLimit({
      maxSize: BYTES_MAX,
      onError: (c) => problem(c, new BadUpload(`The file is larger than ${BYTES_MAX} bytes.`)),
    }),
    async (c) => {
      const name = c.req.query("name") ?? "";
      if (!/^[\w.-]{1,120}$/.test(name)) {
        throw new BadUpload("Name the file: ?name=visits-2026-10-05.jsonl (letters, digits, dot, hyphen).");
      }
      if ((c.req.header("idempotency-key") ?? "") === "") throw new BadUpload("The header Idempotency-Key is missing.");
      const key = /^Bearer (.+)$/.exec(c.req.header("authorization") ?? "")?.[1] ?? c.req.header("x-api-key") ?? "";
      const { body } = c.req.raw;
      if (body === null) throw new BadUpload("The request has no body.");
      const { resource, state, seen, accepted, quarantined, repeated, notices } = await receiveUpload(
        system,
        system.tenantId,
        {
          source: c.req.param("source"),
          key,
          name,
          content: body,
          signal: c.req.raw.signal,
        },
      );
      return c.json({ resource, state, seen, accepted, quarantined, repeated, notices }, 202);
    },
  );
}
