import { formatOre, type Ore } from "#model";
import { listSettlement, settlementJson } from "#operations";
import { defineCommand, formatOption, monthPattern } from "./command.ts";
import { type Column, render } from "./render.ts";

type Line = Parameters<typeof settlementJson>[0];
const minutes = (title: string, of: (line: Line) => number): Column<Line> => ({ title, of, align: "right" });
const ore = (title: string, of: (line: Line) => Ore): Column<Line> => ({
  title,
  of: (line) => formatOre(of(line)),
  plain: (line) => of(line) / 100,
  align: "right",
});

export default defineCommand({
  name: "settlement",
  summary: "Granted, planned, registered, payable and claimed of a month, per order line and provider.",
  usage: "--month YYYY-MM",
  needs: "system",
  options: {
    month: { type: "string", value: "YYYY-MM", summary: "The month", required: true, pattern: monthPattern },
    format: formatOption,
  },
  async run({ month, format }, { system }) {
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
    return "done";
  },
});
