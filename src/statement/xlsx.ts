import writeExcelFile, { type SheetData } from "write-excel-file/node";
import { plainText } from "#document";
import { statementRows } from "./csv.ts";
import { stateTitles, type Statement } from "./statement.ts";
import { stepText } from "./words.ts";

type Cell = string | number | null;

/** Text is written as text, so that nothing in it becomes a formula. */
function sheet(rows: readonly Cell[][]): SheetData {
  return rows.map((row, index) =>
    row.map((value) =>
      value === null
        ? null
        : typeof value === "number"
          ? { value, type: Number }
          : { value: plainText(value), type: String, ...(index === 0 ? { fontWeight: "bold" as const } : {}) },
    ),
  );
}

/** Three sheets: sums, order lines, and every visit with its steps. */
export async function statementXlsx(statement: Statement): Promise<Buffer> {
  const { totals, lines, provider, month, state, municipality } = statement;
  const sums: Cell[][] = [
    ["Avräkning", month],
    ["Kommun", municipality],
    ["Utförare", provider.name],
    ["Läge", stateTitles[state]],
    ["Utförda minuter", totals.registeredMinutes],
    ["Ersättningsgrundande minuter", totals.payableMinutes],
    ["Fakturerade minuter", totals.claimedMinutes],
    ["Ersättning, kr", totals.payableOre / 100],
    ["Fakturerat, kr", totals.claimedOre / 100],
    ["Fakturerat utöver ersättningen, kr", totals.overbilledOre / 100],
    ["Inte fakturerat, kr", totals.unbilledOre / 100],
    ["Hålls inne, kr", totals.heldOre / 100],
    ["Justeringar av tidigare månader, kr", totals.adjustmentsOre / 100],
  ];
  const perLine: Cell[][] = [
    [
      "Brukare",
      "Insats",
      "Beställning",
      "Rad",
      "Avtal",
      "Beviljat",
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
      "Steg",
    ],
    ...lines.map(({ client, service, order, line, contract, minutes, ore, steps }): Cell[] => [
      client,
      service,
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
      ore.payable / 100,
      ore.claimed / 100,
      ore.overbilled / 100,
      ore.unbilled / 100,
      steps.map(stepText).join("; "),
    ]),
  ];
  return writeExcelFile([
    { data: sheet(sums), sheet: "Summor", columns: [{ width: 38 }, { width: 24 }] },
    { data: sheet(perLine), sheet: "Beställda insatser", stickyRowsCount: 1 },
    { data: sheet(statementRows(statement)), sheet: "Besök", stickyRowsCount: 1 },
  ]).toBuffer();
}
