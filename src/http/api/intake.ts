import { Hono } from "hono";
import { AppError } from "#errors";
import { receiveUpload, UploadTooLarge } from "#operations";
import type { System } from "#system";

const BYTES_MAX = 512 * 1024 * 1024;

class BadUpload extends AppError {
  readonly code = "intake.request";
  readonly kind = "usage";
}

/** `/api/v1/intake/{source}`: a file in the interchange format. `bytesMax` is the largest that is taken. */
export function intakeApi(
  system: Pick<System, "database" | "vault" | "now" | "sources" | "tenantId">,
  bytesMax = BYTES_MAX,
) {
  return new Hono().post("/:source", async (c) => {
    const name = c.req.query("name") ?? "";
    if (!/^[\w.-]{1,120}$/.test(name)) {
      throw new BadUpload("Name the file: ?name=visits-2026-10-05.jsonl (letters, digits, dot, hyphen).");
    }
    const idempotencyKey = c.req.header("idempotency-key") ?? "";
    if (!/^[\x21-\x7e]{1,200}$/.test(idempotencyKey)) {
      throw new BadUpload("Give the request a key of its own: the header Idempotency-Key, 1 to 200 characters.");
    }
    const apiKey = /^Bearer (.+)$/.exec(c.req.header("authorization") ?? "")?.[1] ?? c.req.header("x-api-key") ?? "";
    const { body: content, signal } = c.req.raw;
    if (content === null) throw new BadUpload("The request has no body.");
    // Said before anything is read; a body without this header is counted as it comes.
    if (Number(c.req.header("content-length") ?? 0) > bytesMax) throw new UploadTooLarge(bytesMax);
    const source = c.req.param("source");
    const delivery = { source, apiKey, idempotencyKey, name, content, bytesMax, signal };
    return c.json(await receiveUpload(system, system.tenantId, delivery), 202);
  });
}
