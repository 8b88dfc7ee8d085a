import { type Statement, statementCsv, statementPdf, statementXlsx } from "#statement";
import type { Database, Vault } from "#store";
import type { Actor } from "./actor.ts";
import { type ExportedFile, whole } from "./hand-out.ts";
import { type PersonTag, showPeople } from "./persons.ts";

/** How a statement is written as a file. */
const statementFiles = {
  csv: { type: "text/csv; charset=utf-8", write: async (statement: Statement) => Buffer.from(statementCsv(statement)) },
  xlsx: { type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", write: statementXlsx },
  pdf: { type: "application/pdf", write: statementPdf },
} as const;

export type StatementFormat = keyof typeof statementFiles;
export const statementFormats = Object.keys(statementFiles) as StatementFormat[];

/** A statement as a file, with `shown` in the place of each person's id; of whom the actor may see nothing, "Okänd". */
export async function statementFile(
  needs: { database: Database; vault: Vault },
  actor: Actor,
  statement: Statement,
  format: StatementFormat,
  shown: (id: string, person: PersonTag) => string,
): Promise<ExportedFile> {
  const { month, lines, adjustments } = statement;
  const people = await showPeople(needs, actor, {
    client: [...lines, ...adjustments].map(({ client }) => client),
    staff: lines.flatMap(({ visits }) => visits.map(({ staff }) => staff)),
  });
  const text = (kind: "client" | "staff", id: string): string => {
    const person = people[kind].get(id);
    return person === undefined ? "Okänd" : shown(id, person);
  };
  const { type, write } = statementFiles[format];
  const content = await write({
    ...statement,
    lines: lines.map((line) => ({
      ...line,
      client: text("client", line.client),
      visits: line.visits.map((visit) => ({
        ...visit,
        staff: visit.staff === null ? null : text("staff", visit.staff),
      })),
    })),
    adjustments: adjustments.map((one) => ({ ...one, client: text("client", one.client) })),
  });
  return { name: `avrakning-${month}.${format}`, type, body: whole(new Uint8Array(content)) };
}
