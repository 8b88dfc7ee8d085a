import { randomUUID } from "node:crypto";
import type { CaseStep, OutcomeName } from "#case";
import { AppError } from "#errors";
import type { Day } from "#model";
import {
  type CasePatch,
  insertBatch,
  insertCaseEvent,
  judgeByDecision,
  lockCase,
  selectUndecidedTwin,
  type StoredCase,
  takeBatch,
  writeCase,
} from "#store";
import { type Actor, permit } from "../actor.ts";
import { type CaseNeeds, type Effect, stepOf, StepRefused } from "./step.ts";
import type { BulkResult, CaseVersion } from "./types.ts";
import { assigning, proposing, snoozing } from "./work.ts";

/** What can be done with many cases at once. */
export type BulkStep =
  | { kind: "assign"; to: string | null }
  | { kind: "snooze"; until: Day; reason: string }
  | { kind: "close"; outcome: Extract<OutcomeName, "nothing-further" | "data-fault">; motivation: string };

const CASES_MAX = 500;

class TooManyCases extends AppError {
  readonly code = "case.too-many";
  readonly kind = "too-large";
}

class BatchMissing extends AppError {
  readonly code = "case.batch-missing";
  readonly kind = "missing";
}

interface Remembered {
  no: string;
  /** After the step: another one means that somebody has gone on since. */
  version: number;
  before: CasePatch;
}

function remember(row: StoredCase, version: number): Remembered {
  const kept = [
    ...(["state", "assignedTo", "assignedName", "snoozedUntil", "outcome", "claimOre", "dueOn", "changedAt"] as const),
    ...(["proposedBy", "proposedName", "proposedAt", "decidedBy", "decidedName", "decidedAt", "closedAt"] as const),
  ];
  return { no: row.no, version, before: Object.fromEntries(kept.map((field) => [field, row[field]])) };
}

/** Takes one step with many cases. Those that have changed since they were read, or do not allow it, are left alone. */
export async function bulkStep(
  needs: CaseNeeds,
  actor: Actor,
  { cases, step }: { cases: readonly CaseVersion[]; step: BulkStep },
): Promise<BulkResult> {
  permit(actor, "cases:work");
  permit(actor, "cases:read");
  if (cases.length > CASES_MAX) throw new TooManyCases(`At most ${CASES_MAX} cases are changed at once.`);
  const [taken, effect] = await prepared(needs, actor, step);
  return needs.database.transaction(async (tx) => {
    const result: BulkResult = { batch: null, done: [], skipped: [] };
    const before: Remembered[] = [];
    // In one order, so that two at once wait for each other instead of both for ever.
    for (const { no, version } of cases.toSorted((a, b) => (a.no < b.no ? -1 : 1))) {
      const row = result.done.includes(no) ? null : await lockCase(tx, actor.tenantId, actor.scope, no);
      const after =
        row?.version === version ? await unlessRefused(() => stepOf(tx, needs, actor, row, taken, effect)) : null;
      if (row === null || after === null) {
        result.skipped.push(no);
      } else {
        result.done.push(no);
        before.push(remember(row, after));
      }
    }
    if (before.length === 0) return result;
    const id = randomUUID();
    await insertBatch(tx, actor.tenantId, {
      id,
      kind: step.kind,
      at: needs.now(),
      by: actor.id,
      before,
      undoneAt: null,
    });
    return { ...result, batch: id };
  });
}

async function prepared(
  needs: CaseNeeds,
  actor: Actor,
  step: BulkStep,
): Promise<[CaseStep, (row: StoredCase) => Effect]> {
  if (step.kind === "assign") {
    const effect = await assigning(needs, actor, step.to);
    return [{ kind: "assign" }, () => effect];
  }
  if (step.kind === "snooze") return [step, () => snoozing(step.until, step.reason)];
  const { outcome, motivation } = step;
  return [{ kind: "propose", outcome, motivation }, proposing(needs, actor, { outcome, motivation })];
}

/** A refused step has written nothing. What is refused for what was typed is refused for all. */
async function unlessRefused(take: () => Promise<number>): Promise<number | null> {
  try {
    return await take();
  } catch (error) {
    if (error instanceof StepRefused && error.refusal === "state") return null;
    throw error;
  }
}

/** Takes a bulk step of one's own back, of cases with which nobody has gone on since. */
export async function undoBulk(
  { database, now }: CaseNeeds,
  actor: Actor,
  batch: string,
): Promise<Pick<BulkResult, "done" | "skipped">> {
  permit(actor, "cases:work");
  return database.transaction(async (tx) => {
    const at = now();
    const stored = await takeBatch(tx, actor.tenantId, actor.id, batch, at);
    if (stored === null) throw new BatchMissing("There is nothing to take back.");
    const done: string[] = [];
    const skipped: string[] = [];
    // Written by `bulkStep`.
    for (const { no, version, before } of stored.before as Remembered[]) {
      const row = await lockCase(tx, actor.tenantId, actor.scope, no);
      const opens = row?.state === "closed" && before.state !== "closed";
      if (row?.version !== version || (opens && (await selectUndecidedTwin(tx, actor.tenantId, no)) !== null)) {
        skipped.push(no);
        continue;
      }
      await writeCase(tx, actor.tenantId, row, before, at);
      if (opens) await judgeByDecision(tx, actor.tenantId, no, null, { at, by: actor.id });
      const event = { at, by: actor.id, byName: actor.name, kind: "undo", data: { step: stored.kind }, sealed: null };
      await insertCaseEvent(tx, actor.tenantId, no, event);
      done.push(no);
    }
    return { done, skipped };
  });
}
