// Part of bench/run.ts: compares reading with draining ("ratio"), or reads a month once, as a night does, and runs every
// rule over it ("rules"). Each in a process of its own, so that the memory of one is not that of the other.
// node --expose-gc bench/reading.ts DATA_FOLDER ratio|rules
import { buildTables, neededFields, type RawColumns } from "#columns";
import { atMinute, day, type EntityName, entityNames } from "#model";
import { asText, runEngine } from "#rule";
import { rules } from "#rules";
import { copyOut, openDatabase, readRawColumns, readRefs, readSources, selectAliases } from "#store";

const tenant = "0000";
const period = { from: day("2026-10-01"), through: day("2026-10-31") };
const selection = (entity: EntityName) => ({ fields: neededFields[entity] ?? [] });
await using database = await openDatabase({ folder: process.argv[2] ?? "data" });

/** Seconds of the best of three. */
async function best(work: () => Promise<unknown>): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    const started = performance.now();
    await work();
    least = Math.min(least, (performance.now() - started) / 1000);
  }
  return least;
}

async function drain(entity: EntityName): Promise<void> {
  const { rows } = await database.pool.query<{ name: string }>(
    "SELECT column_name AS name FROM information_schema.columns WHERE table_name = $1",
    [entity.replace("-", "_")],
  );
  const known = new Set(rows.map(({ name }) => name));
  const wanted = ["source_no", "id", "version", "raw_page", "raw_index"].concat(
    (neededFields[entity] ?? []).map((field) => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)),
  );
  const columns = wanted.filter((name) => known.has(name)).map((name) => `"${name}"`);
  const client = await database.pool.connect();
  let bytes = 0;
  await copyOut(
    client,
    `COPY (SELECT ${columns.join(", ")} FROM ${entity.replace("-", "_")} WHERE tenant_id = '${tenant}' AND NOT deleted) TO STDOUT (FORMAT binary)`,
    (_bytes, _view, start, end) => {
      bytes += end - start;
    },
  );
  client.release();
}

async function compareReading(): Promise<void> {
  const drained = await best(() => drain("visits"));
  const reading = await best(() => readRawColumns(database, tenant, "visits", selection("visits")));
  process.stdout.write(
    `reading visits into columns            ${reading.toFixed(2)} s, draining the same rows ${drained.toFixed(2)} s: ${(reading / drained).toFixed(2)} of it (within 1.5)\n`,
  );
}

async function checkRules(): Promise<void> {
  const started = performance.now();
  const raw: Partial<Record<EntityName, RawColumns>> = {};
  for (const entity of entityNames) {
    if (neededFields[entity] !== undefined)
      raw[entity] = await readRawColumns(database, tenant, entity, selection(entity));
  }
  const readAll = (performance.now() - started) / 1000;
  const [refs, sources, aliases] = [
    await readRefs(database, tenant),
    await readSources(database, tenant),
    await selectAliases(database, tenant),
  ];
  const building = performance.now();
  const tables = buildTables({
    raw,
    history: {},
    refs,
    sources,
    aliases,
    warnings: [],
    facts: [],
    asOf: atMinute(day("2026-11-05"), 270),
    period,
    release: true,
  });
  const built = (performance.now() - building) / 1000;
  const checking = performance.now();
  const result = runEngine({ tenant, tables, rules }, asText);
  const checked = (performance.now() - checking) / 1000;
  process.stdout.write(
    `reading everything                     ${readAll.toFixed(2)} s; building tables ${built.toFixed(2)} s\n` +
      `matching, ${rules.length} rules and figures        ${checked.toFixed(2)} s: ${(checked / readAll).toFixed(2)} of the reading (below 1); ${result.findings.length} findings\n`,
  );
}

await (process.argv[3] === "ratio" ? compareReading() : checkRules());
