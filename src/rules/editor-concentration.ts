import { z } from "zod";
import { addedMs, at, cut, decimalText, defineRule, example, type Hit, MINUTE, percentOf, sample } from "#rule";

/** So many lengthening edits, by these editors in turn. */
function editsBy(editors: ReadonlyArray<string | undefined>, minutes = 5) {
  return example(
    editors.map((editedBy, position) => {
      const start = at("2026-10-05 06:00", position * 6 * 60);
      return sample("visits", `v-${position}`, {
        start,
        end: start + 30 * MINUTE,
        originalEnd: start + (30 - minutes) * MINUTE,
        editedAt: start + 600 * MINUTE,
        editedBy,
      });
    }),
  );
}
const times = (count: number, editor: string | undefined): Array<string | undefined> =>
  Array.from({ length: count }, () => editor);

export default defineRule({
  id: "editor-concentration",
  version: 1,
  level: "pattern",
  scope: "unit-month",
  title: { sv: "En person gör de flesta förlängningarna", en: "One editor makes most of the lengthening edits" },
  why: "När en enda person lägger till tid på många andras besök bygger tiden på den personens uppgifter, inte på dem som var där.",
  remedy:
    "Fråga enheten varför, och be om underlag för ett urval av ändringarna. Är det rutinen på enheten läggs det in som undantag.",
  innocent: {
    shortened: "De flesta av personens ändringar gjorde besöken kortare, till exempel efter glömda utloggningar.",
  },
  reads: ["visits"],
  parameters: z.object({
    percentAbove: z
      .number()
      .min(0)
      .max(100)
      .default(60)
      .describe("Större del av förlängningarna av en person granskas."),
    editsMin: z.int().min(1).default(20).describe("Färre förlängningar säger för lite."),
  }),
  examples: () => ({
    reports: [editsBy([...times(13, "S1"), ...times(7, "S2")])],
    accepts: [
      editsBy([...times(12, "S1"), ...times(8, "S2")]),
      editsBy(times(19, "S1")),
      editsBy(times(30, "S1"), -10),
      editsBy([...times(13, "S1"), ...times(9, undefined)]),
    ],
  }),
  evaluate({ visits, slice }, { percentAbove, editsMin }, report) {
    const hits: Hit[] = [];
    let known = 0;
    let unknown = 0;
    let byEditor: Map<number, number> | null = null;
    for (let i = 0; i < slice.visits.length; i++) {
      const row = slice.visits[i]!;
      if (!(addedMs(visits, row) >= MINUTE)) continue;
      const editor = visits.editedBy(row);
      if (editor < 0) unknown++;
      else {
        known++;
        byEditor ??= new Map();
        byEditor.set(editor, (byEditor.get(editor) ?? 0) + 1);
      }
    }
    const edits = known + unknown;
    if (edits < editsMin || byEditor === null) return hits;
    for (const [editor, count] of byEditor) {
      if (count * 100 <= percentAbove * known) continue;
      // Nobody is named where those whose editor is unknown could turn the share.
      if (count * 100 <= percentAbove * edits || known < editsMin) {
        report.tooLittleData("vem som ändrade saknas");
        continue;
      }
      const rows = [...slice.visits].filter((row) => visits.editedBy(row) === editor && addedMs(visits, row) >= MINUTE);
      const minutes = Math.round(rows.reduce((total, row) => total + addedMs(visits, row), 0) / MINUTE);
      const percent = percentOf(count, edits);
      hits.push({
        records: rows,
        staff: editor,
        minutes,
        reason: `En person gjorde ${count} av enhetens ${edits} förlängningar under månaden (${decimalText(percent)} %), tillsammans ${minutes} minuter.`,
        evidence: {
          "en persons del av förlängningarna i procent >": [cut(percent), percentAbove],
          "förlängningar på enheten ≥": [edits, editsMin],
          "personer som förlängde besök": byEditor.size,
        },
      });
    }
    return hits;
  },
});
