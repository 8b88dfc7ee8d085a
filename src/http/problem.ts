import type { Context } from "hono";
import { AppError, type ErrorKind } from "#errors";

/** The status that a kind of error is answered with; the only place that knows it. */
export function statusOf(kind: ErrorKind): 400 | 401 | 403 | 404 | 409 | 413 | 422 | 429 | 500 | 503 {
  switch (kind) {
    case "usage":
      return 400;
    case "unauthenticated":
      return 401;
    case "forbidden":
      return 403;
    case "missing":
      return 404;
    case "conflict":
      return 409;
    case "invalid":
      return 422;
    case "too-large":
      return 413;
    case "too-many":
      return 429;
    case "unavailable":
      return 503;
    case "internal":
      return 500;
  }
}

/** An RFC 9457 problem document. Anything that is not ours is answered with 500 and nothing else. */
export function problem(c: Context, error: unknown): Response {
  const known = error instanceof AppError;
  const status = known ? statusOf(error.kind) : 500;
  const body = {
    type: known ? `/problems/${error.code}` : "/problems/internal",
    title: known ? error.message : "Something unexpected happened.",
    status,
    ...(known ? { facts: error.facts } : {}),
  };
  return c.body(JSON.stringify(body), status, { "content-type": "application/problem+json; charset=utf-8" });
}
