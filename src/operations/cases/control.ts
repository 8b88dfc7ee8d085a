import { randomBytes, randomUUID } from "node:crypto";
import { recallOf, type Stratum } from "#case";
import { AppError } from "#errors";
import { daysOfMonth, type Month } from "#model";
import type { Rule } from "#rule";
import {
  countSamples,
  drawVisits,
  recordAccess,
  selectDraws,
  selectNextSample,
  selectRecordVersions,
  selectSample,
  selectVerdicts,
  strata,
  type StratumName,
  type Verdict,
  verdicts,
  writeVerdict,
} from "#store";
import { type Actor, permit } from "../actor.ts";
import { seal } from "./sealed.ts";
import { shownVersion } from "./show-case.ts";
import { type CaseNeeds, written } from "./step.ts";
import type { CaseRecord, RecallRow } from "./types.ts";

const DRAWN_MAX = 500;

class WrongDraw extends AppError {
  readonly code = "control.wrong-draw";
  readonly kind = "invalid";
}

/** Draws visits of a month at random, reported or not, to be judged blind. Gives how many were drawn. */
export async function drawControlSample(
  { database, now }: CaseNeeds,
  actor: Actor,
  { month, each }: { month: Month; each: number },
): Promise<number> {
  permit(actor, "control:judge");
  if (!Number.isInteger(each) || each < 1 || each > DRAWN_MAX)
    throw new WrongDraw(`Draw between 1 and ${DRAWN_MAX} visits of each kind.`);
  const { first, last } = daysOfMonth(month);
  return drawVisits(database, actor.tenantId, actor.scope, {
    id: randomUUID(),
    month,
    fromDay: first,
    throughDay: last,
    // Most visits are reported by nothing: what rules miss is looked for where it would be.
    wanted: { flagged: each, suppressed: each, unflagged: each },
    seed: randomBytes(16).toString("hex"),
    at: now(),
    by: actor.id,
  });
}

/** A drawn visit as whoever judges it sees it: facts, and nothing of what the rules said. */
export interface BlindVisit {
  id: string;
  /** How many wait to be judged, this one included. */
  left: number;
  source: string;
  visit: string;
  /** To show the day of, as for any other visit. */
  client: string | null;
  record: CaseRecord;
}

/** The next drawn visit that nobody has judged; null: all are. The reading is recorded. */
export async function nextBlindVisit({ database, now }: CaseNeeds, actor: Actor): Promise<BlindVisit | null> {
  permit(actor, "control:judge");
  const sample = await selectNextSample(database, actor.tenantId, actor.scope);
  if (sample === null) return null;
  const { id, source, visit, client } = sample;
  const [left, versions] = await Promise.all([
    countSamples(database, actor.tenantId, actor.scope),
    selectRecordVersions(database, actor.tenantId, "visits", [{ source, id: visit }]),
  ]);
  await recordAccess(database, actor, {
    at: now(),
    operation: "control-sample",
    subject: client ?? visit,
    rows: 1,
    why: "Blind granskning",
  });
  const record: CaseRecord = {
    entity: "visits",
    source,
    id: visit,
    findings: [],
    versions: versions.map((version, index) => shownVersion(version, versions[index + 1])),
  };
  return { id, left, source, visit, client, record };
}

class SampleMissing extends AppError {
  readonly code = "control.sample-missing";
  readonly kind = "missing";
}

class SampleJudged extends AppError {
  readonly code = "control.sample-judged";
  readonly kind = "conflict";
}

export { verdicts, type Verdict };

/**
 * Writes down what somebody found of a drawn visit: right, unclear, or wrong in what `problems` says, by the rules that
 * should have reported it. Judged once.
 */
export async function judgeSample(
  { database, vault, now, rules }: CaseNeeds & { rules: readonly Rule[] },
  actor: Actor,
  { id, verdict, problems, note = "" }: { id: string; verdict: Verdict; problems: readonly string[]; note?: string },
): Promise<void> {
  permit(actor, "control:judge");
  const named = [...new Set(problems)].filter((problem) => rules.some((rule) => rule.id === problem)).sort();
  if ((verdict === "wrong") !== named.length > 0)
    throw new WrongDraw("A visit that is wrong is so in something that a rule is about, and no other visit is.");
  const sample = await selectSample(database, actor.tenantId, actor.scope, id);
  if (sample === null) throw new SampleMissing("There is no such visit to judge.");
  const judged = { verdict, problems: named, note: seal(vault, { note: written(note) }), at: now(), by: actor.id };
  if (!(await writeVerdict(database, actor.tenantId, id, judged)))
    throw new SampleJudged("Somebody has judged this visit meanwhile.");
}

/**
 * How much of what each rule is about it reports, by month, as far as visits have been judged blind. Of several draws
 * in a month the judgements count together, against what the last had to draw from.
 */
export async function estimateRecall({ database }: Pick<CaseNeeds, "database">, actor: Actor): Promise<RecallRow[]> {
  permit(actor, "rules:read");
  const draws = await selectDraws(database, actor.tenantId);
  const judged = await selectVerdicts(database, actor.tenantId);
  const rows: RecallRow[] = [];
  for (const month of new Set(draws.map((draw) => draw.month))) {
    const ofMonth = draws.filter((draw) => draw.month === month);
    const { sizes } = ofMonth.at(-1)!;
    const ids = new Set(ofMonth.map(({ id }) => id));
    const verdictsOfMonth = judged.filter(({ draw }) => ids.has(draw));
    const named = new Set(verdictsOfMonth.flatMap(({ problems, rules }) => [...problems, ...rules]));
    for (const rule of [...named].sort()) {
      const has = ({ problems }: { problems: readonly string[] }): boolean => problems.includes(rule);
      const reportedOnes = verdictsOfMonth.filter(({ rules }) => rules.includes(rule));
      const others = verdictsOfMonth.filter(({ rules }) => !rules.includes(rule));
      const size = sizes.rules[rule] ?? 0;
      const stratumOf = (name: StratumName): Stratum => {
        const drawn = others.filter(({ stratum }) => stratum === name);
        // Visits that only other rules reported are a part of the reported ones.
        const all = name === "flagged" ? sizes.strata.flagged - size : sizes.strata[name];
        return { size: all, judged: drawn.length, found: drawn.filter(has).length };
      };
      const reported: Stratum = { size, judged: reportedOnes.length, found: reportedOnes.filter(has).length };
      rows.push({
        rule,
        month,
        judged: verdictsOfMonth.length,
        reported: reported.found,
        missed: others.filter(has).length,
        recall: recallOf(reported, strata.map(stratumOf)),
      });
    }
  }
  return rows;
}
