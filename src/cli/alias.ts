import { createReadStream } from "node:fs";
import { decideAlias, revokeAlias, showAliases, takeAliases } from "#operations";
import { defineCommand, formatOption } from "./command.ts";
import { render, say } from "./render.ts";
import { UsageError } from "./run.ts";

const usage = "[list | set KIND SOURCE/ID SOURCE/ID | undo NR | import FILE]";
const kinds = ["client", "staff", "unit", "provider"] as const;

interface Shown {
  state: "olöst" | "beslutad" | "automatisk";
  kind: string;
  id: string;
  same: string | null;
  evidence: string;
  records: number | null;
}

export default defineCommand({
  name: "alias",
  summary: "Which ids of different systems are the same person, staff member or unit; unresolved ones first.",
  usage,
  needs: "system",
  positionals: { min: 0, max: 4 },
  options: { why: { type: "string", value: "TEXT", summary: "What the decision rests on" }, format: formatOption },
  async run({ why, format }, { system, positionals: [action = "list", ...rest] }) {
    const { operator } = system;
    switch (action) {
      case "list": {
        const { unresolved, decided, automatic } = await showAliases(system, operator);
        const rows: Shown[] = [
          ...unresolved.map(({ kind, source, id, records, proposals: [best] }): Shown => {
            const same = best === undefined ? null : `${best.source}/${best.id}?`;
            return { state: "olöst", kind, id: `${source}/${id}`, same, evidence: best?.evidence ?? "", records };
          }),
          ...decided.map(({ no, kind, source, id, sameAsSource, sameAsId, evidence, who }): Shown => {
            const reason = `nr ${no}, ${who}${evidence === "" ? "" : `: ${evidence}`}`;
            return {
              state: "beslutad",
              kind,
              id: `${source}/${id}`,
              same: `${sameAsSource}/${sameAsId}`,
              evidence: reason,
              records: null,
            };
          }),
          ...automatic.map(({ kind, source, id, sameAsSource, sameAsId, evidence }): Shown => {
            return {
              state: "automatisk",
              kind,
              id: `${source}/${id}`,
              same: `${sameAsSource}/${sameAsId}`,
              evidence,
              records: null,
            };
          }),
        ];
        await render(rows, format, {
          columns: [
            { title: "Läge", of: (row) => row.state },
            { title: "Vad", of: (row) => row.kind },
            { title: "Id", of: (row) => row.id },
            { title: "Samma som", of: (row) => row.same },
            { title: "Underlag", of: (row) => row.evidence },
            { title: "Besök", of: (row) => row.records, align: "right" },
          ],
          json: (row) => row,
          empty: "Inga id:n är kända än. Hämta källorna först: npx klarsyn pull.",
        });
        if (format === "table" && unresolved.length > 0) {
          say(`${unresolved.length} olösta. Besluta med: npx klarsyn alias set VAD KÄLLA/ID KÄLLA/ID --why TEXT`);
        }
        return "done";
      }
      case "set": {
        const [kind, first = "", second = ""] = rest;
        const known = kinds.find((candidate) => candidate === kind);
        const [one, other] = [partsOf(first), partsOf(second)];
        if (known === undefined || one === null || other === null)
          throw new UsageError(`Usage: klarsyn alias ${usage}`);
        const added = await decideAlias(system, operator, {
          kind: known,
          ...one,
          sameAsSource: other.source,
          sameAsId: other.id,
          ...(why === undefined ? {} : { evidence: why }),
        });
        say(
          added
            ? `${first} och ${second} räknas som samma. Nästa natt räknar om det som berörs.`
            : "Det var redan beslutat.",
        );
        return "done";
      }
      case "undo": {
        const no = Number(rest[0]);
        if (!Number.isInteger(no)) throw new UsageError(`Usage: klarsyn alias ${usage}`);
        const undone = await revokeAlias(system, operator, no);
        say(undone ? `Beslut ${no} är återtaget.` : `Det finns inget gällande beslut ${no}.`);
        return undone ? "done" : "failed";
      }
      case "import": {
        const [file] = rest;
        if (file === undefined) throw new UsageError(`Usage: klarsyn alias ${usage}`);
        const { added, unchanged, refused } = await takeAliases(system, operator, createReadStream(file, "utf8"));
        say(`${added} beslut tillagda, ${unchanged} fanns redan, ${refused.length} kunde inte tas.`);
        for (const { line, reason } of refused) say(`  rad ${line}: ${reason}`);
        return refused.length > 0 ? "incomplete" : "done";
      }
      default:
        throw new UsageError(`alias ${action}: expected list, set, undo or import.`);
    }
  },
});

function partsOf(text: string): { source: string; id: string } | null {
  const slash = text.indexOf("/");
  return slash < 1 || slash === text.length - 1 ? null : { source: text.slice(0, slash), id: text.slice(slash + 1) };
}
