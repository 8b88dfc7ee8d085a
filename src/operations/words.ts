import type { Level, Severity } from "#rule";
import type { FindingStatus, RunOutcome } from "#store";
import type { SourceStatus } from "./list-sources.ts";

/** Swedish words for the model's own, in one place, so that pages and commands call the same thing the same. */
export const levels: Readonly<Record<Level, string>> = {
  quality: "Datakvalitet",
  error: "Fel",
  indicator: "Indikation",
  pattern: "Mönster",
};

export const severities: Readonly<Record<Severity, string>> = {
  info: "För kännedom",
  review: "Granskas",
  hold: "Utbetalning väntar",
};

export const statuses: Readonly<Record<FindingStatus, string>> = {
  open: "Öppet",
  "in-case": "I ärende",
  closed: "Rättat i källan",
  suppressed: "Undantaget",
};

export const sourceStates: Readonly<Record<SourceStatus["state"], string>> = {
  ok: "Fungerar",
  partly: "Delvis läst",
  down: "Nere",
  silent: "Tyst",
  running: "Hämtas nu, eller avbröts",
  never: "Aldrig hämtad",
};

export const outcomes: Readonly<Record<RunOutcome, string>> = {
  done: "Allt klart",
  incomplete: "Klar, men en källa var nere eller poster väntar i karantän",
  failed: "Misslyckades",
};
