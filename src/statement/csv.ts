import { csvText } from "#document";
import type { Statement } from "./statement.ts";
import { bandText, stepText } from "./words.ts";

/** The heads and rows of a statement's visits, one row a visit and price band. */
export function statementRows(statement: Statement): Array<Array<string | number | null>> {
  const rows: Array<Array<string | number | null>> = [
    [
      "Månad",
      "Utförare",
      "Brukare",
      "Enhet",
      "Insats",
      "Beställning",
      "Rad",
      "Avtal",
      "Vad",
      "Dag",
      "Tid",
      "Personal",
      "Utförda minuter",
      "Steg",
      "Ersättningsgrundande minuter",
      "Prisband",
      "Kr per timme",
      "Kronor",
    ],
  ];
  for (const line of statement.lines) {
    const about = [
      statement.month,
      statement.provider.name,
      line.client,
      line.unit,
      line.service,
      line.order,
      line.line,
      line.contract,
    ];
    for (const visit of line.visits) {
      const what = [visit.title, visit.day, visit.time, visit.staff, visit.steps[0]?.minutes ?? null];
      const steps = visit.steps.slice(1).map(stepText).join("; ");
      const bands = visit.bands.length === 0 ? [null] : visit.bands;
      bands.forEach((band, position) => {
        rows.push([
          ...about,
          ...(position === 0
            ? [...what, steps]
            : [visit.title, visit.day, visit.time, visit.staff, null, "annat prisband"]),
          band?.minutes ?? 0,
          band?.band ?? null,
          band === null || band.orePerHour === null ? null : band.orePerHour / 100,
          band === null || band.ore === null ? null : band.ore / 100,
        ]);
      });
    }
  }
  for (const { month, client, service, line, minutes, ore } of statement.adjustments) {
    const about = [statement.month, statement.provider.name, client, null, service, null, line, null];
    rows.push([...about, `Justering av ${month}`, null, null, null, null, "", minutes, null, null, ore / 100]);
  }
  return rows;
}

export function statementCsv(statement: Statement): string {
  return csvText(statementRows(statement));
}

/** The statement as text, for a terminal. */
export function statementText(statement: Statement): string {
  const lines: string[] = [];
  for (const line of statement.lines) {
    lines.push("", `${line.client} · ${line.service} · ${line.line ?? "ingen beställning"}`);
    lines.push(`  ${line.steps.map(stepText).join(" → ")} = ${line.minutes.payable} min`);
    for (const visit of line.visits) {
      const steps = visit.steps.map(stepText).join(" → ");
      lines.push(`  ${visit.day} ${visit.time ?? ""} ${visit.title}${visit.staff === null ? "" : ` (${visit.staff})`}`);
      lines.push(`    ${steps}${visit.bands.length === 0 ? " → 0 min" : ` → ${visit.bands.map(bandText).join(", ")}`}`);
    }
  }
  return `${lines.join("\n").trimStart()}\n`;
}
