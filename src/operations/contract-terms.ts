import { LineCounter, parseDocument, stringify } from "yaml";
import { z } from "zod";
import { tablesFrom } from "#columns";
import { matchVisits } from "#match";
import {
  type ContractTerms,
  contractTerms,
  type Day,
  daysOfMonth,
  formatDay,
  monthOf,
  type Month,
  type Ore,
  samples,
} from "#model";
import { Settlement, settlementRow, type TraceStep } from "#settle";
import { stepText, stepTitles } from "#statement";

/** Terms as somebody has written them, in YAML or JSON; or what is wrong with them, in Swedish, with line or key. */
export function readTerms(text: string): { terms: ContractTerms } | { problems: string[] } {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, uniqueKeys: true, prettyErrors: false });
  if (document.errors.length > 0) {
    return {
      problems: document.errors.map((error) => {
        const repeated = error.code === "DUPLICATE_KEY" ? ": nyckeln finns två gånger" : ": texten går inte att läsa";
        return `Rad ${lineCounter.linePos(error.pos[0]).line}${repeated}.`;
      }),
    };
  }
  let given: unknown;
  try {
    // Aliases could make a short text a very long one.
    given = (document.toJS({ maxAliasCount: 0 }) as unknown) ?? {};
  } catch {
    return { problems: ["Skriv ut varje värde: hänvisningar med & och * tas inte emot."] };
  }
  const read = contractTerms.safeParse(given, { error: z.locales.sv().localeError });
  if (read.success) return { terms: read.data };
  return {
    problems: read.error.issues.map(({ path, message }) => {
      const place = path.map(String).join(".");
      return place === "" ? message : `${place}: ${message}`;
    }),
  };
}

/** Stored terms with their keys in the order in which they are explained; as they are where an older version let them in. */
export const orderedTerms = (terms: unknown): unknown => contractTerms.safeParse(terms).data ?? terms;

/** Terms as they are written in the editor. */
export const printTerms = (terms: unknown): string => stringify(orderedTerms(terms), { lineWidth: 0 });

/** What is paid for something: minutes and öre, and the steps to the minutes. `ore` null: the terms have no price for it. */
export interface PaidExample {
  registered: number;
  payable: number;
  ore: Ore | null;
  steps: string[];
}

/** What is paid for one visit, and for one client's month. */
export interface TermsExample {
  visit: PaidExample;
  month: PaidExample;
}

export const VISIT_MINUTES = 73;
const GRANTED_MINUTES = 45;

/**
 * What a visit of 73 minutes, and a month of an invented client, would be paid by these terms on days of the month: the
 * same calculation as for everybody. The month has a visit of 38 minutes every day of 45 granted; on the 10th the client
 * declined on the same day, on the 15th it was longer than granted, on the 20th it was in the evening.
 */
export function exampleOf(terms: unknown, { day, service }: { day: Day; service: string }): TermsExample {
  const month = monthOf(day);
  return { visit: paid(terms, month, service, oneVisit), month: paid(terms, month, service, everyDay) };
}

type Sample = samples.SampleRecord;
interface Asked {
  service: string;
  days: readonly string[];
}

const visit = ({ service }: Asked, date: string, from: string, to: string, more: object = {}): Sample =>
  samples.sample("visits", `v-${date}`, {
    start: `${date} ${from}`,
    end: `${date} ${to}`,
    services: [service],
    approvedByStaff: true,
    approvedByManager: true,
    ...more,
  });

/** On the first Tuesday, which is seldom a holiday. */
function oneVisit(asked: Asked): Sample[] {
  const date = asked.days.find((one) => new Date(one).getUTCDay() === 2)!;
  return [lineOf(asked, 90), visit(asked, date, "10:04", "11:17")];
}

function everyDay(asked: Asked): Sample[] {
  const [declined, long, evening] = [asked.days[9], asked.days[14], asked.days[19]];
  return [
    lineOf(asked, GRANTED_MINUTES),
    ...asked.days.map((date) =>
      samples.sample("planned-visits", `p-${date}`, {
        start: `${date} 08:00`,
        end: `${date} 08:45`,
        services: [asked.service],
      }),
    ),
    ...asked.days.map((date) => {
      if (date === long) return visit(asked, date, "08:00", "09:02");
      if (date === evening) return visit(asked, date, "21:40", "22:18");
      if (date !== declined) return visit(asked, date, "08:04", "08:42");
      const told = { status: "declined", plannedVisitId: `p-${date}`, declinedNotifiedAt: `${date} 06:00` };
      return visit(asked, date, "08:00", "08:45", told);
    }),
  ];
}

const lineOf = ({ service }: Asked, minutes: number): Sample =>
  samples.sample("order-lines", "o-1-1", { orderId: "o-1", service, minutes, times: 1 });

function paid(terms: unknown, month: Month, service: string, records: (asked: Asked) => Sample[]): PaidExample {
  const { first, last } = daysOfMonth(month);
  const days = Array.from({ length: last - first + 1 }, (_, position) => formatDay(first + position));
  const { price } = terms as ContractTerms;
  const area = price?.find((row) => row.area !== undefined)?.area;
  const since = "2000-01-01";
  const tables = tablesFrom(
    [
      samples.sample("services", service),
      samples.sample("providers", "P1"),
      samples.sample("units", "U1"),
      samples.sample("staff", "S1", { employedFrom: since }),
      samples.sample("clients", "C1", {
        addresses: [samples.home("B-C1", { from: since, ...(area === undefined ? {} : { area }) })],
      }),
      samples.sample("orders", "o-1", {
        validFrom: since,
        orderedAt: `${since} 10:00`,
        acceptedAt: `${since} 12:00`,
      }),
      samples.sample("contracts", "K1", { validFrom: since, terms }),
      ...records({ service, days }),
    ],
    { asOf: samples.at(`${formatDay(last + 180)} 04:30`), period: { from: first, through: last } },
  );
  const settlement = new Settlement(tables, matchVisits(tables));
  const [row] = settlement.month(tables.clients.find("files/C1"), first, last);
  if (row === undefined) return { registered: 0, payable: 0, ore: 0, steps: [] };
  const { minutes, ore, trace } = settlementRow(tables, row);
  const priced = !trace.some(({ step }) => step === "price");
  return {
    registered: minutes.registered,
    payable: minutes.payable,
    ore: price !== undefined && price.length > 0 && priced ? ore.payable : null,
    steps: trace.map(textOf),
  };
}

const textOf = ({ step, minutes, why, clause }: TraceStep): string =>
  stepText({ title: stepTitles[step] ?? step, minutes, why: why ?? null, clause: clause ?? null });

/** A service that the terms say something of, else a common one. */
export function serviceOf(terms: ContractTerms, services: readonly string[] | null): string {
  const named = terms.price?.flatMap((row) => row.services ?? [])[0];
  return services?.[0] ?? named ?? "omvardnad";
}
