import { existsSync, readFileSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { z } from "zod";
import { AppError } from "#errors";
import { networks } from "#webhook";

/** Everything that is wrong with the configuration, all at once. */
export class ConfigurationError extends AppError {
  readonly code = "configuration.invalid";
  readonly kind = "usage";

  readonly problems: readonly string[];

  constructor(file: string, problems: readonly string[]) {
    super(`Configuration ${file} is not valid:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`, {
      problems: problems.length,
    });
    this.problems = problems;
  }
}

class ConfigurationMissing extends AppError {
  readonly code = "configuration.missing";
  readonly kind = "usage";

  constructor(file: string) {
    super(
      `There is no configuration at ${file}. Give one with --config FILE, or try \`npx klarsyn demo\`, which brings its own. ` +
        `A first one: {"municipality":{"code":"0192","name":"Nynäshamn"},"sources":[{"id":"files","adapter":"standard","settings":{"folder":"./inbox"}}]}`,
      {},
    );
  }
}

const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "expected a time such as 04:30");
const sourceId = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, "expected lower-case letters, digits and hyphens");

const sourceConfig = z.strictObject({
  id: sourceId,
  adapter: z.string(),
  settings: z.record(z.string(), z.unknown()).default({}),
  mappings: z.string().optional().meta({ description: "Folder with mapping files that replace the built-in ones" }),
  uploadKey: z
    .string()
    .min(16)
    .optional()
    .meta({ secret: true, description: "API key for HTTP upload; without it the source takes none" }),
  everyHours: z.number().positive().optional().meta({ description: "How often it delivers; learned where missing" }),
});
export type SourceConfig = z.infer<typeof sourceConfig>;

const routerUrl = z.string().regex(/^https?:\/\//, "expected an address that starts with http:// or https://");

const router = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("osrm"),
      url: routerUrl.meta({
        description: "{mode} becomes car, bike or foot: one OSRM server answers for one way to travel",
      }),
      modes: z
        .array(z.enum(["walking", "bicycle", "car"]))
        .min(1)
        .default(["car"]),
    }),
    z.strictObject({
      kind: z.literal("valhalla"),
      url: routerUrl,
      modes: z
        .array(z.enum(["walking", "bicycle", "electricBicycle", "car"]))
        .min(1)
        .default(["walking", "bicycle", "electricBicycle", "car"]),
    }),
  ])
  .refine(({ kind, url, modes }) => kind !== "osrm" || modes.length === 1 || url.includes("{mode}"), {
    path: ["url"],
    message: "expected {mode} in the address, since one OSRM server answers for one way to travel",
  })
  .meta({ description: "A router of your own that says how long journeys take; without it straight lines count" });

/** An address that nobody on the way can read, or of this machine itself. */
const safeUrl = z
  .string()
  .regex(/^(https:\/\/|http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:|\/|$))/, "expected an https address");

const signIn = z
  .strictObject({
    issuer: safeUrl.meta({
      description: "The sign-in's address, under which /.well-known/openid-configuration is found",
    }),
    clientId: z.string().min(1),
    clientSecret: z.string().min(1).meta({ secret: true }),
    url: safeUrl.meta({
      description: "Klarsyn's own address. The sign-in must allow /logga-in/svar of it, and call /logga-ut/bakvag",
    }),
    scope: z.string().default("openid profile"),
    roles: z
      .strictObject({
        claim: z.string().min(1).default("roles").meta({ description: "Where the sign-in says roles or groups" }),
        map: z
          .record(z.string(), z.enum(["purchaser", "handler", "provider", "auditor", "administrator"]))
          .meta({ description: "What each of them is here; others count for nothing" }),
      })
      .meta({ description: "Who is what" }),
    nameClaim: z.string().min(1).default("name"),
    unitClaim: z
      .string()
      .min(1)
      .optional()
      .meta({ description: "Where the sign-in says the unit that somebody works at" }),
    emailClaim: z
      .string()
      .min(1)
      .default("email")
      .meta({ description: "Where the sign-in says the address that reminders go to" }),
    acr: z.array(z.string().min(1)).min(1).optional().meta({
      description: "Levels of assurance that are enough (acr), the best first; without it every sign-in is",
    }),
    idleMinutes: z.int().min(1).max(240).default(30),
    hours: z.int().min(1).max(24).default(10).meta({ description: "How long a session lasts at most" }),
  })
  .meta({ description: "Sign-in by OpenID Connect; without it nobody reaches the pages, save on a demo" });

const networkExpected = "expected a network such as 10.1.0.0/16";
const network = z
  .string()
  .regex(/^[0-9a-fA-F.:]+\/\d{1,3}$/, { error: networkExpected, abort: true })
  .refine((text) => {
    try {
      networks([text]);
      return true;
    } catch {
      return false;
    }
  }, networkExpected);

const api = z
  .strictObject({
    url: safeUrl
      .optional()
      .meta({ description: "Klarsyn's own address, as providers' programs reach it; without it that of signIn" }),
    requestsPerMinute: z.int().min(1).max(100_000).default(300).meta({ description: "Of one program at most" }),
    tokenMinutes: z.int().min(1).max(60).default(10).meta({ description: "How long a token is good for" }),
    issuer: z
      .strictObject({
        url: safeUrl.meta({ description: "As its tokens name it (iss)" }),
        jwks: safeUrl.meta({ description: "Where its public keys are" }),
        audience: z.string().min(1).meta({ description: "As its tokens name this system (aud)" }),
        clientClaim: z.string().min(1).default("client_id"),
        clients: z
          .record(z.string(), z.string().regex(/^kl_[0-9a-f]{16}$/))
          .meta({ description: "Which API client each of its clients is here; others count for nothing" }),
      })
      .optional()
      .meta({ description: "An issuer whose tokens providers' programs may bring instead of ours" }),
  })
  .meta({ description: "The interface for providers' programs" });

const configuration = z.strictObject({
  $schema: z.string().optional(),
  municipality: z.strictObject({
    code: z.string().regex(/^\d{4}$/, "expected the municipality's four digits"),
    organisationNumber: z
      .string()
      .regex(/^(16)?\d{6}-?\d{4}$/, "expected an organisation number, NNNNNN-NNNN")
      .optional()
      .describe("Needed for invoices that the municipality makes out itself."),
    name: z.string().min(1),
  }),
  database: z.string().default("").meta({ secret: true, description: "postgres://…; empty: the embedded Postgres" }),
  sources: z.array(sourceConfig).default([]),
  goLive: z.iso
    .date()
    .optional()
    .meta({ description: "Findings about time before this day are computed but not opened" }),
  night: z
    .strictObject({ at: clock.default("04:30"), reconcileDays: z.int().min(1).max(400).default(62) })
    .prefault({}),
  accessLog: z
    .strictObject({
      keepYears: z
        .int()
        .min(5)
        .max(100)
        .default(5)
        .meta({ description: "How long it is kept who read what; older rows go at night" }),
    })
    .prefault({}),
  router: router.optional(),
  signIn: signIn.optional(),
  api: api.prefault({}),
  webhooks: z
    .strictObject({
      allow: z
        .array(network)
        .default([])
        .meta({ description: "Networks that are not public and where receivers may be all the same" }),
      caFile: z
        .string()
        .optional()
        .meta({ description: "Certificate authorities (PEM) of receivers, beside the usual ones" }),
      timeoutSeconds: z.number().min(0.1).max(60).default(15),
      keepDays: z
        .int()
        .min(7)
        .max(3650)
        .default(180)
        .meta({ description: "How long it is kept what providers were told; older events go at night" }),
    })
    .prefault({})
    .meta({ description: "How providers' systems are told of orders" }),
  notify: z
    .strictObject({
      email: z
        .strictObject({
          smtp: z.string().meta({ secret: true, description: "smtps://user:password@host" }),
          from: z.email(),
          to: z.array(z.email()).min(1),
          reminders: z
            .boolean()
            .default(true)
            .meta({ description: "Whether handlers are told in the morning that something is due" }),
        })
        .optional(),
      webhook: z
        .string()
        .optional()
        .meta({ secret: true, description: "https address that is told when a night fails" }),
    })
    .optional(),
});

export interface Config extends z.infer<typeof configuration> {
  /** Where relative paths of the configuration start. */
  folder: string;
  /** Where everything that Klarsyn writes is kept. */
  dataFolder: string;
  /** Base64 of 32 bytes; undefined where the embedded default makes its own. */
  key: string | undefined;
  logLevel: string;
  host: string;
  port: number;
}

/** What the configuration needs to know of an adapter to check a source's settings. */
interface Settings {
  id: string;
  settings: z.ZodType;
}

const environment = z.object({
  KLARSYN_DATA: z.string().min(1).default("data"),
  KLARSYN_KEY: z.string().optional(),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
  HOST: z.string().default("127.0.0.1"),
  PORT: z.coerce.number().int().min(0).max(65535).default(3000),
});

const variable = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/;

/** Puts the environment's values in for `${NAME}`; `database` may be unset, which means the embedded one. */
function filled(value: unknown, path: string, env: NodeJS.ProcessEnv, problems: string[]): unknown {
  if (typeof value === "string") {
    const name = variable.exec(value)?.[1];
    if (name !== undefined) {
      const found = env[name];
      if (found === undefined && path !== "database") problems.push(`${path}: the environment has no ${name}; set it.`);
      return found ?? "";
    }
    if (value.includes("${")) problems.push(`${path}: \${NAME} must stand alone.`);
    return value;
  }
  if (Array.isArray(value)) return value.map((item, index) => filled(item, `${path}.${index}`, env, problems));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        filled(item, path === "" ? key : `${path}.${key}`, env, problems),
      ]),
    );
  }
  return value;
}

/** The settings of an object schema that are marked secret. */
function secretsOf(schema: z.ZodType): string[] {
  const shape = schema instanceof z.ZodObject ? (schema.shape as Record<string, z.ZodType>) : {};
  return Object.entries(shape)
    .filter(([, field]) => isSecret(field))
    .map(([name]) => name);
}

function isSecret(field: z.ZodType): boolean {
  if (field.meta()?.["secret"] === true) return true;
  const inner = (field as { def?: { innerType?: z.ZodType } }).def?.innerType;
  return inner !== undefined && isSecret(inner);
}

function nearest(word: string, known: readonly string[]): string {
  const distance = (a: string, b: string): number => {
    let row = Array.from({ length: b.length + 1 }, (_, index) => index);
    for (let i = 1; i <= a.length; i++) {
      const next = [i];
      for (let j = 1; j <= b.length; j++) {
        next[j] = Math.min(
          (row[j] ?? 0) + 1,
          (next[j - 1] ?? 0) + 1,
          (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
        );
      }
      row = next;
    }
    return row[b.length] ?? 0;
  };
  const best = known.toSorted((a, b) => distance(word, a) - distance(word, b))[0];
  return best !== undefined && distance(word, best) <= Math.max(2, word.length / 3) ? ` Did you mean ${best}?` : "";
}

function issuesOf(error: z.ZodError, prefix: string, known: readonly string[]): string[] {
  return error.issues.map((issue) => {
    const path = [prefix, ...issue.path.map(String)].filter((part) => part !== "").join(".");
    if (issue.code === "unrecognized_keys") {
      return issue.keys
        .map((key) => `${path === "" ? key : `${path}.${key}`}: is not a setting.${nearest(key, known)}`)
        .join("\n  - ");
    }
    // Messages of zod name types and limits, not the value.
    return `${path === "" ? "file" : path}: ${issue.message}.`;
  });
}

/** Reads what does not depend on a configuration file: the environment. Throws ConfigurationError. */
export function readEnvironment(
  env: NodeJS.ProcessEnv,
): Pick<Config, "dataFolder" | "key" | "logLevel" | "host" | "port"> {
  const parsed = environment.safeParse(env);
  if (!parsed.success) throw new ConfigurationError("in the environment", issuesOf(parsed.error, "", []));
  const { KLARSYN_DATA, KLARSYN_KEY, LOG_LEVEL, HOST, PORT } = parsed.data;
  return { dataFolder: resolve(KLARSYN_DATA), key: KLARSYN_KEY, logLevel: LOG_LEVEL, host: HOST, port: PORT };
}

/** Checks the content of a configuration file. Throws ConfigurationError with every problem at once. */
export function checkConfig(
  content: unknown,
  file: string,
  env: NodeJS.ProcessEnv,
  adapters: readonly Settings[],
): Config {
  const problems: string[] = [];
  const adapterOf = new Map(adapters.map((adapter) => [adapter.id, adapter]));
  for (const source of rawSources(content)) {
    const adapter = adapterOf.get(source.adapter);
    const secrets = adapter === undefined ? [] : secretsOf(adapter.settings);
    if (source.uploadKey !== undefined && !variable.test(source.uploadKey)) {
      problems.push(
        `sources.${source.index}.uploadKey: is a secret; write \${NAME} and put the value in the environment.`,
      );
    }
    for (const name of secrets) {
      const value = source.settings[name];
      if (typeof value === "string" && !variable.test(value)) {
        problems.push(
          `sources.${source.index}.settings.${name}: is a secret; write \${NAME} and put the value in the environment.`,
        );
      }
    }
  }
  const clientSecret = (content as { signIn?: { clientSecret?: unknown } } | null)?.signIn?.clientSecret;
  if (typeof clientSecret === "string" && !variable.test(clientSecret)) {
    problems.push("signIn.clientSecret: is a secret; write ${NAME} and put the value in the environment.");
  }
  const values = filled(content, "", env, problems);
  const parsed = configuration.safeParse(values);
  if (!parsed.success) problems.push(...issuesOf(parsed.error, "", Object.keys(configuration.shape)));
  const folder = dirname(resolve(file));
  const { caFile } = parsed.data?.webhooks ?? {};
  if (parsed.data !== undefined && caFile !== undefined) {
    parsed.data.webhooks.caFile = fromFolder(folder, caFile);
    if (!existsSync(fromFolder(folder, caFile))) problems.push(`webhooks.caFile: there is no file ${caFile}.`);
  }
  const seen = new Set<string>();
  // Where something else is wrong, those sources that can be read are checked all the same: one round of mending is enough.
  for (const [index, source] of (parsed.success ? parsed.data.sources : readableSources(values)).entries()) {
    if (source === null) continue;
    const prefix = `sources.${index}`;
    if (seen.has(source.id)) problems.push(`${prefix}.id: ${source.id} is used twice.`);
    seen.add(source.id);
    const adapter = adapterOf.get(source.adapter);
    if (adapter === undefined) {
      problems.push(
        `${prefix}.adapter: there is no adapter ${source.adapter}.${nearest(source.adapter, [...adapterOf.keys()])} Known: ${[...adapterOf.keys()].join(", ")}.`,
      );
      continue;
    }
    const settings = adapter.settings.safeParse(source.settings);
    if (settings.success) source.settings = settings.data as Record<string, unknown>;
    else {
      const known = adapter.settings instanceof z.ZodObject ? Object.keys(adapter.settings.shape) : [];
      problems.push(...issuesOf(settings.error, `${prefix}.settings`, known));
    }
    if (source.mappings !== undefined) {
      source.mappings = fromFolder(folder, source.mappings);
      if (!existsSync(source.mappings)) problems.push(`${prefix}.mappings: there is no folder ${source.mappings}.`);
    }
    for (const key of ["folder", "caFile", "certFile", "keyFile"]) {
      const value = source.settings[key];
      if (typeof value === "string" && value !== "") source.settings[key] = fromFolder(folder, value);
    }
  }
  let surroundings: ReturnType<typeof readEnvironment> | null = null;
  try {
    surroundings = readEnvironment(env);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    problems.push(...error.problems);
  }
  if (problems.length > 0 || !parsed.success || surroundings === null) {
    throw new ConfigurationError(file, firstOfEach(problems));
  }
  return { ...parsed.data, ...surroundings, folder };
}

/** What is missing in the environment is not said again of the value that it leaves empty. */
function firstOfEach(problems: readonly string[]): string[] {
  const placeOf = (problem: string): string => problem.slice(0, problem.indexOf(": "));
  const missing = new Set(problems.filter((problem) => problem.includes(": the environment has no ")).map(placeOf));
  return problems.filter((problem) => problem.includes(": the environment has no ") || !missing.has(placeOf(problem)));
}

function fromFolder(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

/** Null in the place of one that cannot be read. */
function readableSources(content: unknown): Array<SourceConfig | null> {
  const sources = (content as { sources?: unknown } | null)?.sources;
  return Array.isArray(sources) ? sources.map((source: unknown) => sourceConfig.safeParse(source).data ?? null) : [];
}

function rawSources(
  content: unknown,
): Array<{ index: number; adapter: string; settings: Record<string, unknown>; uploadKey: string | undefined }> {
  const sources = (content as { sources?: unknown } | null)?.sources;
  if (!Array.isArray(sources)) return [];
  return sources.flatMap((source: unknown, index) => {
    const { adapter, settings = {}, uploadKey } = (source ?? {}) as Record<string, unknown>;
    if (typeof adapter !== "string" || typeof settings !== "object" || settings === null) return [];
    const given = typeof uploadKey === "string" ? uploadKey : undefined;
    return [{ index, adapter, settings: settings as Record<string, unknown>, uploadKey: given }];
  });
}

/** Reads and checks `klarsyn.config.json`. Throws ConfigurationError or ConfigurationMissing. */
export function readConfig(file: string, env: NodeJS.ProcessEnv, adapters: readonly Settings[]): Config {
  if (!existsSync(file)) throw new ConfigurationMissing(resolve(file));
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, "utf8").replace(/^\uFEFF/, ""));
  } catch (error) {
    // The parser quotes the text around the error, which may hold a secret: only the position is kept.
    const position = /position (\d+)/.exec((error as Error).message)?.[1];
    throw new ConfigurationError(file, [
      position === undefined ? "is not JSON." : `is not JSON: see character ${position}.`,
    ]);
  }
  return checkConfig(content, file, env, adapters);
}

/** What may be written: a secret only as `${NAME}`, other text that has to have a form also so. */
function asWritten(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(asWritten);
  if (typeof schema !== "object" || schema === null) return schema;
  const { secret, description, default: standard, ...form } = schema as Record<string, unknown>;
  const about = {
    ...(description === undefined ? {} : { description }),
    ...(standard === undefined ? {} : { default: standard }),
  };
  const named = { type: "string", pattern: variable.source };
  if (secret === true) return { ...about, ...(standard === "" ? { anyOf: [named, { const: "" }] } : named) };
  if (form["type"] === "string" && Object.keys(form).length > 1) return { ...about, anyOf: [named, form] };
  const inner = Object.entries(form).map(([key, value]) => [key, asWritten(value)] as const);
  return { ...about, ...Object.fromEntries(inner) };
}

/** JSON Schema of the configuration file, for editors. */
export function configurationSchema(adapters: readonly Settings[]): unknown {
  const options = { io: "input", unrepresentable: "any" } as const;
  const schema = z.toJSONSchema(configuration, options) as unknown as {
    properties: { sources: { items: Record<string, unknown> } };
  };
  schema.properties.sources.items["oneOf"] = adapters.map((adapter) => {
    const settings = z.toJSONSchema(adapter.settings, options);
    delete settings.$schema;
    const required = (settings.required ?? []).length > 0 ? ["settings"] : [];
    return { properties: { adapter: { const: adapter.id }, settings }, required };
  });
  return asWritten(schema);
}
