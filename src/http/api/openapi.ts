/** An answer that says what is wrong (RFC 9457); `type` is stable. */
const problemDocument = (description: string) => ({
  description,
  content: {
    "application/problem+json": {
      schema: {
        type: "object",
        required: ["type", "title", "status"],
        properties: { type: { type: "string" }, title: { type: "string" }, status: { type: "integer" } },
      },
    },
  },
});

/** OpenAPI 3.1 of what programs may call. */
export function openapi() {
  return {
    openapi: "3.1.0",
    info: { title: "Klarsyn", version: "1", license: { name: "EUPL-1.2", identifier: "EUPL-1.2" } },
    servers: [{ url: "/" }],
    paths: {
      "/api/v1/intake/{source}": {
        post: {
          operationId: "uploadFile",
          summary: "Send a file in the interchange format.",
          security: [{ apiKey: [] }],
          parameters: [
            {
              name: "source",
              in: "path",
              required: true,
              schema: { type: "string" },
              description: "Id of the source in the configuration.",
            },
            {
              name: "name",
              in: "query",
              required: true,
              schema: { type: "string" },
              description: "File name, such as visits-2026-10-05.jsonl or visits.csv.",
            },
            {
              name: "Idempotency-Key",
              in: "header",
              required: true,
              schema: { type: "string", maxLength: 200 },
              description:
                "The same key with the same file gives the same answer and does nothing more; with another file it is refused.",
            },
          ],
          requestBody: {
            required: true,
            content: {
              "application/jsonl": { schema: { type: "string" } },
              "text/csv": { schema: { type: "string" } },
            },
          },
          responses: {
            "202": {
              description: "Stored. Records that did not fit wait in quarantine.",
              content: {
                "application/json": {
                  schema: {
                    type: "object",
                    required: ["resource", "state", "seen", "accepted", "quarantined", "repeated", "notices"],
                    properties: {
                      resource: { type: "string" },
                      state: { enum: ["ok", "partly", "down", "silent"] },
                      seen: { type: "integer" },
                      accepted: { type: "integer" },
                      quarantined: { type: "integer" },
                      repeated: { type: "integer" },
                      notices: { type: "array", items: { type: "object" } },
                    },
                  },
                },
              },
            },
            "400": problemDocument("File name, Idempotency-Key or body is missing."),
            "403": problemDocument("The source does not exist, takes no uploads, or the API key is wrong."),
            "409": problemDocument("The request with this Idempotency-Key is still being worked on."),
            "413": problemDocument("The file is too large."),
            "422": problemDocument("The file cannot be read, or the Idempotency-Key was used for another one."),
            "503": problemDocument("The database does not answer. Try again with the same Idempotency-Key."),
          },
        },
      },
    },
    components: { securitySchemes: { apiKey: { type: "http", scheme: "bearer" } } },
  };
}
