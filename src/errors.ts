/** What the caller can do about an error. Exit codes and HTTP status codes follow from it. */
export type ErrorKind =
  | "usage" // the command line, a request or the configuration is wrong: change it
  | "unauthenticated" // nobody knows who asks
  | "forbidden"
  | "missing"
  | "conflict" // the state does not allow it, or somebody else was first
  | "unavailable" // a system that we depend on does not answer: try again
  | "invalid" // data does not fit: correct it at its source
  | "too-large" // more than is taken at once: send less
  | "too-many" // more often than is answered: wait
  | "internal";

/** Facts for the log; never a personal value. */
export type ErrorFacts = Readonly<Record<string, string | number | boolean | null>>;

/**
 * Base of every error that we expect. `code` is stable (`/problems/<code>`), the message is for a
 * person and names field and place, never a person's data.
 */
export abstract class AppError extends Error {
  abstract readonly code: string;
  abstract readonly kind: ErrorKind;
  readonly facts: ErrorFacts;

  constructor(message: string, facts: ErrorFacts = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.facts = facts;
  }
}

/** What a log line may say of an error. */
export interface LoggableError {
  name: string;
  code?: string;
  kind?: ErrorKind;
  message?: string;
  facts?: ErrorFacts;
  /** Postgres: names of things, never values. */
  constraint?: string;
  table?: string;
  column?: string;
  query?: string;
  /** Paths and rules that a schema check broke, without the values. */
  issues?: string[];
  stack?: string[];
  cause?: LoggableError;
}

const safeToken = /^[\w.:/-]{1,80}$/;

function token(value: unknown): string | undefined {
  return typeof value === "string" && safeToken.test(value) ? value : undefined;
}

/** Frames name our files and lines; the first lines of a stack repeat the message, which may quote a row. */
function frames(stack: string | undefined): string[] {
  return (stack ?? "")
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 8)
    .map((line) =>
      line
        .trim()
        .replace(/\?[^)\s:]*/g, "")
        .slice(0, 200),
    );
}

/**
 * The only form in which an error may be logged. Errors of the database driver, drizzle, zod, HTTP clients
 * and parsers quote values of the record in their message, which here are people's personal data; of those
 * only names, codes, paths and the query text without its parameters pass.
 */
export function loggable(error: unknown, depth = 0): LoggableError {
  if (!(error instanceof Error)) return { name: typeof error };
  const cause = error.cause === undefined || depth >= 4 ? {} : { cause: loggable(error.cause, depth + 1) };
  if (error instanceof AppError) {
    return {
      name: error.name,
      code: error.code,
      kind: error.kind,
      message: error.message,
      facts: error.facts,
      ...cause,
    };
  }
  const raw = error as Error & Record<string, unknown>;
  const picked: LoggableError = { name: token(error.name) ?? "Error", stack: frames(error.stack) };
  const code = token(raw["code"]);
  if (code !== undefined) picked.code = code;
  for (const key of ["constraint", "table", "column"] as const) {
    const value = token(raw[key]);
    if (value !== undefined) picked[key] = value;
  }
  // Only text with placeholders is kept: a literal in a query may be a value.
  if (typeof raw["query"] === "string") picked.query = raw["query"].replace(/'(?:[^']|'')*'/g, "'…'").slice(0, 500);
  if (Array.isArray(raw["issues"])) {
    picked.issues = raw["issues"].slice(0, 20).map((issue: unknown) => {
      const { path, code: rule } = issue as { path?: unknown; code?: unknown };
      const steps = Array.isArray(path)
        ? path.map((step) => (typeof step === "number" ? step : (token(step) ?? "…"))).join(".")
        : "";
      return `${steps}: ${token(rule) ?? "invalid"}`;
    });
  }
  return { ...picked, ...cause };
}
