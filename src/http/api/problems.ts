import { AppError } from "#errors";

/** Somebody unknown asks. */
export class ClientUnknown extends AppError {
  readonly code = "client.unknown";
  readonly kind = "unauthenticated";

  constructor() {
    // The same words whatever is wrong: nobody learns which clients there are.
    super("The token or key is missing, has expired, or is of nobody here.");
  }
}

export class TooMany extends AppError {
  readonly code = "client.too-many";
  readonly kind = "too-many";

  constructor(seconds: number) {
    super(`Too many requests. Ask again in ${seconds} seconds.`, { seconds });
  }
}

/** What does not fit the description of the API; names the place, never what stood there. */
export class RequestMalformed extends AppError {
  readonly code = "request.malformed";
  readonly kind = "usage";

  constructor(place: string, rule: string) {
    super(`The request does not fit its description: ${place} is ${rule}.`, { place, rule });
  }
}

export class BodyTooLarge extends AppError {
  readonly code = "request.too-large";
  readonly kind = "too-large";

  constructor(bytesMax: number) {
    super(`The request has more than ${bytesMax} bytes.`, { bytesMax });
  }
}

/** Every problem that the interface for programs answers with: its status, and what the caller can do. */
export const problemTypes = {
  "request.malformed": [400, "Path, query, header or body does not fit the description. Correct the request."],
  "intake.request": [400, "File name, Idempotency-Key or body is missing."],
  "client.unknown": [401, "Token or key is missing, expired or unknown. Get a new token."],
  "permission.missing": [403, "The client lacks the scope. Ask the municipality."],
  "intake.refused": [403, "The source does not exist, takes no uploads, or the API key is wrong."],
  "order.missing": [404, "No such order of this provider."],
  "client.missing": [404, "No such client of this provider."],
  "case.missing": [404, "No such case in which this provider was asked."],
  "statement.unknown-provider": [404, "The provider has no figures for the month."],
  "endpoint.missing": [404, "No such endpoint of this provider."],
  "endpoint.state": [409, "The endpoint does not allow it in its state, or there are too many."],
  "order.changed": [409, "The order has changed since it was read. Read it again."],
  "order.gone": [409, "The order has ended, was cancelled or has moved."],
  "case.refused": [409, "The case takes no explanation any more."],
  "idempotency.busy": [409, "The request with this Idempotency-Key is still being worked on."],
  "request.too-large": [413, "The request is too large."],
  "attachment.too-large": [413, "An attachment is too large, or there are too many."],
  "intake.too-large": [413, "The file is too large. Divide it."],
  "idempotency.other-content": [422, "The Idempotency-Key was used for a request with other content."],
  "text.identity": [422, "The text has a personal identity number in it."],
  "order.answer-refused": [422, "The answer contradicts the order, or says too little."],
  "case.explanation-empty": [422, "The reason needs a text."],
  "endpoint.refused": [
    422,
    "The address, a unit or an event type cannot be used, or the request does not say which events.",
  ],
  "attachment.refused": [422, "An attachment is of a kind that is not taken."],
  "adapter.invalid-file": [422, "The file cannot be read."],
  "client.too-many": [429, "Too many requests, or too many for what is not there. Wait as Retry-After says."],
  internal: [500, "Something unexpected happened. It is logged here; try again later."],
  "database.unavailable": [503, "The database does not answer. Try again with the same Idempotency-Key."],
} as const satisfies Record<string, readonly [status: number, text: string]>;
export type ProblemType = keyof typeof problemTypes;
