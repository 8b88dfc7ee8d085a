import { z } from "zod";
import { type Adapter, defineAdapter, type Page, type PullContext } from "#adapter";
import type { Intake, PullableSource } from "#intake";
import { pullSource } from "#intake";
import type { MappedRecord, Mapping, MappingWarning } from "#mapping";
import { type CanonicalRecord, entityNames, parseInstant } from "#model";
import { type Database, storedColumns, tableName } from "#store";
import type { TestDatabase } from "../support/database.ts";

export const visitRecord = z.object({
  id: z.string(),
  version: z.number().nullish(),
  deleted: z.boolean().optional(),
  client: z.string().optional(),
  staff: z.string().optional(),
  start: z.string().optional(),
  end: z.string().optional(),
  status: z.string().optional(),
  services: z.array(z.string()).optional(),
});

export const orderRecord = z.object({
  id: z.string(),
  version: z.number().nullish(),
  client: z.string(),
  lines: z.array(z.object({ id: z.string(), service: z.string(), minutes: z.number() })),
});

export const clientRecord = z.object({ id: z.string(), number: z.string().optional(), name: z.string().optional() });

const known = new Set(["completed", "cancelled", "declined", "noAnswer", "started"]);
const at = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : (parseInstant(text) ?? undefined);
const row = (
  entity: MappedRecord["entity"],
  record: Partial<CanonicalRecord> & { id: string },
  warnings: MappingWarning[] = [],
): MappedRecord => ({
  entity,
  record: { version: null, deleted: false, parent: null, values: {}, ...record },
  warnings,
});

/** Refuses a status that `accepts` does not know: a municipality mends that by another version of the mapping. */
export function visitMapping(version = 1, accepts: ReadonlySet<string> = known): Mapping {
  return {
    source: "test/visits",
    file: "visits.yaml",
    version,
    hash: `visits-${version}`,
    entities: ["visits"],
    apply: (raw) => {
      const record = raw as z.infer<typeof visitRecord>;
      const deleted = record.deleted ?? false;
      const status = record.status ?? "completed";
      if (!deleted && !accepts.has(status)) {
        return {
          ok: false,
          problem: { field: "status", valueClass: "text", rule: "finns inte i kodtabellen", code: "code" },
        };
      }
      const warnings: MappingWarning[] = (record.services ?? [])
        .filter((code) => code.startsWith("?"))
        .map((value) => ({ code: "unmapped-code", field: "services", value, table: "services" }));
      const values = {
        clientId: record.client ?? "C1",
        unitId: "U1",
        staffId: record.staff,
        start: at(record.start ?? "2026-10-05T08:00:00+02:00"),
        end: at(record.end),
        status: known.has(status) ? status : "completed",
        services: record.services,
      };
      return {
        ok: true,
        mapped: [row("visits", { id: record.id, version: record.version ?? null, deleted, values }, warnings)],
        complete: [],
      };
    },
  };
}

export const orderMapping: Mapping = {
  source: "test/orders",
  file: "orders.yaml",
  version: 1,
  hash: "orders-1",
  entities: ["orders", "order-lines"],
  apply: (raw) => {
    const record = raw as z.infer<typeof orderRecord>;
    const version = record.version ?? null;
    const values = {
      clientId: record.client,
      unitId: "U1",
      status: "accepted",
      orderedAt: Date.UTC(2026, 8, 1),
      validFrom: 20_000,
    };
    return {
      ok: true,
      mapped: [
        row("orders", { id: record.id, version, values }),
        ...record.lines.map(({ id, service, minutes }) =>
          row("order-lines", {
            id,
            version,
            parent: record.id,
            values: { orderId: record.id, service, minutes, times: 1, per: "day", weekdays: [1, 2] },
          }),
        ),
      ],
      complete: [{ entity: "order-lines", parent: record.id, version }],
    };
  },
};

export const clientMapping: Mapping = {
  source: "test/clients",
  file: "clients.yaml",
  version: 1,
  hash: "clients-1",
  entities: ["clients"],
  apply: (raw) => {
    const { id, number, name } = raw as z.infer<typeof clientRecord>;
    return {
      ok: true,
      mapped: [row("clients", { id, values: { personalIdentityNumber: number, name } })],
      complete: [],
    };
  },
};

export type Script = (context: PullContext<unknown>) => Iterable<Page> | AsyncIterable<Page>;

/** A source whose resources deliver what the scripts say. */
export function scripted(
  scripts: Partial<Record<"visits" | "orders" | "clients", Script>>,
  mappings: Partial<Record<string, Mapping>> = {},
  id = "test",
): PullableSource {
  const records = { visits: visitRecord, orders: orderRecord, clients: clientRecord };
  const all: Partial<Record<string, Mapping>> = {
    visits: visitMapping(),
    orders: orderMapping,
    clients: clientMapping,
    ...mappings,
  };
  const sources = Object.fromEntries(
    (["visits", "orders", "clients"] as const).flatMap((name) => {
      const script = scripts[name];
      return script === undefined
        ? []
        : [
            [
              name,
              {
                record: records[name],
                async *pull(context: PullContext<unknown>) {
                  yield* script(context);
                },
              },
            ] as const,
          ];
    }),
  );
  const adapter = defineAdapter({
    id: "test",
    title: "Test",
    reference: "",
    settings: z.unknown(),
    known: [],
    assumed: [],
    sources,
  }) as Adapter;
  return {
    id,
    adapter,
    settings: {},
    mapping: (resource) => all[resource] ?? null,
    http: {} as PullableSource["http"],
    files: {} as PullableSource["files"],
  };
}

let pages = 0;
export const page = (records: readonly unknown[], more: Partial<Page> = {}): Page => ({
  records,
  cursor: null,
  place: `page-${++pages}`,
  ...more,
});

export const intakeOf = ({ database, vault, tenantId, now }: TestDatabase): Intake => ({
  database,
  vault,
  tenantId,
  now,
});

export const pull = (
  system: TestDatabase,
  source: PullableSource,
  more: Partial<Parameters<typeof pullSource>[0]> = {},
) => pullSource({ ...intakeOf(system), source, signal: new AbortController().signal, ...more });

/** Pulls pages of one resource, one pull for each list. */
export async function deliver(
  system: TestDatabase,
  resource: "visits" | "orders" | "clients",
  ...lists: ReadonlyArray<readonly unknown[]>
): Promise<void> {
  for (const records of lists) await pull(system, scripted({ [resource]: () => [page(records)] }));
}

/** Everything canonical, without what differs between equal states: places in the ledger where `places` is false. */
export async function canonical(database: Database, places = true): Promise<Record<string, unknown[]>> {
  const state: Record<string, unknown[]> = {};
  for (const entity of entityNames) {
    for (const table of [tableName(entity), `${tableName(entity)}_history`]) {
      const columns = storedColumns[entity]
        .map(({ name }) => name)
        .filter((name) => !/_encrypted$|^name$/.test(name) && (places || !["raw_page", "raw_index"].includes(name)));
      const { rows } = await database.pool.query(
        `SELECT ${columns.map((name) => `"${name}"`).join(", ")} FROM ${table} ORDER BY source_no, id, version NULLS FIRST, raw_page, raw_index`,
      );
      if (rows.length > 0) state[table] = rows;
    }
  }
  for (const table of ["version_conflicts", "mapping_warnings"]) {
    const { rows } = await database.pool.query(`SELECT * FROM ${table} ORDER BY 1, 2, 3, 4`);
    if (rows.length > 0) state[table] = rows;
  }
  return state;
}
