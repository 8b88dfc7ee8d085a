import type { Instant } from "#model";
import type { Checking } from "#rule";
import {
  type Database,
  type Evaluated,
  type FindingsWritten,
  type HeldBack,
  type RuleOutcome,
  writeFindings,
  writeMeasures,
  writeOutcomes,
  writeSettlement,
} from "#store";

/** Writes what is found in a window while the rest is looked for, then what else it gives, and what is gone of the slices that were looked at. */
export async function writeWindow(
  database: Database,
  tenantId: string,
  checking: Pick<Checking, "findings" | "result">,
  {
    at,
    rules,
    holdBack,
    evaluated,
    once,
  }: {
    at: Instant;
    evaluated: Evaluated;
    rules: ReadonlyArray<{ ruleId: string; ruleVersion: number }>;
    holdBack: (unshown: ReadonlyMap<string, number>) => HeldBack;
    /** What is done as soon as findings are written. */
    once?: () => Promise<unknown>;
  },
): Promise<FindingsWritten> {
  // Of so little the night makes one row.
  const fold = !(evaluated instanceof Set);
  async function* found() {
    yield* checking.findings;
  }
  const findings = writeFindings(database, tenantId, { evaluated, findings: found(), at, rules, holdBack, fold });
  // Where looking for more fails, writing does, and nothing is left of it then.
  const result = await Promise.race([checking.result, findings.then(() => checking.result)]);
  const outcomes = result.outcomes.map(({ rule, slice, kind, cause, count }): RuleOutcome => ({
    ruleId: rule,
    slice,
    outcome: kind === "tooLittleData" ? "too-little-data" : kind === "beforeGoLive" ? "before-go-live" : "suppressed",
    cause,
    count,
  }));
  const others = [
    () => writeSettlement(database, tenantId, { evaluated, lines: result.settlement, at, fold }),
    () => writeOutcomes(database, tenantId, { evaluated, outcomes }),
    () => writeMeasures(database, tenantId, { evaluated, measures: result.measures }),
  ];
  // Of a whole night one after the other, once findings are written: so they slow down neither those nor what waits for
  // them, which takes longer than they do. All may be repeated: a run that ends in between is done again.
  const inTurn = async (): Promise<void> => {
    await findings;
    for (const write of others) await write();
  };
  const written = await Promise.allSettled([
    findings.then(once),
    ...(fold && once !== undefined ? [inTurn()] : others.map((write) => write())),
  ]);
  for (const one of written) if (one.status === "rejected") throw one.reason;
  return findings;
}
