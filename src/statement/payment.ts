import type { Month, Ore } from "#model";
import type { Statement } from "./statement.ts";

/** What a closed month comes to for a provider. */
export interface Payment {
  month: Month;
  provider: string;
  name: string;
  organisationNumber: string | null;
  /** What is paid by the provider's invoices, and by ours where the contract says so. */
  invoicedOre: Ore;
  selfBilledOre: Ore;
  /** Waits for an explanation or a correction; no part of what is paid. */
  heldOre: Ore;
  /** What later information about earlier months adds. */
  addedOre: Ore;
  /** What it takes back; positive. */
  claimedBackOre: Ore;
  /** To pay in all; negative: the provider owes it. */
  payOre: Ore;
  /** What our own invoice consists of. */
  selfBilled: SelfBilledLine[];
}

export interface SelfBilledLine {
  title: string;
  /** Null for adjustments. */
  minutes: number | null;
  ore: Ore;
}

export function paymentOf(statement: Statement): Payment {
  const { provider, month, lines, adjustments, totals } = statement;
  const sum = (all: readonly number[]): number => all.reduce((total, one) => total + one, 0);
  const invoicedOre = sum(lines.filter(({ selfBilled }) => !selfBilled).map(({ dueOre }) => dueOre));
  const selfBilledOre = sum(lines.filter(({ selfBilled }) => selfBilled).map(({ dueOre }) => dueOre));
  const addedOre = sum(adjustments.map(({ dueOre }) => Math.max(0, dueOre)));
  const claimedBackOre = sum(adjustments.map(({ dueOre }) => Math.max(0, -dueOre)));
  return {
    month,
    provider: provider.id,
    name: provider.name,
    organisationNumber: provider.organisationNumber,
    invoicedOre,
    selfBilledOre,
    heldOre: totals.heldOre,
    addedOre,
    claimedBackOre,
    payOre: invoicedOre + selfBilledOre + addedOre - claimedBackOre,
    selfBilled: selfBilledLines(statement),
  };
}

/** By service, band and price, so that an invoice says nothing about a person. */
function selfBilledLines({ lines, adjustments }: Statement): SelfBilledLine[] {
  const made = new Map<string, SelfBilledLine>();
  const add = (title: string, minutes: number | null, ore: Ore): void => {
    const before = made.get(title);
    if (before === undefined) made.set(title, { title, minutes, ore });
    else {
      before.ore += ore;
      if (minutes !== null) before.minutes = (before.minutes ?? 0) + minutes;
    }
  };
  for (const { selfBilled, service, days } of lines) {
    if (!selfBilled) continue;
    for (const { band, minutes, orePerHour, ore } of days) {
      if (ore === null) continue;
      const price = orePerHour === null ? "" : ` à ${(orePerHour / 100).toFixed(2).replace(".", ",")} kr per timme`;
      add(`${service}${band === null ? "" : `, ${band}`}${price}`, minutes, ore);
    }
  }
  for (const { selfBilled, month, dueOre } of adjustments) if (selfBilled) add(`Justering av ${month}`, null, dueOre);
  return [...made.values()].filter(({ ore }) => ore !== 0).sort((a, b) => (a.title < b.title ? -1 : 1));
}
