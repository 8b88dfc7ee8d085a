import { Buffer } from "node:buffer";
import { z } from "zod";
import {
  caseNoOf,
  caseNumber,
  declineReasons,
  explainOwnCase,
  explanationReasons,
  listOwnCases,
  type OwnCase,
  type OwnIds,
  showOwnCase,
} from "#operations";
import { type Call, defineCall } from "./call.ts";
import { RequestMalformed } from "./problems.ts";
import { cursorId, cursorQuery, date, dayText, reasonCode, time, timeText } from "./schemas.ts";

const caseNo = z
  .string()
  .regex(/^\d{4}-\d{5,}$/)
  .meta({ description: "As in the municipality's letter.", examples: ["2026-00042"] });
/** What an event calls the case leads to it too. */
const casePath = z.object({
  no: z
    .string()
    .regex(/^(\d{4}-\d{5,9}|cas_[A-Za-z0-9_-]{22})$/)
    .meta({ description: "The case's number, or what an event calls it.", examples: ["2026-00042"] }),
});

const caseFields = {
  no: caseNo,
  state: z.enum(["explanation-requested", "explained", "decided"]),
  askedAt: time,
  dueOn: date
    .nullable()
    .meta({ description: "By when an explanation is wanted; null: it has come, or is not wanted any more." }),
  decidedAt: time.nullable(),
};
const ownCase = z.object(caseFields).meta({ id: "Case", description: "A case in which the provider was asked." });

const said = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const finding = z
  .object({
    rule: z.string(),
    title: z.string(),
    reason: z.string(),
    from: date,
    through: date.meta({ description: "Last day." }),
    client: z
      .string()
      .nullable()
      .meta({ description: "As the sources call them; null: the handler does not show it." }),
    staff: z.string().nullable().meta({ description: "As the sources call them; null: the handler does not show it." }),
    minutes: z.number().nullable(),
    amountOre: z.int().nullable(),
    evidence: z.array(z.object({ condition: z.string(), value: said })).nullable(),
    records: z.array(z.object({ entity: z.string(), source: z.string(), id: z.string() })).nullable(),
    gone: z.boolean().meta({ description: "The sources do not say it any more." }),
  })
  .meta({ id: "Finding", description: "What does not agree: an indication, never a proof." });

const caseDetail = z
  .object({
    ...caseFields,
    question: z.string(),
    letter: z.string().meta({ description: "As it was sent." }),
    findings: z.array(finding),
    explanations: z.array(
      z.object({ reason: reasonCode(explanationReasons, "Why it came about."), text: z.string(), at: time }),
    ),
  })
  .meta({ id: "CaseDetail", description: "A case, as far as the municipality has chosen to show it." });

const base64 = z
  .base64()
  .meta({ description: "The file in base64: PDF, PNG, JPEG, Word, Excel or text, at most 10 MiB." });

const shownCase = ({ no, state, askedAt, dueOn, decidedAt }: OwnCase) => ({
  no,
  state,
  askedAt: timeText(askedAt) ?? "",
  dueOn: dayText(dueOn),
  decidedAt: timeText(decidedAt),
});

/** The number of a case, however it was called; a case of nobody's where it was not. */
async function numberOf(ids: OwnIds, no: string): Promise<string> {
  if (!no.startsWith("cas_")) return no;
  const number = await ids.open("case", no);
  return number === null ? "0000-00000" : caseNoOf(number);
}

const exampleCase: z.infer<typeof ownCase> = {
  no: "2026-00042",
  state: "explanation-requested",
  askedAt: "2026-11-02T09:00:00Z",
  dueOn: "2026-11-16",
  decidedAt: null,
};

/** `/cases`: what the municipality asks about. */
export const caseCalls: readonly Call[] = [
  defineCall({
    id: "listCases",
    method: "get",
    path: "/cases",
    tag: "Cases",
    summary: "List cases in which the municipality has asked.",
    scope: "own-cases:read",
    query: z.object(cursorQuery("Where the page before ended.")),
    answer: {
      description: "Cases by number.",
      schema: z
        .object({
          cases: z.array(ownCase),
          cursor: cursorId.nullable().meta({ description: "Of the next page; null: this is the last." }),
        })
        .meta({ id: "CasePage" }),
      example: { cases: [exampleCase], cursor: null },
    },
    problems: [],
    async run({ system, actor, ids }, { query: { cursor, limit } }) {
      const after = cursor === undefined ? 0 : await ids.open("cursor", cursor);
      if (after === null) throw new RequestMalformed("query.cursor", "of somebody else");
      const { cases, next } = await listOwnCases(system, actor, { after: after === 0 ? "" : caseNoOf(after), limit });
      return { cases: cases.map(shownCase), cursor: next === null ? null : ids.seal("cursor", caseNumber(next)) };
    },
  }),
  defineCall({
    id: "getCase",
    method: "get",
    path: "/cases/{no}",
    tag: "Cases",
    summary: "Get what the municipality asks.",
    scope: "own-cases:read",
    params: casePath,
    answer: {
      description: "The case.",
      schema: caseDetail,
      example: {
        ...exampleCase,
        question: "Hur kom det sig?",
        letter: "Provkommun\n2026-11-02\nÄrende 2026-00042\n…",
        findings: [
          {
            rule: "staff-overlap",
            title: "Samma personal på två platser samtidigt",
            reason: "Två besök överlappar med 12 minuter, från 08:10 till 08:22.",
            from: "2026-10-05",
            through: "2026-10-05",
            client: null,
            staff: "S17",
            minutes: 12,
            amountOre: 9280,
            evidence: [{ condition: "samtidig tid i minuter ≥", value: 12 }],
            records: [{ entity: "visits", source: "files", id: "v-1" }],
            gone: false,
          },
        ],
        explanations: [],
      },
    },
    problems: ["case.missing"],
    async run({ system, actor, ids }, { params: { no } }) {
      const shown = await showOwnCase(system, actor, await numberOf(ids, no));
      return {
        ...shownCase(shown),
        question: shown.question,
        letter: shown.letter,
        findings: shown.findings.map(({ fromDay, throughDay, ...one }) => ({
          ...one,
          from: dayText(fromDay) ?? "",
          through: dayText(throughDay) ?? "",
        })),
        explanations: shown.explanations.map(({ at, ...one }) => ({ ...one, at: timeText(at) ?? "" })),
      };
    },
  }),
  defineCall({
    id: "explainCase",
    method: "post",
    path: "/cases/{no}/explanations",
    tag: "Cases",
    summary: "Explain what the municipality asks about.",
    description:
      "Corrections are made in the provider's own system and seen when they come back; here it is only said that they were made.",
    scope: "own-cases:explain",
    params: casePath,
    body: {
      bytesMax: 30_000_000,
      schema: z
        .strictObject({
          reason: reasonCode(explanationReasons, "Why it came about. `other` needs a text."),
          text: z.string().max(20_000).default("").meta({ description: "No identity numbers." }),
          attachments: z
            .array(z.strictObject({ name: z.string().min(1).max(200), content: base64 }))
            .max(10)
            .default([]),
        })
        .meta({ id: "Explanation" }),
      examples: {
        corrected: { reason: "corrected-at-source", text: "Besöket avslutades 08:10. Rättat i dag." },
        attached: {
          reason: "technical-fault",
          text: "Telefonen var utan kontakt, se loggen.",
          attachments: [{ name: "logg.txt", content: "MDg6MTAgb2ZmbGluZQo=" }],
        },
      },
    },
    answer: {
      description: "Received.",
      schema: ownCase,
      example: { ...exampleCase, state: "explained", dueOn: null },
    },
    problems: [
      "case.missing",
      "case.refused",
      "case.explanation-empty",
      "text.identity",
      "attachment.refused",
      "attachment.too-large",
    ],
    async run({ system, actor, ids }, { params, body: { reason, text, attachments } }) {
      const files = attachments.map(({ name, content }) => ({ name, content: Buffer.from(content, "base64") }));
      const no = await numberOf(ids, params.no);
      return shownCase(await explainOwnCase(system, actor, { no, reason, text, attachments: files }));
    },
  }),
];

const reasonList = z.array(z.object({ code: z.string(), title: z.string().meta({ description: "In Swedish." }) }));
const listed = (reasons: Record<string, string>) => Object.entries(reasons).map(([code, title]) => ({ code, title }));

/** `/reasons`: what an answer may name, to be chosen from in a provider's own system. */
export const reasonCalls: readonly Call[] = [
  defineCall({
    id: "listReasons",
    method: "get",
    path: "/reasons",
    tag: "Reference",
    summary: "List reasons that an answer may name, in Swedish.",
    scope: null,
    answer: {
      description: "The reasons.",
      schema: z.object({ decline: reasonList, explanation: reasonList }).meta({ id: "Reasons" }),
      example: {
        decline: [{ code: "no-capacity", title: "Ingen ledig kapacitet" }],
        explanation: [{ code: "corrected-at-source", title: "Uppgiften var fel och är rättad i vårt system" }],
      },
    },
    problems: [],
    run: async () => ({ decline: listed(declineReasons), explanation: listed(explanationReasons) }),
  }),
];
