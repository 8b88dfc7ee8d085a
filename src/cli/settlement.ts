import { formatInstant, formatOre, type Ore } from "#model";
import {
  listClosedMonths,
  listSettlement,
  lockMonth,
  settleMonth,
  settlementJson,
  unlockMonth,
  verifyMonth,
} from "#operations";
import type { System } from "#system";
import { defineCommand, formatOption, monthPattern } from "./command.ts";
import { type Column, render, say } from "./render.ts";
import { UsageError } from "./run.ts";

type Line = Parameters<typeof settlementJson>[0];
const minutes = (title: string, of: (line: Line) => number): Column<Line> => ({ title, of, align: "right" });
const ore = (title: string, of: (line: Line) => Ore): Column<Line> => ({
  title,
  of: (line) => formatOre(of(line)),
  plain: (line) => of(line) / 100,
  align: "right",
});

const usage = "[lock | unlock | settle | verify | months] --month YYYY-MM";

export default defineCommand({
  name: "settlement",
  summary: "Granted, planned, registered, payable and claimed of a month; locks, settles and verifies it.",
  usage,
  needs: "system",
  positionals: { min: 0, max: 1 },
  options: {
    month: { type: "string", value: "YYYY-MM", summary: "The month", pattern: monthPattern },
    early: { type: "boolean", summary: "lock: before the cut-off of its contracts" },
    format: formatOption,
  },
  async run({ month, early, format }, { system, positionals: [action = "show"] }) {
    if (action === "months") {
      await showMonths(system, format);
      return "done";
    }
    if (month === undefined) throw new UsageError(`Usage: klarsyn settlement ${usage}`);
    if (action === "show") await showLines(system, month, format);
    else if (action === "lock") await lock(system, month, early);
    else if (action === "unlock") {
      await unlockMonth(system, system.operator, month);
      say(`${month} är öppen igen.`);
    } else if (action === "settle") {
      const { lines } = await settleMonth(system, system.operator, month);
      say(`${month} är avräknad: ${lines} rader. Senare uppgifter blir justeringar i en senare månad.`);
    } else if (action === "verify") return verify(system, month);
    else throw new UsageError(`Usage: klarsyn settlement ${usage}`);
    return "done";
  },
});

async function lock(system: System, month: string, early: boolean): Promise<void> {
  const { lines, adjustments } = await lockMonth(system, system.operator, {
    month,
    early,
    progress: (one) => say(`Räknar ${one} …`),
  });
  const earlier = adjustments === 0 ? "" : `, varav ${adjustments} justeringar av tidigare månader`;
  say(
    `${month} är låst: ${lines + adjustments} rader${earlier}. Nästa steg: \`klarsyn settlement settle --month ${month}\`.`,
  );
}

async function verify(system: System, month: string): Promise<"done" | "failed"> {
  const { lines, same, different } = await verifyMonth(system, system.operator, month);
  if (same) {
    say(`${month} räknad på nytt ur det som är sparat: alla ${lines} rader är desamma, tecken för tecken.`);
    return "done";
  }
  say(`${month} räknad på nytt ur det som är sparat: ${different.length} av ${lines} rader skiljer sig.`);
  for (const id of different.slice(0, 20)) say(`  ${decodeURIComponent(id)}`);
  return "failed";
}

async function showMonths(system: System, format: string): Promise<void> {
  await render(await listClosedMonths(system, system.operator), format, {
    columns: [
      { title: "Månad", of: ({ month }) => month },
      { title: "Läge", of: ({ settledAt }) => (settledAt === null ? "låst" : "avräknad") },
      { title: "Rader", of: ({ lines }) => lines, align: "right" },
      { title: "Låst", of: ({ lockedAt, lockedBy }) => `${formatInstant(lockedAt)} ${lockedBy}` },
      {
        title: "Avräknad",
        of: ({ settledAt, settledBy }) => (settledAt === null ? null : `${formatInstant(settledAt)} ${settledBy}`),
      },
    ],
    json: ({ month, settledAt, lines, lockedAt, lockedBy, settledBy }) => ({
      month,
      state: settledAt === null ? "locked" : "settled",
      lines,
      lockedAt: formatInstant(lockedAt),
      lockedBy,
      settledAt: settledAt === null ? null : formatInstant(settledAt),
      settledBy,
    }),
    empty: "Alla månader är öppna. Lås en med `klarsyn settlement lock --month ÅÅÅÅ-MM` när spärrdatum har passerat.",
  });
}

async function showLines(system: System, month: string, format: string): Promise<void> {
  await render(listSettlement(system, system.operator, { month }), format, {
    columns: [
      { title: "Utförare", of: (line) => line.provider },
      { title: "Enhet", of: (line) => line.unit },
      { title: "Brukare", of: (line) => line.client },
      { title: "Insats", of: (line) => line.service },
      { title: "Beställning", of: (line) => line.order },
      { title: "Rad", of: (line) => line.line },
      minutes("Beviljat", (line) => line.minutes.granted),
      minutes("Planerat", (line) => line.minutes.planned),
      minutes("Utfört", (line) => line.minutes.registered),
      minutes("Ersättning", (line) => line.minutes.payable),
      minutes("Avböjt", (line) => line.minutes.declined),
      minutes("Bom", (line) => line.minutes.noAnswer),
      minutes("Frånvaro", (line) => line.minutes.absent),
      minutes("Uteblivet", (line) => line.minutes.missed),
      minutes("Fakturerat", (line) => line.minutes.claimed),
      minutes("Ej utfört", (line) => line.minutes.underDelivered),
      ore("Att betala", (line) => line.ore.payable),
      ore("Fakturerat kr", (line) => line.ore.claimed),
      ore("För mycket", (line) => line.ore.overbilled),
      ore("Ej fakturerat", (line) => line.ore.unbilled),
    ],
    json: settlementJson,
    empty: `Det finns inga siffror för ${month}. Kör \`klarsyn night\` eller \`klarsyn reconcile\` först.`,
  });
}
