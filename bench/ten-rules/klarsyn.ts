import { buildTables, type RawColumns, type Refs } from "#columns";
import type { EntityName } from "#model";
import { SecondThread } from "../../src/operations/second-thread.ts";
import { twoAtATime } from "../../src/operations/read-window.ts";
import { writeWindow } from "../../src/operations/write-window.ts";
import { beginBeside, type Rule } from "#rule";
import { rules } from "#rules";
import { type Database, readRawColumns, readRefs, readSources } from "#store";
import { Travel } from "#travel";
import { asOf, period, tenant } from "../month.ts";
import type { Contender } from "./run.ts";
import { ROUNDS } from "./rounds.ts";

const ids = [
  "duplicate-visit",
  "staff-overlap",
  "client-overlap",
  "impossible-journey",
  "end-before-start",
  "overlong-visit",
  "late-registration",
  "visit-after-death",
  "visit-during-absence",
  "visit-without-order",
];
export const tenRules: readonly Rule[] = rules.filter(({ id }) => ids.includes(id));

/** What these rules read, as a night reads what all rules read. */
export const fields: Partial<Record<EntityName, readonly string[]>> = {
  services: ["code", "name", "kind", "away"],
  providers: ["name"],
  units: ["providerId", "name"],
  clients: ["personalIdentityNumber", "deceasedOn", "movedOn", "protection", "householdId", "addresses"],
  staff: ["personalIdentityNumber", "hsaId", "unitId", "providerId"],
  orders: ["clientId", "unitId", "status", "orderedAt", "validFrom", "validTo"],
  "order-lines": ["orderId", "service", "minutes", "times", "per", "staffing", "validFrom", "validTo"],
  absences: ["clientId", "from", "to", "kind"],
  shifts: ["staffId", "start", "end", "kind"],
  visits: [
    "clientId",
    "unitId",
    "staffId",
    "law",
    "start",
    "end",
    "status",
    "services",
    "receivedAt",
    "startProof",
    "endProof",
    "startLatitude",
    "startLongitude",
    "startAccuracyMetres",
    "endLatitude",
    "endLongitude",
    "doubleStaffing",
    "groupCode",
  ],
};

export async function readTenRules(database: Database) {
  const raw: Partial<Record<EntityName, RawColumns>> = {};
  const days = { fromDay: period.from - 2, throughDay: period.through + 2 };
  let refs: Refs | undefined;
  const entities = Object.entries(fields) as Array<[EntityName, readonly string[]]>;
  await twoAtATime([
    ...entities.reverse().map(([entity, wanted]) => async (): Promise<void> => {
      raw[entity] = await readRawColumns(database, tenant, entity, { fields: wanted, ranks: false, ...days });
    }),
    async () => {
      refs = await readRefs(database, tenant);
    },
  ]);
  const sources = await readSources(database, tenant);
  return { raw, history: {}, refs: refs!, sources, aliases: [], warnings: [], facts: [], asOf, period, release: true };
}

/**
 * Reads columns, builds tables, runs the rules and writes findings with their evidence, into an empty table: as a night
 * does, on two threads, which stay for the next time as those of DuckDB do.
 */
export async function withKlarsyn(database: Database): Promise<Contender> {
  await using thread = new SecondThread(new URL("../../src/check-thread.ts", import.meta.url));
  const seconds: number[] = [];
  const parts: Record<string, number> = {};
  let visits = 0;
  for (let round = 0; round < ROUNDS; round++) {
    await database.pool.query("TRUNCATE findings, rule_outcomes, settlement_lines, measures");
    globalThis.gc?.();
    const started = performance.now();
    let last = started;
    let busy = process.cpuUsage();
    const part = (name: string): void => {
      const { user, system } = process.cpuUsage(busy);
      parts[name] = Math.round(performance.now() - last);
      parts[`${name}, of processor time`] = Math.round((user + system) / 1000);
      last = performance.now();
      busy = process.cpuUsage();
    };
    const read = await readTenRules(database);
    part("read");
    const tables = buildTables(read);
    visits = tables.visits.count;
    part("build");
    const input = { tenant, tables, travel: new Travel(tables), rules: tenRules, figures: false };
    const checking = beginBeside(input, thread.ask)();
    async function* found() {
      yield* checking.findings;
      part("rules");
    }
    const whole = { findings: found(), result: checking.result };
    await writeWindow(database, tenant, whole, {
      at: asOf,
      rules: tenRules.map(({ id, version }) => ({ ruleId: id, ruleVersion: version })),
      holdBack: () => ({ rules: new Set(), holds: [] }),
      evaluated: { months: ["2026-10"], covers: checking.covers },
    });
    part("write");
    seconds.push((performance.now() - started) / 1000);
  }
  const { rows } = await database.pool.query<{ rule: string; records: string }>(
    "SELECT rule_id AS rule, records FROM findings WHERE status = 'open'",
  );
  const found = rows.map(({ rule, records }) => {
    const ofRecords = (JSON.parse(records) as Array<{ id: string }>).map(({ id }) => id).sort();
    return `${rule} ${ofRecords.join(",")}`;
  });
  return { seconds, parts, visits, found: found.sort() };
}
