import { formatOre, type Month, type Ore } from "#model";
import { claimTexts, listSettlement } from "#operations";
import type { System } from "#system";
import { type Column, render } from "./render.ts";

type Line = ReturnType<typeof listSettlement> extends AsyncGenerator<infer One> ? One : never;
type Row = Line["claims"][number] & { line: Line };

const ore = (title: string, of: (row: Row) => Ore | null): Column<Row> => ({
  title,
  of: (row) => shown(of(row), formatOre),
  plain: (row) => shown(of(row), (amount) => amount / 100),
  align: "right",
});

function shown<T>(amount: Ore | null, as: (amount: Ore) => T): T | null {
  return amount === null ? null : as(amount);
}

const columns: ReadonlyArray<Column<Row>> = [
  { title: "Kod", of: ({ code }) => code },
  { title: "Vad", of: ({ matter }) => claimTexts[matter] ?? matter },
  { title: "Utförare", of: ({ line }) => line.provider },
  { title: "Brukare", of: ({ line }) => line.client },
  { title: "Insats", of: ({ line }) => line.service },
  { title: "Fakturarad", of: ({ claim }) => claim?.id ?? null },
  { title: "Från", of: ({ days }) => days[0] ?? null },
  { title: "Till", of: ({ days }) => days.at(-1) ?? null },
  { title: "Dagar", of: ({ days }) => days.length, align: "right" },
  { title: "Fakturerat", of: ({ minutes }) => minutes.claimed, align: "right" },
  { title: "Ersättning", of: ({ minutes }) => minutes.payable, align: "right" },
  ore("Fakturerat kr", (row) => row.ore.claimed),
  ore("Ersättning kr", (row) => row.ore.payable),
  ore("För mycket", (row) => row.ore.overbilled),
  ore("Ej fakturerat", (row) => row.ore.unbilled),
  { title: "Väntar till", of: ({ hold }) => hold?.until ?? null },
  { title: "Förslag", of: ({ proposal }) => shownProposal(proposal) },
];

const kinds: Readonly<Record<string, string>> = {
  "cut-back": "betala",
  deny: "avslå",
  correct: "rätta till",
  net: "kvitta",
};

function shownProposal(proposal: Row["proposal"]): string | null {
  if (proposal === null) return null;
  const amount = proposal.kind === "deny" || proposal.kind === "net" ? "" : ` ${formatOre(proposal.ore)}`;
  return `${kinds[proposal.kind] ?? proposal.kind}${amount}: ${proposal.why}`;
}

async function* rowsOf(lines: AsyncIterable<Line>): AsyncGenerator<Row> {
  for await (const line of lines) for (const claim of line.claims) yield { ...claim, line };
}

/** Claims that are held or put right, and what nobody has claimed: what is too much and what is too little. */
export async function showClaims(system: System, month: Month, format: string): Promise<void> {
  await render(rowsOf(listSettlement(system, system.operator, { month })), format, {
    columns,
    json: ({ line, ...claim }) => {
      const { provider, unit, client, service, order, line: orderLine } = line;
      return { month: line.month, provider, unit, client, service, order, line: orderLine, ...claim };
    },
    empty: `Inga fakturarader för ${month} avviker, eller så finns inga siffror. Kör \`klarsyn night\` först om månaden inte är räknad.`,
  });
}
