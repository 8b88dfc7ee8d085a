import { isDeepStrictEqual } from "node:util";
import { html } from "hono/html";
import { formatDay } from "#model";
import { type ComparedExample, type PaidExample, VISIT_MINUTES } from "#operations";
import type { Html } from "./html.ts";
import { amount, dataTable } from "./layout.ts";

/** What each key of a contract's terms is about. */
const keys: Readonly<Record<string, string>> = {
  basis:
    "Vad som ersätts, per insats: performed (utförd tid), granted (beviljad), standard (schablon), perVisit (per besök) eller monthly (per månad); default för övriga",
  price:
    "Prislistan: orePerHour, orePerVisit eller orePerMonth, med from, services, band och area där priset bara gäller en del",
  bands: "Prisband efter klockslag: name, from, to och weekdays (1 är måndag)",
  cap: "Tak: level none, visit, day eller month, och tolerancePercent",
  rounding: "Avrundning: to (minuter), direction (nearest, up, down) och per (visit, day, month)",
  standardMinutes: "Schablonminuter per insats",
  declined: "Andel av planerad tid vid avböjt besök: percent per insats, och onlyIfNotifiedWithinHours",
  noAnswer: "Andel av planerad tid vid bomkörning: percent",
  absence: "Ersättning vid oplanerad frånvaro: plannedNoticeDays, unplannedPaidDays, unplannedPaidPercent",
  death: "Ersättning efter dödsfall: paidPercent för varje dag",
  doubleStaffing: "Dubbelbemanning: onlyIfOrdered, always eller never",
  household: "Ett besök hos flera som bor ihop: divide (delas) eller full",
  required: "Vad ett besök måste ha: start, end, service, approvedByStaff, approvedByManager",
  manual: "Manuell registrering: allowed, reasonRequired, maxSharePercent",
  lengthening: "Tid som läggs till i efterhand: never, withReason eller always",
  cutOff: "Sista dag för månadens besök: weekdayOfMonth och time",
  orderConfirm: "Hur fort en beställning ska bekräftas: hours, weekdaysOnly, from, to",
  holidays: "Aftnar som helgdagar: eves",
  selfBilling: "Kommunen ställer ut fakturan: true eller false",
  clauses: "Avtalets egen paragraf för ett villkor, vid dess namn",
};

/** The keys that terms may have, for whoever writes them. */
export const termsHelp = (): Html =>
  html`<details class="plain">
    <summary>Nycklar som kan användas</summary>
    <dl>
      ${Object.entries(keys).map(
        ([key, said]) =>
          html`<dt><code>${key}</code></dt>
            <dd>${said}</dd>`,
      )}
    </dl>
  </details>`;

/** Keys whose value is another in the one than in the other. */
export function changedKeys(before: unknown, after: unknown): string[] {
  const [a, b] = [before, after] as [Record<string, unknown>, Record<string, unknown>];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => !isDeepStrictEqual(a[key], b[key]));
}

const money = (ore: number | null): string => amount(ore) ?? "inget pris";

/** What one visit and one month would be paid before and after, with every step. */
export function exampleTable({ service, day, before, after }: ComparedExample): Html {
  const row = (name: string, terms: string, paid: PaidExample) => [
    name,
    terms,
    paid.registered,
    paid.payable,
    money(paid.ore),
    paid.steps.join(" → "),
  ];
  const month = formatDay(day).slice(0, 7);
  const visit = `Ett besök på ${VISIT_MINUTES} minuter`;
  const rows = [
    ...(before === null ? [] : [row(visit, "I dag", before.visit)]),
    row(visit, "Föreslagna", after.visit),
    ...(before === null ? [] : [row("En månad", "I dag", before.month)]),
    row("En månad", "Föreslagna", after.month),
  ];
  return html`${dataTable(
      `Räkneexempel: insatsen ${service} i ${month}`,
      [
        { title: "Exempel", kind: "long" },
        { title: "Villkor", kind: "short" },
        { title: "Utförda minuter", kind: "number" },
        { title: "Ersatta minuter", kind: "number" },
        { title: "Belopp", kind: "number" },
        { title: "Steg", kind: "long" },
      ],
      rows,
      "",
    )}
    <p class="quiet">
      Besöket varar 10:04–11:17 av 90 beviljade minuter. Månaden har ett besök på 38 minuter varje dag av 45 beviljade;
      den 10:e avböjt samma morgon, den 15:e 62 minuter, den 20:e klockan 21:40.
    </p>`;
}
