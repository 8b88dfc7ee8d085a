// Times intake, reading, rules and whole nights at the size of a large municipality's month, beside what one would do by
// hand, and ends with 1 where a limit is missed.
// npm run bench -- [visits] [intake|speed|pages|webhooks] [FOLDER]   (default 1,000,000, and all; also runs twice as many). Needs
// about 15 GB of disk, in a folder of its own that is gone afterwards, or in FOLDER, which stays.
// The plans of the SQL: node bench/ten-rules/run.ts postgres|duckdb FOLDER --plans
import { createReadStream, createWriteStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { from as copyFrom } from "pg-copy-streams";
import { day, formatDay } from "#model";
import { openDatabase } from "#store";
import { image, limit, run } from "./child.ts";
import { dump } from "./dump.ts";
import { pages } from "./pages.ts";
import { nodeOptions, speed } from "./speed.ts";
import { webhooks } from "./webhooks.ts";

const visitCount = Number(process.argv[2] ?? 1_000_000);
const part = process.argv[3];
const days = 31;
const first = day("2026-10-01");
const perDay = 4;
const kept = process.argv[4];
const workplace = kept ?? mkdtempSync(join(tmpdir(), "klarsyn-bench-"));

const clock = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
const place = (client: number) => ({ latitude: 58 + (client % 997) * 0.0007, longitude: 17 + (client % 991) * 0.0009 });

/** One visit: every client four times a day; a staff member goes from one client to the next. */
function* visitsOf(
  count: number,
): Generator<{ n: number; client: number; staff: number; date: string; start: number; minutes: number }> {
  const clients = Math.ceil(count / (days * perDay));
  let n = 0;
  for (let date = 0; date < days; date++) {
    for (let client = 0; client < clients; client++) {
      for (let part = 0; part < perDay && n < count; part++) {
        // Twelve clients a person, 20 minutes each with ten between them.
        const start = 420 + part * 190 + (client % 6) * 30;
        yield {
          n: n++,
          client,
          staff: Math.floor(client / 6),
          date: formatDay(first + date),
          start,
          minutes: 15 + (n % 11),
        };
      }
    }
  }
}

async function writeLines(path: string, lines: Iterable<string>): Promise<void> {
  const out = createWriteStream(path);
  let block = "";
  for (const line of lines) {
    block += line;
    if (block.length < 1 << 20) continue;
    if (!out.write(block)) await once(out, "drain");
    block = "";
  }
  out.end(block);
  await once(out, "close");
}

const columns =
  "BesöksId;Enhet;Utförare;Brukarnr;Personnummer;Besöksdatum;Starttid;Sluttid;Längd;Insatser;Beviljad tid;Planerad start;Planerad slut;Personal;Personalnr;Kvittens start;Kvittens slut;Avböjt;Orsak;Dubbelbemanning;Godkänd;Godkänd av;Ursprunglig start;Ursprunglig slut;Ändrad av;Ändrad tid;Kommentar;Telefon;Registrerad";

function* phoniroFile(count: number): Generator<string> {
  yield `\uFEFF${columns
    .split(";")
    .map((name) => `"${name}"`)
    .join(";")}\r\n`;
  for (const { n, client, staff, date, start, minutes } of visitsOf(count)) {
    const end = start + minutes;
    yield `"b${n}";"U${staff % 20}";"Utförare";"${client}";"";"${date}";"${clock(start)}";"${clock(end)}";"${minutes}";"Omvårdnad";"30";"${clock(start)}";"${clock(end)}";"N N";"${staff}";"Lås";"Lås";"N";"";"N";"J";"";"";"";"";"";"";"T${staff}";"${date} ${clock(end + 2)}"\r\n`;
  }
}

function* planFile(count: number): Generator<string> {
  yield "id,clientId,unitId,staffId,start,end,services\n";
  for (const { n, client, staff, date, start } of visitsOf(count)) {
    yield `p${n},${client},U${staff % 20},${staff},${date}T${clock(start)}:00,${date}T${clock(start + 20)}:00,omvardnad\n`;
  }
}

function writeRegisters(folder: string, count: number): void {
  const clients = Math.ceil(count / (days * perDay));
  const lines = (rows: unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  const range = (length: number) => Array.from({ length }, (_, index) => index);
  writeFileSync(
    join(folder, "services.jsonl"),
    lines([{ id: "omvardnad", code: "omvardnad", name: "Omvårdnad", kind: "care" }]),
  );
  writeFileSync(
    join(folder, "providers.jsonl"),
    lines(
      range(6).map((n) => ({
        id: `P${n}`,
        organisationNumber: `16556600000${n}`,
        name: `Utförare ${n}`,
        regime: n < 2 ? "municipal" : "private",
      })),
    ),
  );
  writeFileSync(
    join(folder, "units.jsonl"),
    lines(range(20).map((n) => ({ id: `U${n}`, providerId: `P${n % 6}`, name: `Enhet ${n}` }))),
  );
  writeFileSync(
    join(folder, "clients.jsonl"),
    lines(
      range(clients).map((n) => ({
        id: String(n),
        householdId: `H${n}`,
        addresses: [{ from: "2020-01-01", ...place(n), precision: "exact", buildingId: `B${n}` }],
      })),
    ),
  );
  writeFileSync(
    join(folder, "staff.jsonl"),
    lines(
      range(Math.ceil(clients / 6)).map((n) => ({
        id: String(n),
        providerId: `P${(n % 20) % 6}`,
        unitId: `U${n % 20}`,
        hsaId: `HSA-${n}`,
      })),
    ),
  );
  writeFileSync(
    join(folder, "orders.jsonl"),
    lines(
      range(clients).map((n) => ({
        id: `o${n}`,
        clientId: String(n),
        unitId: `U${Math.floor(n / 6) % 20}`,
        status: "accepted",
        orderedAt: "2026-01-01T08:00:00",
        validFrom: "2026-01-01",
        lines: [{ id: `o${n}-1`, service: "omvardnad", minutes: 25, times: 4, per: "day" }],
      })),
    ),
  );
}

async function intake(count: number): Promise<{ perRow: number; folder: string; config: string }> {
  const folder = join(workplace, String(count));
  const inbox = join(folder, "phoniro");
  const files = join(folder, "files");
  for (const path of [inbox, files]) mkdirSync(path, { recursive: true });
  await writeLines(join(inbox, "besok-2026-10.csv"), phoniroFile(count));
  const config = join(folder, "klarsyn.config.json");
  const source = (id: string, adapter: string, path: string) => ({
    id,
    adapter,
    settings: { folder: path, settleSeconds: 0 },
  });
  const sources = [source("phoniro", "phoniro", inbox), source("files", "standard", files)];
  writeFileSync(config, JSON.stringify({ municipality: { code: "0000", name: "Mätning" }, database: "", sources }));
  const env = { ...image, KLARSYN_DATA: join(folder, "data"), LOG_LEVEL: "warn" };
  // Held open, so that start and stop of the database are not part of what is timed.
  await using database = await openDatabase({ folder: env.KLARSYN_DATA });
  await run(["bin/klarsyn.js", "migrate", "--config", config], env);
  const pulled = await run(["bin/klarsyn.js", "pull", "phoniro", "--config", config], env);
  const { rows } = await database.pool.query<{ n: number }>("SELECT count(*) AS n FROM visits");
  if (rows[0]?.n !== count) throw new Error(`Expected ${count} visits, found ${rows[0]?.n}.`);

  const copied = join(folder, "visits.copy");
  const client = await database.pool.connect();
  await dump(client, "COPY visits TO STDOUT (FORMAT binary)", copied);
  await client.query("CREATE TABLE bare (LIKE visits INCLUDING ALL); CHECKPOINT");
  const started = performance.now();
  await pipeline(
    createReadStream(copied, { highWaterMark: 1 << 20 }),
    client.query(copyFrom("COPY bare FROM STDIN (FORMAT binary)")),
  );
  const bare = (performance.now() - started) / 1000;
  await client.query("DROP TABLE bare");
  client.release();
  rmSync(copied);
  const share = bare / pulled.seconds;
  limit(
    `intake of ${count} visits from CSV`,
    `${pulled.seconds.toFixed(1)} s, bare COPY of the same rows ${bare.toFixed(1)} s: ${share.toFixed(2)} of its speed (at least 0.20), ${Math.round(pulled.peakMb)} MB (below 700)`,
    share >= 0.2 && pulled.peakMb < 700,
  );
  return { perRow: pulled.seconds / count, folder, config };
}

const cpu = cpus()[0]?.model ?? "unknown";
process.stdout.write(
  `${cpu} × ${cpus().length}, ${Math.round(totalmem() / 1024 ** 3)} GB, Node ${process.versions.node}, ${visitCount} visits\n`,
);
try {
  if (part === undefined || part === "intake") await intakeAndReading();
  if (part === undefined || part === "speed") await speed(workplace, visitCount);
  if (part === undefined || part === "pages") await pages(workplace, visitCount);
  if (part === undefined || part === "webhooks") await webhooks(workplace);
} finally {
  if (kept === undefined) rmSync(workplace, { recursive: true, force: true });
}

async function intakeAndReading(): Promise<void> {
  const one = await intake(visitCount);
  const env = { ...image, KLARSYN_DATA: join(one.folder, "data"), LOG_LEVEL: "warn" };
  const files = join(one.folder, "files");
  writeRegisters(files, visitCount);
  await writeLines(join(files, "planned-visits.csv"), planFile(visitCount));
  {
    await using held = await openDatabase({ folder: env.KLARSYN_DATA });
    const pulled = await run(["bin/klarsyn.js", "pull", "files", "--config", one.config], env);
    await held.pool.query("ANALYZE");
    process.stdout.write(
      `intake of as many plans and registers  ${pulled.seconds.toFixed(1)} s, ${Math.round(pulled.peakMb)} MB\n`,
    );
    const aliases = join(one.folder, "alias.csv");
    const clients = Math.ceil(visitCount / (days * perDay));
    const same = (kind: string, id: string | number) => `${kind};phoniro;${id};files;${id}\n`;
    await writeLines(aliases, [
      "kind;source;id;sameAsSource;sameAsId\n",
      ...Array.from({ length: clients }, (_, n) => same("client", n)),
      ...Array.from({ length: Math.ceil(clients / 6) }, (_, n) => same("staff", n)),
      ...Array.from({ length: 20 }, (_, n) => same("unit", `U${n}`)),
    ]);
    await run(["bin/klarsyn.js", "alias", "import", aliases, "--config", one.config], env);
    for (const part of ["ratio", "rules"]) {
      const read = await run([...nodeOptions, "bench/reading.ts", env.KLARSYN_DATA, part], env);
      process.stdout.write(read.output);
      limit("memory of it", `${Math.round(read.peakMb)} MB (below 600)`, read.peakMb < 600);
    }
  }
  rmSync(one.folder, { recursive: true });
  const two = await intake(visitCount * 2);
  const perRow = two.perRow / one.perRow;
  limit(
    "time per row at twice the size",
    `${perRow.toFixed(2)} of that at ${visitCount} (no more than 1)`,
    perRow <= 1,
  );
}
