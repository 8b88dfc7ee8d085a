import type { Cell } from "#document";
import { dayOf, formatDay, formatLocal, type Instant, type Month } from "#model";
import type { Rule } from "#rule";
import {
  countCases,
  countClosedLines,
  countFindings,
  countSettlement,
  type Database,
  type FindingSelection,
  isClosed,
  selectCases,
  selectNames,
  streamFindings,
  type StoredCase,
  type Vault,
} from "#store";
import { type Actor, permit } from "./actor.ts";
import { selectionOf } from "./cases/queue.ts";
import type { QueueFilter } from "./cases/types.ts";
import { caseStateNames, outcomeTexts, subjectKindNames } from "./cases/words.ts";
import { batched, type ExportedFile, handOutList, type ListFormat } from "./hand-out.ts";
import { showPeople } from "./persons.ts";
import { reasonOf } from "./reason.ts";
import { settlementLines } from "./settlement-lines.ts";
import { levels, severities, statusText } from "./words.ts";

type Needs = { database: Database; vault: Vault; now: () => Instant; rules: readonly Rule[] };
type Asked = { format: ListFormat; reason: string };

const kronor = (ore: number | null): number | null => (ore === null ? null : ore / 100);
const titlesOf = (rules: readonly Rule[]): ((id: string) => string) => {
  const titles = new Map(rules.map(({ id, title }) => [id, title.sv]));
  return (id) => titles.get(id) ?? id;
};
const named = (names: ReadonlyMap<string, string>, id: string | null): string | null =>
  id === null ? null : (names.get(id) ?? id);

/** The queue as a filter lets it through, as a list. People are initials and numbers, as on its page. */
export async function exportQueue(
  needs: Needs,
  actor: Actor,
  { filter, format, reason: given }: Asked & { filter: QueueFilter },
): Promise<ExportedFile> {
  permit(actor, "exports:make");
  permit(actor, "cases:read");
  const reason = reasonOf(given);
  const { database } = needs;
  const { tenantId, scope } = actor;
  const today = dayOf(needs.now());
  const selection = selectionOf(filter, actor, today);
  const { states, level } = selection;
  const counts = await countCases(database, tenantId, scope, selection);
  const inside = counts.filter((one) => (states?.includes(one.state) ?? true) && (level ?? one.level) === one.level);
  const names = await selectNames(database, tenantId);
  const titleOf = titlesOf(needs.rules);
  async function* cases(): AsyncGenerator<StoredCase> {
    // What is sorted by its day lacks what has none.
    const order = filter.sort === "due" ? "age" : filter.sort;
    let after: readonly unknown[] | undefined;
    for (;;) {
      const limit = 1000;
      const page = await selectCases(database, tenantId, scope, {
        ...selection,
        order,
        limit,
        ...(after === undefined ? {} : { after }),
      });
      yield* page.cases;
      after = page.places.at(-1);
      if (after === undefined || page.cases.length < limit) return;
    }
  }
  async function* rows(): AsyncGenerator<Cell[]> {
    for await (const page of batched(cases())) {
      const ids = (who: "client" | "staff") =>
        page.flatMap(({ subjectKind, subject }) => (subjectKind === who ? [subject] : []));
      const people = await showPeople(needs, actor, { client: ids("client"), staff: ids("staff") });
      for (const row of page) {
        const { subjectKind: kind, subject } = row;
        const about =
          kind === "client" || kind === "staff"
            ? (people[kind].get(subject)?.text ?? "Okänd")
            : kind === "unit"
              ? named(names.unit, subject)
              : null;
        yield [
          row.no,
          caseStateNames[row.state],
          named(names.provider, row.provider),
          subjectKindNames[kind],
          about,
          row.units.map((unit) => named(names.unit, unit)).join(", "),
          row.rules.map(titleOf).join(", "),
          levels[row.level],
          row.findings,
          kronor(row.stakeOre),
          row.stakeMinutes,
          formatDay(row.firstDay),
          formatDay(row.lastDay),
          row.assignedName,
          row.dueOn === null ? null : formatDay(row.dueOn),
          row.snoozedUntil === null ? null : formatDay(row.snoozedUntil),
          row.outcome === null ? null : outcomeTexts[row.outcome].title,
          kronor(row.claimOre),
          formatLocal(row.openedAt),
        ];
      }
    }
  }
  return handOutList(needs, actor, {
    operation: "export-queue",
    subject: "ärenden",
    reason,
    count: inside.reduce((sum, one) => sum + one.cases, 0),
    format,
    name: `arenden-${formatDay(today)}`,
    title: "Ärenden",
    head: [
      "Ärende",
      "Status",
      "Utförare",
      "Gäller",
      "Vem eller vad",
      "Enheter",
      "Regler",
      "Nivå",
      "Fynd",
      "Kronor i fråga",
      "Minuter i fråga",
      "Första dag",
      "Sista dag",
      "Handläggare",
      "Senast",
      "Åt sidan till",
      "Beslut",
      "Kronor i beslutet",
      "Öppnat",
    ],
    rows: rows(),
  });
}

/** Open findings, all or of one rule, as a list. */
export async function exportFindings(
  needs: Needs,
  actor: Actor,
  { ruleId, format, reason: given }: Asked & { ruleId?: string },
): Promise<ExportedFile> {
  permit(actor, "exports:make");
  permit(actor, "findings:read");
  const reason = reasonOf(given);
  const { database } = needs;
  const selection: FindingSelection = {
    ...(ruleId === undefined ? {} : { ruleId }),
    statuses: ["open", "in-case"],
    shown: true,
  };
  const names = await selectNames(database, actor.tenantId);
  const titleOf = titlesOf(needs.rules);
  async function* rows(): AsyncGenerator<Cell[]> {
    for await (const page of batched(streamFindings(database, actor.tenantId, selection))) {
      const people = await showPeople(needs, actor, {
        client: page.map(({ client }) => client),
        staff: page.map(({ staff }) => staff),
      });
      const tag = (who: "client" | "staff", id: string | null): string | null =>
        id === null ? null : (people[who].get(id)?.text ?? "Okänd");
      for (const finding of page) {
        yield [
          titleOf(finding.ruleId),
          finding.reason,
          formatDay(finding.fromDay),
          formatDay(finding.throughDay),
          named(names.provider, finding.provider),
          named(names.unit, finding.unit),
          tag("client", finding.client),
          tag("staff", finding.staff),
          finding.minutes,
          kronor(finding.amountOre),
          levels[finding.level],
          severities[finding.severity],
          statusText(finding),
        ];
      }
    }
  }
  return handOutList(needs, actor, {
    operation: "export-findings",
    subject: ruleId ?? "alla",
    reason,
    count: await countFindings(database, actor.tenantId, selection),
    format,
    name: `fynd-${formatDay(dayOf(needs.now()))}`,
    title: "Fynd",
    head: [
      "Regel",
      "Vad som inte stämmer",
      "Från",
      "Till",
      "Utförare",
      "Enhet",
      "Brukare",
      "Personal",
      "Minuter",
      "Kronor",
      "Nivå",
      "Åtgärd",
      "Status",
    ],
    rows: rows(),
  });
}

/** A month's settlement by order line, as a list. */
export async function exportSettlement(
  needs: Omit<Needs, "rules">,
  actor: Actor,
  { month, format, reason: given }: Asked & { month: Month },
): Promise<ExportedFile> {
  permit(actor, "exports:make");
  permit(actor, "settlement:read");
  const reason = reasonOf(given);
  const { database } = needs;
  const { tenantId } = actor;
  const count = (await isClosed(database, tenantId, month)) ? countClosedLines : countSettlement;
  const names = await selectNames(database, tenantId);
  async function* rows(): AsyncGenerator<Cell[]> {
    for await (const page of batched(settlementLines(database, tenantId, { month }))) {
      const people = await showPeople(needs, actor, { client: page.map(({ client }) => client) });
      for (const { provider, unit, client, service, order, line, contract, minutes, ore, month: of } of page) {
        yield [
          of,
          named(names.provider, provider),
          named(names.unit, unit),
          client === null ? null : (people.client.get(client)?.text ?? "Okänd"),
          named(names.service, service),
          order,
          line,
          contract,
          minutes.granted,
          minutes.planned,
          minutes.registered,
          minutes.payable,
          minutes.declined,
          minutes.noAnswer,
          minutes.absent,
          minutes.missed,
          minutes.claimed,
          kronor(ore.payable),
          kronor(ore.claimed),
          kronor(ore.overbilled),
          kronor(ore.unbilled),
        ];
      }
    }
  }
  return handOutList(needs, actor, {
    operation: "export-settlement",
    subject: month,
    reason,
    count: await count(database, tenantId, month),
    format,
    name: `avrakning-${month}`,
    title: `Avräkning ${month}`,
    head: [
      "Månad",
      "Utförare",
      "Enhet",
      "Brukare",
      "Insats",
      "Beställning",
      "Rad",
      "Avtal",
      "Beviljat, minuter",
      "Planerat",
      "Utfört",
      "Ersättning",
      "Avböjt",
      "Bom",
      "Frånvaro",
      "Uteblivet",
      "Fakturerat",
      "Att betala, kr",
      "Fakturerat, kr",
      "För mycket, kr",
      "Ej fakturerat, kr",
    ],
    rows: rows(),
  });
}
