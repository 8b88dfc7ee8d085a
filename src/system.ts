import { join, resolve } from "node:path";
import { userInfo } from "node:os";
import type { z } from "zod";
import { type Adapter, type FileSettings, type FileSource, type HttpClient, openFileSource, openHttp } from "#adapter";
import { adapters } from "#adapters";
import type { Config, SourceConfig } from "#config";
import { AppError } from "#errors";
import type { PullableSource } from "#intake";
import type { Log } from "#log";
import { loadMappings, type Mapping, readMappingFolder } from "#mapping";
import type { Instant } from "#model";
import { type Actor, type ConfiguredSource, operatorOf } from "#operations";
import type { Rule } from "#rule";
import { rules } from "#rules";
import {
  checkSchema,
  checkVault,
  isNew,
  type Database,
  migrate,
  openDatabase,
  seenDelivery,
  type Vault,
  vaultFromFile,
  vaultFromKey,
} from "#store";

export { adapters, rules };

/** Everything that a command needs, opened; closed by `await using`. */
export interface System extends AsyncDisposable {
  config: Config;
  tenantId: string;
  database: Database;
  vault: Vault;
  adapters: readonly Adapter[];
  rules: readonly Rule[];
  /** Program of a second thread that knows the same rules. */
  thread: URL;
  /** In the order of the configuration. */
  sources: readonly ConfiguredSource[];
  now: () => Instant;
  log: Log;
  /** Who is at the command line. */
  operator: Actor;
}

/** The key is nowhere: a database of one's own needs one that outlives the machine. */
class KeyMissing extends AppError {
  readonly code = "vault.key-missing";
  readonly kind = "usage";

  constructor() {
    super(
      "KLARSYN_KEY is missing. With a database of its own Klarsyn needs the key from the environment: 32 bytes in base64, " +
        "made once with: node -p \"crypto.randomBytes(32).toString('base64')\". Keep a copy: without it nothing can be decrypted.",
    );
  }
}

// Knows the rules of this file.
const checkThread = new URL("./check-thread.ts", import.meta.url);

const builtinMappings = resolve(import.meta.dirname, "../mappings");

/** Record shapes of every adapter's sources, which mapping files are checked against. */
export function allRecords(): Map<string, z.ZodType> {
  return new Map(
    adapters.flatMap((adapter) =>
      Object.entries(adapter.sources).map(([name, source]) => [`${adapter.id}/${name}`, source.record] as const),
    ),
  );
}

/** Files of our own mappings and, where a folder is given, of a municipality's. */
export function mappingFolders(override?: string): Array<ReturnType<typeof readMappingFolder>> {
  return [readMappingFolder(builtinMappings), ...(override === undefined ? [] : [readMappingFolder(override)])];
}

/** Pieces of at most this are sealed one by one, each behind its length, so that an archive needs no memory. */
const PIECE = 64 * 1024;

async function* sealed(vault: Vault, content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of content) {
    for (let from = 0; from < chunk.length; from += PIECE) {
      const piece = vault.encrypt(chunk.subarray(from, from + PIECE));
      const length = Buffer.alloc(4);
      length.writeUInt32BE(piece.length);
      yield length;
      yield piece;
    }
  }
}

const absent = (what: string): never => {
  throw new TypeError(`The source's settings name no ${what}.`);
};
const noHttp: HttpClient = {
  request: async () => absent("baseUrl"),
  getJson: async () => absent("baseUrl"),
  stream: async () => absent("baseUrl"),
};
const noFiles: FileSource = { list: async () => absent("folder") };

function configured(
  source: SourceConfig,
  { database, vault, tenantId, now }: Pick<System, "database" | "vault" | "tenantId" | "now">,
): ConfiguredSource {
  const adapter = adapters.find((candidate) => candidate.id === source.adapter);
  if (adapter === undefined) throw new RangeError(`There is no adapter ${source.adapter}.`);
  const mappings: Map<string, Mapping> = loadMappings({
    folders: mappingFolders(source.mappings),
    records: allRecords(),
  });
  const base = {
    id: source.id,
    adapter,
    everyHours: source.everyHours ?? null,
    uploadKey: source.uploadKey ?? null,
    closed: { http: noHttp, files: noFiles },
    settings: source.settings,
    mapping: (resource: string) => mappings.get(`${adapter.id}/${resource}`) ?? null,
    columns: (resource: string) => mappings.get(`${adapter.id}/${resource}`)?.columns,
  };
  return {
    ...base,
    async open({ signal, notice }) {
      const opened = new AsyncDisposableStack();
      const { baseUrl, folder, sftpHost } = source.settings;
      let http = noHttp;
      let files = noFiles;
      if (typeof baseUrl === "string") {
        http = opened.use(openHttp({ ...adapter.connection?.(source.settings), baseUrl, signal }));
      }
      if (typeof folder === "string" || typeof sftpHost === "string") {
        // Checked by the adapter's own schema, which spreads `fileSettings`.
        files = opened.use(
          await openFileSource(source.settings as FileSettings, {
            encrypt: (content) => sealed(vault, content),
            seen: (hash) => seenDelivery(database, tenantId, source.id, hash, now()),
            notice,
            signal,
            now,
          }),
        );
      }
      const pullable: PullableSource = { ...base, http, files };
      return { source: pullable, [Symbol.asyncDispose]: () => opened.disposeAsync() };
    },
  };
}

/** Opens the database, the key, mappings and sources. Throws what the operator has to mend first. */
export async function openSystem(
  config: Config,
  { anySchema, log, now = Date.now }: { anySchema: boolean; log: Log; now?: () => Instant },
): Promise<System> {
  const embedded = config.database === "";
  if (!embedded && config.key === undefined) throw new KeyMissing();
  const tenantId = config.municipality.code;
  const database = await openDatabase(embedded ? { folder: config.dataFolder } : { url: config.database });
  try {
    const vault =
      config.key === undefined ? await vaultFromFile(join(config.dataFolder, "klarsyn.key")) : vaultFromKey(config.key);
    if (!anySchema) {
      // A new embedded database holds nothing that somebody should decide about first.
      if (embedded && (await isNew(database))) await migrate(database);
      await checkSchema(database);
      await checkVault(database, vault);
    }
    const opened = { database, vault, tenantId, now };
    return {
      ...opened,
      config,
      adapters,
      rules,
      thread: checkThread,
      sources: config.sources.map((source) => configured(source, opened)),
      log,
      operator: operatorOf(tenantId, operatorName()),
      [Symbol.asyncDispose]: () => database.close(),
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}

function operatorName(): string {
  try {
    return userInfo().username;
  } catch {
    // A uid without a name, as in a container.
    return `uid ${process.getuid?.() ?? "?"}`;
  }
}

/** The simulated source systems; loaded only where they are wanted. */
export const loadSimulators = () => import("#adapters/simulators");
