import { fileURLToPath } from "node:url";
import {
  type Adapter,
  type BrokenRecord,
  type HttpSettings,
  openHttp,
  type Page,
  type PullContext,
  type Source,
} from "#adapter";
import { loadMappings, type MappedRecord, type MappingContext, type MappingWarning, readMappingFolder } from "#mapping";
import { compilePicker } from "../../src/intake/pick.ts";
import type { CanonicalRecord, EntityName } from "#model";

/** What a pull gave, page by page. */
export interface Pulled {
  pages: Page[];
  records: unknown[];
  broken: BrokenRecord[];
  notices: string[];
  /** What ended it early. */
  error: unknown;
}

interface PullOptions {
  cursor?: string | null;
  now?: () => number;
  /** False: a crash before each page is committed. */
  commit?: boolean;
  http?: Partial<HttpSettings>;
}

/** Pulls one source of an adapter over a real connection, as the runner does, without waiting between attempts. */
export async function pull<Settings extends { baseUrl: string }>(
  adapter: Adapter<Settings>,
  source: string,
  rawSettings: unknown,
  { cursor = null, now = Date.now, commit = true, http: more = {} }: PullOptions = {},
): Promise<Pulled> {
  const settings = adapter.settings.parse(rawSettings);
  await using http = openHttp({
    baseUrl: settings.baseUrl,
    sleep: async () => {},
    ...adapter.connection?.(settings),
    ...more,
  });
  const pulled: Pulled = { pages: [], records: [], broken: [], notices: [], error: null };
  const context: PullContext<Settings> = {
    settings,
    http,
    files: { list: async () => [] },
    cursor,
    now,
    signal: new AbortController().signal,
    notice: (_code, text) => {
      pulled.notices.push(text);
    },
  };
  try {
    for await (const page of adapter.sources[source]?.pull(context) ?? []) {
      pulled.pages.push(page);
      pulled.records.push(...page.records);
      pulled.broken.push(...(page.broken ?? []));
      if (commit) await page.committed?.();
    }
  } catch (error) {
    pulled.error = error;
  }
  return pulled;
}

export interface Heads {
  /** The highest version of each record, by entity and id; of equal ones the later. */
  of: (entity: EntityName) => Map<string, CanonicalRecord>;
  warnings: MappingWarning[];
  problems: string[];
}

const context: MappingContext = { identityRef: (number) => `pid:${number}`, thisYear: 2026 };

/** Maps the records of one source with the project's own mapping, in the order in which they came. */
export async function heads(
  adapter: Pick<Adapter, "id"> & { sources: Readonly<Record<string, Pick<Source<unknown>, "record">>> },
  source: string,
  records: readonly unknown[],
): Promise<Heads> {
  const folder = fileURLToPath(new URL("../../mappings", import.meta.url));
  const files = readMappingFolder(folder);
  const own = files.filter(({ path }) => path.includes(`/${adapter.id}/`) || path.includes("/codes/"));
  const shapes = new Map(
    Object.entries(adapter.sources).map(([name, { record }]) => [`${adapter.id}/${name}`, record]),
  );
  const mapping = loadMappings({ folders: [own], records: shapes }).get(`${adapter.id}/${source}`);
  const found = new Map<EntityName, Map<string, CanonicalRecord>>();
  const warnings: MappingWarning[] = [];
  const problems: string[] = [];
  const keep = ({ entity, record, warnings: more }: MappedRecord) => {
    warnings.push(...more);
    const rows = found.get(entity) ?? new Map<string, CanonicalRecord>();
    found.set(entity, rows);
    if ((record.version ?? 0) >= (rows.get(record.id)?.version ?? 0)) rows.set(record.id, record);
  };
  const shape = adapter.sources[source]!.record;
  const picker = compilePicker(shape);
  for (const record of picker.pick(records)) {
    const checked = shape.safeParse(record);
    if (!checked.success) problems.push(checked.error.issues.map(({ path }) => path.join(".")).join(", "));
    const outcome = mapping?.apply(record, context);
    if (outcome?.ok === true) outcome.mapped.forEach(keep);
    else problems.push(`${outcome?.problem.field}: ${outcome?.problem.rule}`);
  }
  for (const field of picker.unexpected().keys()) problems.push(`unexpected: ${field}`);
  return { of: (entity) => found.get(entity) ?? new Map(), warnings, problems };
}
