import { adapters, allRecords, mappingFolders, rules } from "#system";
import { loadMappings } from "#mapping";
import { day as dayOfText, type EntityName, entityNames } from "#model";
import { operatorOf, type ConfiguredSource } from "#operations";
import { type Database, tableName } from "#store";
import type { Page } from "#adapter";

export interface Delivered {
  entity: EntityName;
  records: ReadonlyArray<Record<string, unknown>>;
}

const standard = adapters.find(({ id }) => id === "standard")!;
const mappings = loadMappings({ folders: mappingFolders(), records: allRecords() });
let pages = 0;

/** A source of interchange records that are handed to it instead of read from files: each list is a page of its own. */
export function handedSource(id: string, waiting: () => Iterable<Delivered>): ConfiguredSource {
  const sources = Object.fromEntries(
    Object.entries(standard.sources).map(([name, source]) => [
      name,
      {
        ...source,
        async *pull(): AsyncGenerator<Page> {
          for (const { entity, records } of waiting()) {
            if (entity === name) yield { records, cursor: null, place: `${name}-${++pages}` };
          }
        },
      },
    ]),
  );
  const closed = { http: {} as ConfiguredSource["closed"]["http"], files: {} as ConfiguredSource["closed"]["files"] };
  const base = {
    id,
    adapter: { ...standard, sources },
    settings: {},
    everyHours: null,
    uploadKey: null,
    closed,
    mapping: (resource: string) => mappings.get(`standard/${resource}`) ?? null,
  };
  return {
    ...base,
    open: async () => ({ source: { ...base, ...closed }, [Symbol.asyncDispose]: async () => undefined }),
  };
}

export const operator = operatorOf("0192", "test");
export { rules };
export const signal = new AbortController().signal;
export const day = (date: string): number => dayOfText(date);

const passing = /^(first_seen_at|last_seen_at|changed_at|changes|closed_at|closed_as|tenant_id|content_hash)$/;

/** Findings that stand, outcomes and figures, as text in a fixed order: without when anything was seen. */
export async function resultOf({ pool }: Database): Promise<string[]> {
  const found: string[] = [];
  for (const [table, where] of [
    ["findings", "status <> 'closed'"],
    ["rule_outcomes", "true"],
    ["settlement_lines", "true"],
  ] as const) {
    const { rows } = await pool.query<Record<string, unknown>>(`SELECT * FROM ${table} WHERE ${where}`);
    for (const row of rows) {
      const kept = Object.entries(row).filter(([name]) => !passing.test(name));
      found.push(`${table} ${JSON.stringify(Object.fromEntries(kept))}`);
    }
  }
  return found.sort();
}

/** What holds of every record, as text in a fixed order: without its place in the ledger. */
export async function recordsOf({ pool }: Database): Promise<string[]> {
  const found: string[] = [];
  for (const entity of entityNames) {
    const { rows } = await pool.query<{ text: string }>(
      `SELECT concat_ws(' ', '${entity}', k.id, h.id, 'version', h.version, h.deleted, h.parent) AS text
         FROM ${tableName(entity)} h JOIN sources_known k ON k.tenant_id = h.tenant_id AND k.no = h.source_no`,
    );
    found.push(...rows.map(({ text }) => text));
  }
  return found.sort();
}
