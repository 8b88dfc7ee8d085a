import { Hono } from "hono";
import { AppError } from "#errors";
import type { System } from "#system";
import { problem } from "../problem.ts";
import type { Served } from "../served.ts";
import { bodyOf, serveCalls } from "./call.ts";
import { meter } from "./meter.ts";
import { calls } from "./openapi.ts";
import { TooMany } from "./problems.ts";
import { openTokens, TokenRefused } from "./tokens.ts";

const FORM_BYTES_MAX = 20_000;

/** `/api/v1`: what providers' programs may do, by a token of `/oauth/token` or a key. */
export function providerApi(system: System, served: Served): Hono {
  const tokens = openTokens(system);
  const issued = meter(system.config.api.requestsPerMinute, 60_000, system.now);
  return new Hono()
    .post("/oauth/token", async (c) => {
      try {
        const form = new URLSearchParams((await bodyOf(c, FORM_BYTES_MAX)).toString());
        const { token, client } = await tokens.issue(c, form);
        const { allowed, seconds } = issued.count(client.id);
        if (!allowed) {
          c.header("retry-after", String(seconds));
          throw new TooMany(seconds);
        }
        return c.json(token);
      } catch (thrown) {
        if (thrown instanceof TokenRefused) {
          const unknown = thrown.error === "invalid_client";
          if (unknown) c.header("www-authenticate", 'Basic realm="klarsyn"');
          return c.json({ error: thrown.error, error_description: thrown.message }, unknown ? 401 : 400);
        }
        const error = system.database.explain(thrown);
        if (!(error instanceof AppError)) system.log.error({ error }, "token request failed");
        return problem(c, error);
      }
    })
    .route("/", serveCalls(system, served, tokens, calls));
}
