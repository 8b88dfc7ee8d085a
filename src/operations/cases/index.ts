export type { CaseState, Judgement, OutcomeName, PossibleStep, Refusal, StepKind, SubjectKind } from "#case";
export { caseStates, outcomeNames, outcomes as caseOutcomes } from "#case";
export * from "./types.ts";
export * from "./words.ts";
export { openCases } from "./open-cases.ts";
export { countWaitingCases, listViews, queueOfCases, removeView, saveView } from "./queue.ts";
export { type RawRecord, showCase, showRawRecord, standingFirst } from "./show-case.ts";
export { CaseChanged, CaseMissing, StepRefused } from "./step.ts";
export {
  approveDecision,
  assignCase,
  closeCase,
  type Colleague,
  commentOnCase,
  judgeFindings,
  listColleagues,
  previewLetter,
  proposeDecision,
  receiveExplanation,
  rejectDecision,
  reopenCase,
  requestExplanation,
  snoozeCase,
  takeCase,
  takeNext,
  wakeCase,
  withdrawDecision,
} from "./work.ts";
export { type Attachment, attachToCase, readAttachment } from "./attach.ts";
export { ATTACHMENT_BYTES_MAX, attachmentTypes } from "#case";
export { type BulkStep, bulkStep, undoBulk } from "./bulk.ts";
export { dueReminders } from "./reminders.ts";
export { type ReminderLetter, takeReminders } from "./remind.ts";
export { findCase, type FoundPerson, searchPerson } from "./search.ts";
export {
  type BlindVisit,
  drawControlSample,
  estimateRecall,
  judgeSample,
  nextBlindVisit,
  type Verdict,
  verdicts,
} from "./control.ts";
export { type CaseExportKind, caseExportKinds, exportCase } from "./export/index.ts";
