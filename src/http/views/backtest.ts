import type { Backtest, ComparedAmounts, People } from "#operations";
import { csvText } from "#document";

type Cell = string | number | null;

const heads = [
  "Rad",
  "Fynd före",
  "Fynd efter",
  "Tillkommer",
  "Försvinner",
  "Minuter före",
  "Minuter efter",
  "Kronor före",
  "Kronor efter",
  "Från",
  "Till",
  "Utförare",
  "Brukare",
  "Personal",
  "Minuter",
  "Kronor",
  "Vad",
];
const SUMS = 8;

const sums = (name: string, { before, after, appearing, vanishing }: ComparedAmounts): Cell[] => [
  name,
  before.findings,
  after.findings,
  appearing,
  vanishing,
  before.minutes,
  after.minutes,
  before.amountOre / 100,
  after.amountOre / 100,
];

/** A back-test as a file: the sum, each provider, and each finding of only one of the two. People by initials and number. */
export function backtestCsv({ total, providers, appearing, vanishing }: Backtest, people: People): string {
  const names = new Map(providers.map(({ provider, name }) => [provider, name]));
  const rows = (name: string, found: Backtest["appearing"]): Cell[][] =>
    found.map((one) => [
      name,
      ...Array.from({ length: SUMS }, () => null),
      one.period.from,
      one.period.to,
      names.get(one.provider) ?? one.provider,
      one.client === null ? null : (people.client.get(one.client)?.text ?? "Okänd"),
      one.staff === null ? null : (people.staff.get(one.staff)?.text ?? "Okänd"),
      one.minutes,
      one.amountOre === null ? null : one.amountOre / 100,
      one.reason,
    ]);
  return csvText([
    heads,
    sums("Summa", total),
    ...providers.map((provider) => sums(provider.name, provider)),
    ...rows("Tillkommer", appearing),
    ...rows("Försvinner", vanishing),
  ]);
}
