// Part of bench/run.ts: what a night does after its sources have been heard, over bench/month.ts, beside what draining the
// same rows takes. Each part in a process of its own, so that the memory of one is not that of another. Prints one line of JSON.
// node --expose-gc bench/night.ts drain|full|settle|changed|wait DATA_FOLDER
import { buildTables, neededFields } from "#columns";
import { matchVisits } from "#match";
import { atMinute, day, entities, type EntityName, entityNames } from "#model";
import { operatorOf, reconcile, reconcileChanged, type ReconcileStep } from "#operations";
import { runEngine } from "#rule";
import { rules } from "#rules";
import { Settlement } from "#settle";
import {
  acquireLease,
  columnsOfField,
  copyOut,
  type Database,
  openDatabase,
  readRawColumns,
  readRefs,
  readSources,
  tableName,
} from "#store";
import { period, tenant } from "./month.ts";

const [part = "", folder = "data"] = process.argv.slice(2);
const now = atMinute(day("2026-11-01"), 270);
await using database = await openDatabase({ folder });

/** The same columns of the same rows as a night reads, dropped as they come; seconds of each of three times. */
async function drain(db: Database): Promise<{ seconds: number[]; bytes: number }> {
  const seconds: number[] = [];
  let bytes = 0;
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    bytes = 0;
    const started = performance.now();
    for (const entity of entityNames) {
      const wanted = neededFields[entity];
      if (wanted === undefined) continue;
      const fields = wanted.map((name) => columnsOfField(name, entities[entity].fields[name]!.kind).at(-1)!.name);
      const columns = ["source_no", "id", ...fields].map((name) => `"${name}"`).join(", ");
      const client = await db.pool.connect();
      await copyOut(
        client,
        `COPY (SELECT ${columns} FROM ${tableName(entity)} WHERE tenant_id = '${tenant}' AND NOT deleted) TO STDOUT (FORMAT binary)`,
        (_bytes, _view, start, end) => {
          bytes += end - start;
        },
      );
      client.release();
    }
    seconds.push((performance.now() - started) / 1000);
  }
  return { seconds, bytes };
}

const needs = (db: Database): Parameters<typeof reconcile>[0] => ({
  database: db,
  now: () => now,
  rules,
  thread: new URL("../src/check-thread.ts", import.meta.url),
  sources: [],
  config: { night: { at: "04:30", reconcileDays: 31 } },
});
const signal = new AbortController().signal;

/** A whole night's computation: into empty tables, and, as most nights, into those of the night before. */
async function full(db: Database): Promise<object> {
  await db.pool.query(
    "TRUNCATE findings, rule_outcomes, settlement_lines, measures, nights, rule_rates, rule_holds, dirty, cases CASCADE",
  );
  const seconds: number[] = [];
  const parts: Record<string, number> = {};
  let reconciled: unknown = null;
  for (let round = 0; round < 2; round++) {
    globalThis.gc?.();
    const started = performance.now();
    let [last, step] = [started, "surroundings" as string];
    const next = (name: string): void => {
      parts[`${step}${round === 0 ? "" : ", again"}`] = Math.round(performance.now() - last);
      [last, step] = [performance.now(), name];
    };
    const [window] = await reconcile(needs(db), operatorOf(tenant, "bench"), {
      day: period.through + 1,
      full: true,
      signal,
      progress: (name: ReconcileStep) => next(name),
    });
    next("");
    reconciled ??= window;
    seconds.push((performance.now() - started) / 1000);
  }
  return { seconds, parts, reconciled };
}

/** Matching, figures and rules one by one, over tables in memory: seconds of each. */
async function settle(db: Database): Promise<object> {
  const raw = Object.fromEntries(
    await Promise.all(
      (Object.keys(neededFields) as EntityName[]).map(async (entity) => [
        entity,
        await readRawColumns(db, tenant, entity, { fields: neededFields[entity]!, ranks: entity === "order-lines" }),
      ]),
    ),
  );
  const [refs, sources] = [await readRefs(db, tenant), await readSources(db, tenant)];
  const tables = buildTables({
    raw,
    history: {},
    refs,
    sources,
    aliases: [],
    warnings: [],
    facts: [],
    asOf: now,
    period,
    release: true,
  });
  const time = (work: () => unknown): number => {
    globalThis.gc?.();
    const started = performance.now();
    work();
    return (performance.now() - started) / 1000;
  };
  const matches = matchVisits(tables);
  const of = (some: typeof rules, figures: boolean): number =>
    time(() =>
      runEngine({ tenant, tables, matches, settlement: new Settlement(tables, matches), rules: some, figures }),
    );
  of(rules, true);
  const byRule = rules.map((rule) => ({ rule: rule.id, seconds: of([rule], false) }));
  return {
    matching: time(() => matchVisits(tables)),
    figures: of([], true),
    all: of(rules, true),
    slowest: byRule.toSorted((a, b) => b.seconds - a.seconds).slice(0, 12),
  };
}

/** One visit gets another end, again and again, and is computed anew; then everything is, and nothing may differ. */
async function changed(db: Database): Promise<object> {
  const seconds: number[] = [];
  const operator = operatorOf(tenant, "bench");
  // So many that the first, in a process that has only begun, do not decide: changes come one after the other. Nothing is
  // collected by force in between, as it is before a night: no process does, and it throws away compiled code each time.
  for (let round = 0; round < 40; round++) {
    const { rows } = await db.pool.query<{ client: number; staff: number; day: number }>(
      `UPDATE visits SET "end" = "end" + interval '7 minutes' WHERE tenant_id = $1 AND source_no = 0 AND id = $2
       RETURNING client_id AS client, staff_id AS staff, day`,
      [tenant, `v${123 + round * 1009}`],
    );
    const { client, staff, day: on } = rows[0]!;
    await db.pool.query("INSERT INTO dirty (tenant_id, kind, ref, day) VALUES ($1, 1, $2, $4), ($1, 2, $3, $4)", [
      tenant,
      client,
      staff,
      new Date(on * 86_400_000),
    ]);
    const started = performance.now();
    const result = await reconcileChanged(needs(db), operator, { signal });
    if (typeof result === "string") throw new Error("Only a night can tell.");
    seconds.push((performance.now() - started) / 1000);
  }
  // A change in the month's first days reaches back into the month before, which is a window of its own.
  const windows = await reconcile(needs(db), operator, { day: period.through + 1, full: true, signal });
  const findings = windows.map((window) => window.findings);
  const same = findings.every(({ opened, changed: other, closed }) => opened + other + closed === 0);
  return { seconds, same: same && findings.some(({ kept }) => kept > 0), findings };
}

/** Waits for its turn, as a second worker does. */
async function wait(db: Database): Promise<object> {
  await using lease = await acquireLease(db, tenant, { purpose: "night", waitMs: 600_000 });
  lease.check();
  return {};
}

const parts: Readonly<Record<string, (db: Database) => Promise<object>>> = { drain, full, settle, changed, wait };
process.stdout.write(`${JSON.stringify(await parts[part]!(database))}\n`);
