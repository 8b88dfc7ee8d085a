import type { z } from "zod";

export interface HttpAnswer {
  status: number;
  headers: Headers;
  body: Buffer;
}

export interface RequestOptions {
  method?: "GET" | "POST" | "DELETE";
  query?: Readonly<Record<string, string>>;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** Answers that are handed to the caller instead of being thrown, e.g. [204, 404]. */
  accept?: readonly number[];
}

/** What an adapter may do on the network: time limit, back-off, rate limit and redaction are inside. */
export interface HttpClient {
  /** Resolves `path` against the source's base URL. Throws UpstreamError when all retries are used up. */
  request(path: string, options?: RequestOptions): Promise<HttpAnswer>;
  getJson<Schema extends z.ZodType>(path: string, schema: Schema, options?: RequestOptions): Promise<z.infer<Schema>>;
  /** The body as it arrives, for large documents. */
  stream(path: string, options?: RequestOptions): Promise<AsyncIterable<Buffer>>;
}
