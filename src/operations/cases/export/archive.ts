import { createHash } from "node:crypto";
import { type ArchiveFile, type Cell, csvText } from "#document";
import { readRawRecords } from "#intake";
import { entities, type EntityName, formatDay, formatInstant, formatLocal } from "#model";
import { selectAttachment } from "#store";
import type { Actor } from "../../actor.ts";
import { accessNames, dispositions, levels, roleNames, statusText } from "../../words.ts";
import type { CaseRecord } from "../types.ts";
import { fieldNames } from "../words.ts";
import { type CaseFile, type ExportNeeds, readTrail } from "./file.ts";
import { casePdf, eventText, factsOf, maskedTexts, textTitles } from "./pages.ts";

const json = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
const csv = (head: readonly string[], rows: ReadonlyArray<readonly Cell[]>): Buffer =>
  Buffer.from(csvText([head, ...rows]));

/** All of a case, as files; the last two say what each file before them must be. */
export async function* caseArchive(needs: ExportNeeds, actor: Actor, file: CaseFile): AsyncGenerator<ArchiveFile> {
  const sums: Array<{ path: string; bytes: number; sha256: string }> = [];
  for await (const { path, content, packed = false } of contents(needs, actor, file)) {
    sums.push({ path, bytes: content.length, sha256: createHash("sha256").update(content).digest("hex") });
    yield { path, content, packed };
  }
  const { shown, municipality, madeAt, masked } = file;
  yield {
    path: "manifest.json",
    content: json({
      municipality,
      case: shown.no,
      madeAt: formatInstant(madeAt),
      madeBy: file.madeBy,
      masked,
      files: sums,
    }),
  };
  yield { path: "SHA256SUMS", content: Buffer.from(sums.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join("")) };
}

interface Content extends ArchiveFile {
  content: Uint8Array;
}

async function* contents(needs: ExportNeeds, actor: Actor, file: CaseFile): AsyncGenerator<Content> {
  const { shown, telling } = file;
  yield { path: "LÄS-MIG.txt", content: Buffer.from(readMe(file)) };
  yield { path: "arende.pdf", content: await casePdf(file), packed: true };
  yield { path: "arende.json", content: json(Object.fromEntries(factsOf(file))) };
  if (!telling.masked) yield* peopleFiles(file);
  yield* findingFiles(file);
  for (const entity of new Set(shown.records.map((record) => record.entity))) {
    yield* recordFiles(
      file,
      entity,
      shown.records.filter((record) => record.entity === entity),
    );
  }
  if (!telling.masked) yield { path: "kallposter.jsonl", content: await rawRecords(needs, actor, shown.records) };
  yield* historyFiles(file);
  yield* await trailFiles(needs, actor, file);
  if (!telling.masked) yield* attachmentFiles(needs, actor, file);
}

function readMe({ shown, municipality, madeAt, madeBy, masked }: CaseFile): string {
  return [
    `Ärende ${shown.no}, ${municipality}`,
    `Uttaget ${formatLocal(madeAt)}${madeBy === null ? "" : ` av ${madeBy}`}.`,
    ...(masked === null ? [] : [maskedTexts[masked]]),
    "",
    "arende.pdf       Ärendet som handling (PDF/A): fynd, poster, beslut och historik.",
    "arende.json      Ärendet i korthet.",
    "personer         Vilka nummer och id står för vem. Saknas i en maskerad version.",
    "fynd             Vad reglerna har funnit, med bevisning.",
    "poster           Varje post som fynden vilar på, i alla versioner, den gällande först.",
    "kallposter.jsonl Samma poster som källsystemen skickade dem, en per rad. Saknas i en maskerad version.",
    "historik, brev   Vad som har hänt i ärendet, och breven till utföraren.",
    "atkomst          Vilka som har öppnat ärendet, ur åtkomstloggen.",
    "bilagor          Bifogade filer. Saknas i en maskerad version.",
    "",
    "CSV-filer har semikolon och decimalkomma. Tider i JSON är UTC (Z), i övrigt svensk tid.",
    "En cell som börjar med ' har fått tecknet för att inte läsas som en formel.",
    "manifest.json och SHA256SUMS har kontrollsumman för varje fil: sha256sum -c SHA256SUMS",
    "",
    "Ett fynd är en indikation, aldrig ett bevis. En människa avgör.",
    "",
  ].join("\r\n");
}

function* peopleFiles({ people }: CaseFile): Generator<Content> {
  yield { path: "personer.json", content: json(people) };
  yield {
    path: "personer.csv",
    content: csv(
      ["Nummer", "Vem", "Namn", "Personnummer", "Skyddade uppgifter", "Id"],
      people.map(({ tag, who, name, identity, protected: hidden, ids }) => [
        tag,
        who === "client" ? "Brukare" : "Personal",
        name,
        identity,
        hidden ? "ja" : "nej",
        ids.join(" "),
      ]),
    ),
  };
}

function* findingFiles({ shown, names, telling }: CaseFile): Generator<Content> {
  const told = shown.list.map((finding, index) => ({
    finding: `Fynd ${index + 1}`,
    ...(telling.masked ? {} : { id: finding.id }),
    rule: finding.rule.id,
    title: finding.rule.title,
    level: finding.level,
    status: finding.status,
    judgement: finding.judgement,
    gone: finding.goneAt === null ? null : { at: formatInstant(finding.goneAt), as: finding.goneAs },
    from: formatDay(finding.fromDay),
    through: formatDay(finding.throughDay),
    provider: finding.provider === null ? null : names.provider(finding.provider),
    unit: finding.unit === null ? null : names.unit(finding.unit),
    client: finding.client === null ? null : telling.person("client", finding.client),
    staff: finding.staff === null ? null : telling.person("staff", finding.staff),
    minutes: finding.minutes,
    amountOre: finding.amountOre,
    reason: telling.said(finding.reason),
    evidence: finding.evidence.map(({ condition, value, threshold, alternatives = [] }) => ({
      condition: telling.said(condition),
      value: telling.evidence(value),
      ...(threshold === undefined ? {} : { threshold: telling.evidence(threshold) }),
      tried: alternatives.map((other) => `${telling.said(other.condition)}: ${telling.evidence(other.value)}`),
    })),
    precision: finding.rule.precision,
    clauses: finding.clauses,
    records: finding.records.map(telling.record),
  }));
  yield { path: "fynd.json", content: json(told) };
  yield {
    path: "fynd.csv",
    content: csv(
      [
        "Fynd",
        "Regel",
        "Från",
        "Till",
        "Utförare",
        "Enhet",
        "Brukare",
        "Personal",
        "Minuter",
        "Kronor",
        "Nivå",
        "Status",
        "Vad",
        "Poster",
      ],
      told.map((one, index) => [
        one.finding,
        one.title,
        one.from,
        one.through,
        one.provider,
        one.unit,
        one.client,
        one.staff,
        one.minutes,
        one.amountOre === null ? null : one.amountOre / 100,
        levels[one.level],
        one.judgement === null ? statusText(shown.list[index]!) : dispositions[one.judgement],
        one.reason,
        one.records.join(", "),
      ]),
    ),
  };
}

function* recordFiles({ telling }: CaseFile, entity: EntityName, records: readonly CaseRecord[]): Generator<Content> {
  const versions = records.flatMap((record) =>
    record.versions.map((version) => ({
      record: telling.record(record),
      source: record.source,
      ...(telling.masked ? {} : { id: record.id }),
      version: version.version,
      inForce: version.inForce,
      deleted: version.deleted,
      receivedAt: version.receivedAt === null ? null : formatInstant(version.receivedAt),
      fields: Object.fromEntries(version.fields.map((field) => [field.field, telling.value(entity, field)])),
    })),
  );
  const fields = Object.keys(entities[entity].fields);
  yield { path: `poster/${entity}.json`, content: json(versions) };
  yield {
    path: `poster/${entity}.csv`,
    content: csv(
      [
        "Post",
        "Källa",
        "Version",
        "Gällande",
        "Borttagen",
        "Kom in",
        ...fields.map((name) => fieldNames[name] ?? name),
      ],
      versions.map((one) => [
        one.record,
        one.source,
        one.version,
        one.inForce ? "ja" : "nej",
        one.deleted ? "ja" : "nej",
        one.receivedAt,
        ...fields.map((name): Cell => {
          const value = one.fields[name];
          return value === undefined
            ? null
            : value === null
              ? "dold"
              : typeof value === "boolean"
                ? value
                  ? "ja"
                  : "nej"
                : value;
        }),
      ]),
    ),
  };
}

/** Every version of the records as its source sent it. */
async function rawRecords(
  { database, vault }: ExportNeeds,
  actor: Actor,
  records: readonly CaseRecord[],
): Promise<Buffer> {
  const pages = new Map<number, Array<{ name: string; index: number }>>();
  for (const { entity, id, versions } of records) {
    for (const { page, index } of versions) {
      pages.set(page, [...(pages.get(page) ?? []), { name: `${entity}/${id}`, index }]);
    }
  }
  const lines: string[] = [];
  for (const [page, wanted] of pages) {
    const named = new Map<number, string[]>();
    for (const { index, name } of wanted) named.set(index, [...(named.get(index) ?? []), name]);
    for (const { index, receivedAt, ...raw } of await readRawRecords({ database, vault }, actor.tenantId, page, [
      ...named.keys(),
    ])) {
      lines.push(JSON.stringify({ of: named.get(index), ...raw, receivedAt: formatInstant(receivedAt) }));
    }
  }
  return Buffer.from(lines.map((line) => `${line}\n`).join(""));
}

function* historyFiles(file: CaseFile): Generator<Content> {
  const { shown, telling } = file;
  const told = shown.events.map((event) => ({
    at: formatInstant(event.at),
    by: telling.colleague(event.byName),
    what: eventText(file, event),
    texts: Object.fromEntries(
      Object.entries(event.texts).map(([kind, text]) => [textTitles[kind] ?? kind, telling.written(text)]),
    ),
  }));
  yield { path: "historik.json", content: json(told) };
  yield {
    path: "historik.csv",
    content: csv(
      ["När", "Vem", "Vad", "Text"],
      told.map(({ by, what, texts }, index) => [
        formatLocal(shown.events[index]!.at),
        by,
        what,
        Object.entries(texts)
          .map(([title, text]) => `${title}: ${text}`)
          .join("\n"),
      ]),
    ),
  };
  if (telling.masked) return;
  const letters = shown.events.flatMap(({ texts: { letter } }) => (letter === undefined ? [] : [letter]));
  for (const [index, letter] of letters.entries())
    yield { path: `brev/brev-${index + 1}.txt`, content: Buffer.from(letter) };
}

async function trailFiles(needs: ExportNeeds, actor: Actor, { shown, telling }: CaseFile): Promise<Content[]> {
  const rows = await readTrail(needs, actor, shown.no);
  const told = rows.map((row) => ({
    no: row.seq,
    at: formatInstant(row.at),
    who: telling.masked ? null : (row.name ?? row.actor),
    role: roleNames[row.role as keyof typeof roleNames] ?? row.role,
    unit: row.unit,
    what: accessNames[row.operation] ?? row.operation,
    rows: row.rows,
    why: telling.masked ? null : row.why,
  }));
  return [
    { path: "atkomst.json", content: json(told) },
    {
      path: "atkomst.csv",
      content: csv(
        ["Rad i loggen", "När", "Vem", "Roll", "Enhet", "Vad", "Antal", "Varför"],
        told.map(({ no, who, role, unit, what, rows: count, why }, index) => [
          no,
          formatLocal(rows[index]!.at),
          who,
          role,
          unit,
          what,
          count < 0 ? null : count,
          why,
        ]),
      ),
    },
  ];
}

/** One at a time: together they may be large. */
async function* attachmentFiles(
  { database, vault }: ExportNeeds,
  actor: Actor,
  { shown }: CaseFile,
): AsyncGenerator<Content> {
  for (const [index, { id, name, type }] of shown.attachments.entries()) {
    const stored = await selectAttachment(database, actor.tenantId, shown.no, id);
    if (stored === null) continue;
    const path = `bilagor/${String(index + 1).padStart(2, "0")}-${fileName(name)}`;
    yield { path, content: vault.decrypt(stored.content), packed: type !== "text/plain" };
  }
}

/** A name that is one on every system. */
const fileName = (name: string): string =>
  name.replaceAll(/[<>:"/\\|?*\p{Cc}\p{Cf}]/gu, "_").replace(/[. ]+$/, "") || "bilaga";
