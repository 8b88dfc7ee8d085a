import { pdfA, type Block } from "#document";
import { entities, formatDay, formatInstant, formatLocal, formatOre } from "#model";
import { dispositions, levels, severities, statusText } from "../../words.ts";
import type { CaseEvent, CaseFinding, CaseRecord, RecordVersion, ShownCase, SourceDay } from "../types.ts";
import { caseStateNames, eventNames, fieldNames, goneTexts, outcomeTexts, subjectKindNames } from "../words.ts";
import type { CaseFile } from "./file.ts";

/** What stands in a document before it is the archive's part to tell the rest. */
const FINDINGS_MAX = 200;
const RECORDS_MAX = 400;
const VERSIONS = 3;

const number = new Intl.NumberFormat("sv-SE", { maximumFractionDigits: 2 });
const period = (from: number, through: number): string =>
  from === through ? formatDay(from) : `${formatDay(from)} – ${formatDay(through)}`;
const minutes = (count: number): string => `${number.format(count)} minuter`;
const known = (rows: ReadonlyArray<readonly [string, string | null]>): Array<readonly [string, string]> =>
  rows.filter((row): row is readonly [string, string] => row[1] !== null && row[1] !== "");

export const maskedTexts = {
  asked:
    "Maskerad version för utlämnande. Namn, id, adresser, positioner, fritext och bilagor är borttagna. Samma person har samma nummer i hela handlingen. Gör en sekretessprövning innan den lämnas ut: även tider och händelser kan peka ut någon.",
  protected:
    "Maskerad version. Ärendet rör någon med skyddade personuppgifter, och den som tog ut det har inte behörighet att se dem. Namn, id, adresser, positioner, fritext och bilagor är därför borttagna. Någon med behörighet kan ta ut ärendet i klartext.",
} as const;

/** A case as a document for the file. */
export function casePdf(file: CaseFile): Promise<Buffer> {
  const { shown, municipality, madeAt, masked } = file;
  const title = `Ärende ${shown.no}`;
  return pdfA({
    title,
    author: municipality,
    foot: `${municipality} · ${title}${masked === null ? "" : " · maskerad version"} · uttaget ${formatLocal(madeAt)}`,
    at: madeAt,
    blocks: [...caseBlocks(file)],
  });
}

function* caseBlocks(file: CaseFile): Generator<Block> {
  const { shown, masked, municipality, madeAt, madeBy } = file;
  if (masked !== null) yield { kind: "text", as: "box", text: maskedTexts[masked] };
  yield {
    kind: "text",
    as: "note",
    text: `${municipality}. Uttaget ${formatLocal(madeAt)}${madeBy === null ? "" : ` av ${madeBy}`}. Ett fynd är en indikation, aldrig ett bevis. En människa avgör.`,
  };
  yield { kind: "heading", level: 2, text: "Ärendet i korthet" };
  yield { kind: "facts", rows: factsOf(file) };
  yield* decisionBlocks(file);
  yield* peopleBlocks(file);
  const findings = shown.list.slice(0, FINDINGS_MAX);
  yield { kind: "heading", level: 2, text: "Vad ärendet gäller" };
  for (const [index, finding] of findings.entries()) yield* findingBlocks(file, finding, index + 1);
  yield* left(shown.list.length - findings.length, "fynd");
  yield* sourceBlocks(shown.sources);
  const records = shown.records.slice(0, RECORDS_MAX);
  if (records.length > 0) yield { kind: "heading", level: 2, text: "Poster som fynden vilar på" };
  for (const record of records) yield* recordBlocks(file, record);
  yield* left(shown.records.length - records.length, "poster");
  yield* attachmentBlocks(file);
  yield* earlierBlocks(file);
  yield { kind: "heading", level: 2, text: "Historik" };
  for (const event of shown.events) yield* eventBlocks(file, event);
}

function* left(count: number, what: string): Generator<Block> {
  if (count > 0)
    yield { kind: "text", text: `Ytterligare ${count} ${what} finns i ärendets arkiv (ZIP), som tas ut för sig.` };
}

export function factsOf({ shown, stored, names, telling }: CaseFile): Array<readonly [string, string]> {
  const { subject } = shown;
  const about =
    subject.kind === "client" || subject.kind === "staff"
      ? `${subjectKindNames[subject.kind]} ${telling.person(subject.kind, subject.id)}`
      : subject.kind === "unit"
        ? `${subjectKindNames.unit} ${names.unit(subject.id)}`
        : subject.kind === "provider"
          ? "Utföraren som helhet"
          : "En källa";
  const at = (name: string | null, when: number | null): string | null =>
    when === null ? null : `${telling.colleague(name) ?? "–"}, ${formatLocal(when)}`;
  return known([
    ["Ärende", shown.no],
    ["Status", caseStateNames[shown.state]],
    ["Utförare", names.provider(shown.provider)],
    ["Gäller", about],
    ["Enheter", shown.units.map(names.unit).join(", ")],
    ["Tid", period(shown.firstDay, shown.lastDay)],
    ["I fråga", `${formatOre(shown.stakeOre)} och ${minutes(shown.stakeMinutes)}`],
    ["Fynd", `${shown.findings} står kvar${shown.gone === 0 ? "" : `, ${shown.gone} är borta`}`],
    ["Nivå", levels[shown.level]],
    ["Handläggare", telling.colleague(shown.assignedName)],
    ["Förklaring", heardText(shown)],
    ["Beslut", shown.outcome === null ? null : outcomeTexts[shown.outcome].title],
    ["Belopp i beslutet", shown.claimOre === null ? null : formatOre(shown.claimOre)],
    ["Senast", shown.dueOn === null ? null : formatDay(shown.dueOn)],
    ["Föreslaget av", at(stored.proposedName, stored.proposedAt)],
    ["Beslutat av", at(stored.decidedName, stored.decidedAt)],
    ["Öppnat", formatLocal(shown.openedAt)],
    ["Avslutat", stored.closedAt === null ? null : formatLocal(stored.closedAt)],
  ]);
}

const heardText = ({ heard, explanationDueOn }: ShownCase): string =>
  heard
    ? "Utföraren har förklarat sig"
    : explanationDueOn === null
      ? "Utföraren har inte tillfrågats"
      : `Utföraren ska svara senast ${formatDay(explanationDueOn)}`;

/** What was decided, or is proposed, with the words of whoever proposed it. */
function* decisionBlocks({ shown, telling }: CaseFile): Generator<Block> {
  if (shown.outcome === null) return;
  const proposal = shown.events.findLast(({ kind }) => kind === "propose" || kind === "decide");
  const { title, means } = outcomeTexts[shown.outcome];
  yield { kind: "heading", level: 2, text: shown.state === "decision-proposed" ? "Föreslaget beslut" : "Beslut" };
  yield { kind: "text", text: `${title}. ${means}` };
  for (const part of ["motivation", "legalAnalysis"] as const) {
    const text = proposal?.texts[part];
    if (text === undefined) continue;
    yield { kind: "heading", level: 3, text: part === "motivation" ? "Motivering" : "Rättslig bedömning" };
    yield { kind: "text", as: "quote", text: telling.written(text) };
  }
}

const whoNames = { client: "Brukare", staff: "Personal" } as const;

function* peopleBlocks({ people, telling }: CaseFile): Generator<Block> {
  if (people.length === 0) return;
  yield { kind: "heading", level: 2, text: "Personer i ärendet" };
  if (telling.masked) {
    yield {
      kind: "list",
      items: people.map(({ who, ids }) => `${telling.person(who, ids[0]!)}: ${whoNames[who].toLowerCase()}`),
    };
    return;
  }
  yield {
    kind: "table",
    columns: [
      { title: "Nummer", width: 2 },
      { title: "Vem", width: 2 },
      { title: "Namn", width: 4 },
      { title: "Personnummer", width: 3 },
      { title: "Skyddade uppgifter", width: 2 },
    ],
    rows: people.map((person) => [
      person.tag,
      whoNames[person.who],
      person.name ?? "okänt",
      person.identity?.replace(/^(\d{8})(\d{4})$/, "$1-$2") ?? "okänt",
      person.protected ? "ja" : "",
    ]),
  };
}

function standing({ goneAt, goneAs, judgement, ...finding }: CaseFinding): string {
  if (goneAt !== null)
    return `Borta sedan ${formatLocal(goneAt)}${goneAs === null ? "" : `: ${(goneTexts[goneAs] ?? goneAs).toLowerCase()}`}`;
  return judgement === null ? statusText(finding) : dispositions[judgement];
}

function precisionText({ share, judged, confirmed }: CaseFinding["rule"]["precision"]): string {
  const percent = (part: number): string => `${Math.round(part * 100)} %`;
  return share === null
    ? `Regelns träffsäkerhet är inte känd: ${judged} fynd är bedömda, tio behövs.`
    : `Regeln har haft rätt i ${percent(share.value)} av ${judged} bedömda fynd (${confirmed} bekräftade; mellan ${percent(share.low)} och ${percent(share.high)} med 95 % säkerhet).`;
}

function* findingBlocks({ names, telling }: CaseFile, finding: CaseFinding, place: number): Generator<Block> {
  const { rule, evidence, clauses, records } = finding;
  yield { kind: "heading", level: 3, text: `Fynd ${place}: ${rule.title}` };
  yield { kind: "text", text: telling.said(finding.reason) };
  yield {
    kind: "facts",
    rows: known([
      ["Tid", period(finding.fromDay, finding.throughDay)],
      ["Brukare", finding.client === null ? null : telling.person("client", finding.client)],
      ["Personal", finding.staff === null ? null : telling.person("staff", finding.staff)],
      ["Utförare", finding.provider === null ? null : names.provider(finding.provider)],
      ["Enhet", finding.unit === null ? null : names.unit(finding.unit)],
      ["I fråga", stakeText(finding)],
      ["Nivå", `${levels[finding.level]}. ${severities[finding.severity]}`],
      ["Status", standing(finding)],
      ["Varför det spelar roll", rule.why],
      [
        "Avtalet",
        clauses
          .map(({ contract, clause, text }) => `${contract}, ${clause}${text === null ? "" : `: ${text}`}`)
          .join("\n"),
      ],
      ["Poster", records.map(telling.record).join(", ")],
    ]),
  };
  if (evidence.length > 0) {
    yield { kind: "text", text: "Talar för:" };
    yield {
      kind: "list",
      items: evidence.flatMap(({ condition, value, threshold, alternatives = [] }) => [
        `${telling.said(condition)}: ${telling.evidence(value)}${threshold === undefined ? "" : ` (gräns ${telling.evidence(threshold)})`}`,
        ...alternatives.map((other) => `prövat: ${telling.said(other.condition)}: ${telling.evidence(other.value)}`),
      ]),
    };
  }
  yield { kind: "text", text: "Talar emot, eller manar till försiktighet:" };
  yield {
    kind: "list",
    items: [
      precisionText(rule.precision),
      ...rule.innocent.map((cause) => `Regeln har prövat och uteslutit: ${cause}`),
    ],
  };
}

const stakeText = ({ minutes: count, amountOre }: CaseFinding): string | null =>
  [...(count === null ? [] : [minutes(count)]), ...(amountOre === null ? [] : [formatOre(amountOre)])].join(" och ") ||
  null;

function* sourceBlocks(sources: readonly SourceDay[]): Generator<Block> {
  if (sources.length === 0) return;
  yield { kind: "heading", level: 2, text: "Källorna de dagarna" };
  yield {
    kind: "table",
    columns: [
      { title: "Källa", width: 3 },
      { title: "Dag", width: 2 },
      { title: "Poster", width: 1, align: "right" },
      { title: "Vanligt", width: 1, align: "right" },
      { title: "I karantän", width: 1, align: "right" },
      { title: "Nere", width: 1 },
    ],
    rows: sources.map(({ source, day, records, usual, quarantined, down }) => [
      source,
      formatDay(day),
      String(records),
      usual === null ? "–" : number.format(usual),
      String(quarantined),
      down ? "ja" : "",
    ]),
  };
}

const versionText = ({ version, receivedAt, inForce, deleted }: RecordVersion): string =>
  [
    inForce ? "Gällande" : "Äldre",
    ...(deleted ? ["borttagen i källan"] : []),
    ...(version === null ? [] : [`version ${version > 1e11 ? formatInstant(version) : version}`]),
    ...(receivedAt === null ? [] : [`kom in ${formatLocal(receivedAt)}`]),
  ].join(", ");

/** A record with its versions side by side, a few to a table. */
function* recordBlocks({ telling }: CaseFile, record: CaseRecord): Generator<Block> {
  const { entity, source, versions } = record;
  yield { kind: "heading", level: 3, text: `${telling.record(record)} (${source})` };
  if (versions.length === 0) yield { kind: "text", text: "Posten finns inte längre." };
  for (let from = 0; from < versions.length; from += VERSIONS) {
    const some = versions.slice(from, from + VERSIONS);
    const fields = Object.keys(entities[entity].fields).filter((name) =>
      some.some((version) => version.fields.some(({ field }) => field === name)),
    );
    yield {
      kind: "table",
      columns: [{ title: "Fält", width: 2 }, ...some.map((version) => ({ title: versionText(version), width: 3 }))],
      rows: fields.map((name) => [
        fieldNames[name] ?? name,
        ...some.map((version) => {
          const field = version.fields.find((one) => one.field === name);
          if (field === undefined) return "";
          const text = telling.field(entity, field) ?? "dold";
          return field.changed ? `${text} (ändrat)` : text;
        }),
      ]),
    };
  }
}

function* attachmentBlocks({ shown: { attachments }, telling }: CaseFile): Generator<Block> {
  if (attachments.length === 0) return;
  yield { kind: "heading", level: 2, text: "Bilagor" };
  if (telling.masked) yield { kind: "text", text: `${attachments.length} bilagor, utelämnade.` };
  else
    yield {
      kind: "table",
      columns: [
        { title: "Namn", width: 4 },
        { title: "Slag", width: 3 },
        { title: "Byte", width: 1, align: "right" },
        { title: "Bifogad", width: 3 },
      ],
      rows: attachments.map(({ name, type, bytes, at, byName }) => [
        name,
        type,
        number.format(bytes),
        `${formatLocal(at)}, ${byName}`,
      ]),
    };
}

/** Other cases would tell who somebody is: they are left out where that is not told. */
function* earlierBlocks({ shown: { earlier }, telling }: CaseFile): Generator<Block> {
  if (earlier.length === 0 || telling.masked) return;
  yield { kind: "heading", level: 2, text: "Andra ärenden om samma" };
  yield {
    kind: "table",
    columns: [
      { title: "Ärende", width: 2 },
      { title: "Tid", width: 3 },
      { title: "Status", width: 2 },
      { title: "Beslut", width: 3 },
      { title: "Belopp", width: 2, align: "right" },
    ],
    rows: earlier.map((row) => [
      row.no,
      period(row.firstDay, row.lastDay),
      caseStateNames[row.state],
      row.outcome === null ? "" : outcomeTexts[row.outcome].title,
      row.stakeOre === 0 ? "" : formatOre(row.stakeOre),
    ]),
  };
}

export const textTitles: Readonly<Record<string, string>> = {
  comment: "Kommentar",
  reason: "Skäl",
  note: "Anteckning",
  motivation: "Motivering",
  legalAnalysis: "Rättslig bedömning",
  question: "Fråga",
  letter: "Brev",
  answer: "Förklaring",
  from: "Från",
};

/** What happened, and what of it is no free text. */
export function eventText({ names, telling }: CaseFile, { kind, data }: CaseEvent): string {
  const { to, outcome, until, dueOn, claimOre, findings, name, rules } = data;
  const parts = [
    ...(typeof outcome === "string" && outcome in outcomeTexts
      ? [outcomeTexts[outcome as keyof typeof outcomeTexts].title]
      : []),
    ...(typeof claimOre === "number" ? [formatOre(claimOre)] : []),
    ...(typeof name === "string" ? [`till ${telling.colleague(name) ?? ""}`] : []),
    ...(typeof until === "number" ? [`till ${formatDay(until)}`] : []),
    ...(typeof dueOn === "number" ? [`senast ${formatDay(dueOn)}`] : []),
    ...(typeof findings === "number"
      ? [`${findings} fynd`]
      : Array.isArray(findings)
        ? [`${findings.length} fynd`]
        : []),
    ...(Array.isArray(rules) ? [rules.map((id) => names.rule(String(id))).join(", ")] : []),
    ...(typeof to === "string" && to in caseStateNames
      ? [`status ${caseStateNames[to as keyof typeof caseStateNames].toLowerCase()}`]
      : []),
  ];
  return [eventNames[kind] ?? kind, parts.join(", ")].filter((part) => part !== "").join(": ");
}

function* eventBlocks(file: CaseFile, event: CaseEvent): Generator<Block> {
  const { telling } = file;
  yield {
    kind: "text",
    text: `${formatLocal(event.at)} · ${telling.colleague(event.byName) ?? ""} · ${eventText(file, event)}`,
  };
  for (const [kind, text] of Object.entries(event.texts))
    yield { kind: "text", as: "quote", text: `${textTitles[kind] ?? kind}: ${telling.written(text)}` };
}
