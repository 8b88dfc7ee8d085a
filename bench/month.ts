import { atMinute, day, entities, type EntityName, formatDay, refKinds } from "#model";
import { type Database, writeDayBlocks } from "#store";

/*
 * October 2026 in a municipality of any size, written by SQL into the canonical tables: a hundred visits and as many
 * plans, three orders and ten claims per client. Everything is a function of row numbers, so that it is the same in
 * every run. Staff go from client to client without overlaps; a few visits in a thousand are wrong in ways that rules
 * look for, and some of those have an innocent cause.
 */

export const tenant = "0000";
export const period = { from: day("2026-10-01"), through: day("2026-10-31") };
/** When ten rules look at it. */
export const asOf = atMinute(day("2026-11-05"), 270);
export const visitsPerClient = 100;
const days = 31;

const serviceCodes = ["omvardnad", "stad", "inkop", "larm", "vak", "ledsagning"];
const serviceKinds = ["care", "household", "household", "alarm", "nightWatch", "escort"];

export interface Sizes {
  visits: number;
  plans: number;
  clients: number;
  staff: number;
  orders: number;
  claims: number;
}

export const sizesOf = (visits: number): Sizes => {
  const clients = Math.ceil(visits / visitsPerClient);
  const regular = Math.ceil(clients / 3);
  const staff = regular + Math.ceil(regular / 7) * 3;
  return { visits, plans: visits, clients, staff, orders: clients * 3, claims: clients * 10 };
};

/** Position of a word among an entity field's values, as it is stored. */
export const word = (entity: EntityName, field: string, value: string): number => {
  const position = entities[entity].fields[field]!.values!.indexOf(value);
  if (position < 0) throw new RangeError(`${entity}.${field} knows no "${value}".`);
  return position;
};

/** Fills an empty, migrated database. */
export async function loadMonth(database: Database, visits: number): Promise<Sizes> {
  const sizes = sizesOf(visits);
  const { clients, staff } = sizes;
  const regular = Math.ceil(clients / 3);
  const units = 20;
  const providers = 6;
  const first = formatDay(period.from);
  const kind = (name: (typeof refKinds)[number]): number => refKinds.indexOf(name);
  // Reference numbers: one block of numbers per kind.
  const base = { client: 0, staff: clients, unit: clients + staff, provider: 0, order: 0, household: 0, service: 0 };
  base.provider = base.unit + units;
  base.order = base.provider + providers;
  base.household = base.order + clients * 3;
  base.service = base.household + clients;
  const client = await database.pool.connect();
  const run = async (text: string): Promise<void> => void (await client.query(text));
  const refs = (name: (typeof refKinds)[number], from: number, count: number, id: string): Promise<void> =>
    run(
      `INSERT INTO refs (tenant_id, no, kind, source_no, id)
       SELECT '${tenant}', ${from} + n, ${kind(name)}, 0, ${id} FROM generate_series(0, ${count - 1}) n`,
    );
  /** What every row has, for record `id` that was received as number `n`. */
  const row = (id: string, n: string): string =>
    `'${tenant}', 0, ${id}, 1, false, NULL::text, '\\x00'::bytea, 1 + ${n} / 1000, ${n} % 1000, 1`;
  const common =
    "tenant_id, source_no, id, version, deleted, parent, content_hash, raw_page, raw_index, mapping_version";
  /** A number from 0 to 2^20 - 1 that looks random. */
  const h = (n: string, salt: number): string => `(hashint4extended((${n})::int4, ${salt}) & 1048575)::int4`;
  try {
    await run("SET timezone TO 'Europe/Stockholm'");
    await run(`INSERT INTO sources_known VALUES ('${tenant}', 0, 'files')`);
    await refs("client", base.client, clients, "'C' || n");
    await refs("staff", base.staff, staff, "'S' || n");
    await refs("unit", base.unit, units, "'U' || n");
    await refs("provider", base.provider, providers, "'P' || n");
    await refs("order", base.order, clients * 3, "'o' || n");
    await refs("household", base.household, clients, "'H' || n");
    for (const [n, code] of serviceCodes.entries())
      await run(
        `INSERT INTO refs (tenant_id, no, kind, source_no, id) VALUES ('${tenant}', ${base.service + n}, ${kind("service")}, -1, '${code}')`,
      );
    for (const [n, code] of serviceCodes.entries())
      await run(
        `INSERT INTO services (${common}, code, name, kind, away)
         SELECT ${row(`'${code}'`, String(n))}, '${code}', '${code}', ${word("services", "kind", serviceKinds[n]!)}, ${code === "ledsagning"}`,
      );
    await run(
      `INSERT INTO providers (${common}, organisation_number, name, regime)
       SELECT ${row("'P' || n", "n")}, '16556600000' || n, 'Utförare ' || n, CASE WHEN n < 2 THEN 0 ELSE 1 END
       FROM generate_series(0, ${providers - 1}) n`,
    );
    await run(
      `INSERT INTO units (${common}, provider_id, name)
       SELECT ${row("'U' || n", "n")}, ${base.provider} + n % ${providers}, 'Enhet ' || n FROM generate_series(0, ${units - 1}) n`,
    );
    for (let n = 0; n < providers; n++) {
      await run(
        `INSERT INTO contracts (${common}, provider_id, reference, valid_from, terms)
         SELECT ${row(`'K${n}'`, String(n))}, ${base.provider + n}, 'Avtal ${n}', '2025-01-01', '${JSON.stringify(termsOf(n))}'`,
      );
    }
    // Nine of ten live in the town; of one staff member in two hundred the third client lives 90 km away.
    await run(
      `INSERT INTO clients (${common}, protection, household_id, deceased_on, addresses)
       SELECT ${row("'C' || n", "n")}, 0, ${base.household} + CASE WHEN n % 40 = 1 THEN n - 1 ELSE n END,
         CASE WHEN n % 499 = 3 THEN '${first}'::date + 12 END,
         '[{"from":"2020-01-01","latitude":' || 58.6 + (n / 3 % 997) * 0.0003 + (n % 3) * 0.002 + CASE WHEN n % 3 = 2 AND n / 3 % 211 = 4 THEN 0.8 ELSE 0 END
           || ',"longitude":' || 17.1 + (n / 3 % 991) * 0.0004 || ',"precision":"' || CASE WHEN n % 97 = 5 THEN 'street' ELSE 'exact' END
           || '","buildingId":"B' || n - n % 2 || '"}]'
       FROM generate_series(0, ${clients - 1}) n`,
    );
    await run(
      `INSERT INTO staff (${common}, hsa_id, provider_id, unit_id, employed_from)
       SELECT ${row("'S' || n", "n")}, 'HSA-' || n, ${base.provider} + u % ${providers}, ${base.unit} + u, '2020-01-01'
       FROM generate_series(0, ${staff - 1}) n,
         LATERAL (SELECT CASE WHEN n < ${regular} THEN n / 7 ELSE (n - ${regular}) / 3 END % ${units} AS u) AS of`,
    );
    // The third order of each client, and of one client in 211 all, ended before the month.
    await run(
      `INSERT INTO orders (${common}, client_id, unit_id, status, ordered_at, accepted_at, valid_from, valid_to)
       SELECT ${row("'o' || n", "n")}, ${base.client} + n / 3, ${base.unit} + n / 63 % ${units}, ${word("orders", "status", "accepted")},
         '2026-01-02 10:00', '2026-01-02 12:00', '2026-01-05', CASE WHEN n % 3 = 2 OR n / 3 % 211 = 9 THEN '${first}'::date - 1 - n / 3 % 20 END
       FROM generate_series(0, ${clients * 3 - 1}) n`,
    );
    await run(
      `INSERT INTO order_lines (${common}, order_id, service, minutes, times, per, staffing)
       SELECT '${tenant}', 0, 'o' || n || '-1', 1, false, 'o' || n, '\\x00'::bytea, 1 + n / 1000, n % 1000, 1,
         ${base.order} + n, ${base.service} + n % 3, (ARRAY[24, 30, 25])[n % 3 + 1], (ARRAY[3, 1, 4])[n % 3 + 1],
         (ARRAY[${word("order-lines", "per", "day")}, ${word("order-lines", "per", "week")}, ${word("order-lines", "per", "week")}])[n % 3 + 1],
         CASE WHEN n / 3 % 997 = 4 AND n % 3 = 0 THEN 2 ELSE 1 END
       FROM generate_series(0, ${clients * 3 - 1}) n`,
    );
    await run(
      `INSERT INTO absences (${common}, client_id, "from", "to", kind, planned, notified_at)
       SELECT ${row("'a' || n", "n")}, ${base.client} + n * 37 + 5, '${first}'::date + 9 + n % 9 + time '09:30', '${first}'::date + 11 + n % 9 + time '16:15',
         (ARRAY[${["hospital", "away", "shortTermStay", "away"].map((one) => word("absences", "kind", one)).join(", ")}])[n % 4 + 1], false, '${first}'::date + 9 + n % 9 + time '11:00'
       FROM generate_series(0, ${Math.floor((clients - 6) / 37)}) n`,
    );
    await run(
      `INSERT INTO shifts (${common}, day, staff_id, start, "end", kind)
       SELECT ${row("'t' || n", "n")}, '${first}'::date + n % ${days}, ${base.staff} + n / ${days},
         '${first}'::date + n % ${days} + time '06:30', '${first}'::date + n % ${days} + time '22:00',
         CASE WHEN n / ${days} % 61 = 7 THEN ${word("shifts", "kind", "other")} ELSE ${word("shifts", "kind", "work")} END
       FROM generate_series(0, ${staff * days - 1}) n`,
    );
    // Visit n is the k-th of its client's hundred; three or four a day. They arrive day by day, in no other order.
    await run(
      `CREATE TEMPORARY TABLE made AS
       WITH numbered AS (
         SELECT n, n / ${visitsPerClient} AS c, n % ${visitsPerClient} AS k, n % ${visitsPerClient} * ${days} / ${visitsPerClient} AS d,
           ${h("n", 1)} AS odd, ${h("n", 2)} AS even
         FROM generate_series(0, ${visits - 1}) n),
       placed AS (SELECT *, k - (d * ${visitsPerClient} + ${days - 1}) / ${days} AS slot FROM numbered),
       -- One in two thousand is the visit before it once more.
       twice AS (SELECT *, slot > 0 AND odd % 2003 = 7 AS again FROM placed),
       timed AS (
         SELECT *, '${first}'::date + d AS day, c / 3 AS s,
           420 + (slot - again::int) * 200 + c % 3 * 42 + CASE WHEN again THEN ${h("n - 1", 2)} ELSE even END % 8
             + CASE WHEN again THEN odd / 2003 % 3 ELSE 0 END
             -- Begun before the one at the client before has ended.
             - CASE WHEN NOT again AND odd % 997 = 1 AND c % 3 > 0 THEN 18 + odd / 997 % 20 ELSE 0 END AS minute,
           420 + slot * 200 + c % 3 * 42 AS planned,
           15 + even / 8 % 16 + CASE WHEN odd % 1301 = 5 THEN 740 ELSE 0 END AS minutes
         FROM twice)
       SELECT *, (day + make_interval(mins => minute))::timestamptz AS start,
         (day + make_interval(mins => minute + CASE WHEN odd % 1201 = 3 THEN -(odd / 1201 % 9) ELSE minutes END))::timestamptz AS "end",
         -- Two days off in seven, in turn: then three others share the work of two. Some visits a colleague makes.
         CASE WHEN odd % 907 = 13 AND s > 2 THEN s - 2 WHEN (d + s) % 7 > 4 THEN ${regular} + s / 7 * 3 + (2 * d + (d + s) % 7 - 5) % 3 ELSE s END AS by,
         CASE WHEN d % 7 = 2 AND slot = 2 THEN 1 ELSE 0 END AS service
       FROM timed`,
    );
    await run("ANALYZE made");
    const proof = (name: string): number => word("visits", "startProof", name);
    await run(
      `INSERT INTO visits (${common}, day, client_id, unit_id, staff_id, start, "end", status, services, planned_visit_id, original_start, original_end,
         received_at, edited_at, edit_reason, start_proof, end_proof, law)
       SELECT ${row("'v' || n", "(row_number() OVER (ORDER BY day, even))::int4")}, day, ${base.client} + c, ${base.unit} + s / 7 % ${units},
         CASE WHEN odd % 5003 = 17 THEN NULL ELSE ${base.staff} + by END, start, "end",
         CASE WHEN even % 211 = 3 THEN ${word("visits", "status", "declined")} WHEN even % 211 = 4 THEN ${word("visits", "status", "cancelled")} ELSE ${word("visits", "status", "completed")} END,
         ${base.service} + CASE WHEN odd % 1301 = 5 AND odd % 3 = 0 THEN 4 WHEN odd % 701 = 6 THEN 5 WHEN odd % 701 = 7 THEN 3 ELSE service END,
         CASE WHEN even % 3 = 0 THEN 'p' || n END,
         CASE WHEN odd % 401 = 11 THEN start END, CASE WHEN odd % 401 = 11 THEN "end" - interval '1 minute' * (odd / 401 % 12) END,
         "end" + interval '1 minute' * CASE WHEN odd % 311 = 2 THEN 1300 + odd / 311 ELSE 1 + odd % 20 END,
         CASE WHEN odd % 401 = 11 THEN "end" + interval '3 hours' END, CASE WHEN odd % 802 = 11 THEN 'Glömt' END,
         CASE WHEN even % 10 = 0 THEN ${proof("manual")} WHEN even % 10 < 5 THEN ${proof("lock")} ELSE ${proof("nfc")} END,
         CASE WHEN even % 10 = 0 THEN ${proof("manual")} WHEN even % 10 < 5 THEN ${proof("lock")} ELSE ${proof("nfc")} END,
         CASE WHEN odd % 1511 = 5 THEN ${word("visits", "law", "HSL")} ELSE ${word("visits", "law", "SoL")} END
       FROM made ORDER BY day, even`,
    );
    await run(
      `INSERT INTO planned_visits (${common}, day, client_id, unit_id, staff_id, start, "end", services, cancelled, modified_at)
       SELECT ${row("'p' || n", "(row_number() OVER (ORDER BY day, odd))::int4")}, day, ${base.client} + c, ${base.unit} + s / 7 % ${units}, ${base.staff} + CASE WHEN (d + s) % 7 > 4 THEN ${regular} + s / 7 * 3 + (2 * d + (d + s) % 7 - 5) % 3 ELSE s END,
         (day + make_interval(mins => planned))::timestamptz, (day + make_interval(mins => planned + 25))::timestamptz, ${base.service} + service,
         even % 211 = 4, (day + make_interval(mins => planned - 4321))::timestamptz
       FROM made ORDER BY day, odd`,
    );
    // What was done, billed by the week; one claim in 150 is too high.
    await run(
      `INSERT INTO claims (${common}, invoice_id, provider_id, unit_id, client_id, order_id, service, "from", "to", minutes, amount_ore, kind)
       SELECT ${row("'k' || n", "n::int4")}, 'F1', ${base.provider} + u % ${providers}, ${base.unit} + u, ${base.client} + c,
         ${base.order} + c * 3 + service, ${base.service} + service, '${first}'::date + part * length, least('${first}'::date + part * length + length - 1, '${formatDay(period.through)}'::date),
         claimed, round(claimed * (45600 + u % ${providers} * 100) / 60.0), 0
       FROM (
         SELECT row_number() OVER (ORDER BY c, service, d / length) AS n, c, c / 21 % ${units} AS u, service, d / length AS part, length,
           sum(minutes) + CASE WHEN ${h("c * 99 + service * 50 + d / length", 5)} % 150 = 3 THEN 60 ELSE 0 END AS claimed
         FROM made JOIN (VALUES (0, 7), (1, 1)) AS parts (of, length) ON of = service
         WHERE even % 211 NOT IN (3, 4) AND odd % 1201 <> 3 AND odd % 1301 <> 5 AND odd % 907 <> 13 AND NOT again
         GROUP BY c, service, d / length, length) AS billed`,
    );
    await run("DROP TABLE made; ANALYZE");
    // As a pull ends.
    const started = performance.now();
    const kept = await writeDayBlocks(database, tenant);
    process.stdout.write(
      `columns of ${kept} days of visits, plans and shifts written in ${((performance.now() - started) / 1000).toFixed(1)} s\n`,
    );
    await run("CHECKPOINT");
    const { rows } = await client.query<{ claims: number; visits: number }>(
      "SELECT (SELECT count(*) FROM claims) AS claims, (SELECT count(*) FROM visits) AS visits",
    );
    if (rows[0]?.visits !== visits) throw new Error(`Expected ${visits} visits, found ${rows[0]?.visits}.`);
    return { ...sizes, claims: rows[0].claims };
  } finally {
    client.release(true);
  }
}

/** Simple terms, with bands at one provider and rounding at another. */
function termsOf(provider: number): object {
  const orePerHour = 45_600 + provider * 100;
  return {
    basis: { default: "performed" },
    price: [
      { from: "2025-01-01", orePerHour },
      ...(provider === 3 ? [{ from: "2025-01-01", band: "kvall", orePerHour: orePerHour + 9000 }] : []),
    ],
    ...(provider === 3 ? { bands: [{ name: "kvall", from: "18:00", to: "22:00" }] } : {}),
    ...(provider === 2 ? { rounding: { to: 5, direction: "nearest", per: "visit" } } : {}),
    cap: { level: "month", tolerancePercent: 0 },
    declined: { percent: { default: 50 } },
    manual: { allowed: true, reasonRequired: false },
    lengthening: "always",
  };
}
