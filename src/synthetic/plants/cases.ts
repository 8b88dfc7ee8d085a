import type { DocumentedCase } from "../world.ts";
import type { Bench } from "./bench.ts";

/** What finds each published case. Where a plant plays one, so do its twins. */
const foundBy: Readonly<Record<DocumentedCase, readonly string[]>> = {
  "travel registered as visit": ["missing-travel-time"],
  "tag moved from the home": ["moved-tag"],
  "logged in and out, nobody came": ["visit-without-opening", "copied-plan"],
  "one person at two clients, two companies": ["staff-overlap", "staff-overlap-across-providers"],
  "double staffing registered, one came": ["double-staffing-incomplete", "merged-visits"],
  "minutes added up to what was granted": ["lengthened-afterwards", "edited-to-plan"],
  "next client before leaving the last": ["late-login-elsewhere"],
  "nearly all that was granted, every month": ["full-utilisation", "hours-exceed-staffing"],
  "visits in hospital, abroad, after death": [
    "visit-during-hospital-stay",
    "visit-during-absence",
    "visit-after-death",
    "visit-after-move",
  ],
  "execution after the decision expired": ["execution-after-decision"],
  "wrong price band and second helper": ["claim-wrong-band"],
};

/** Says of every plant and twin which published case it plays. */
export function nameCases(bench: Bench) {
  for (const [name, rules] of Object.entries(foundBy)) {
    for (const label of bench.labels) {
      if (rules.includes(label.rule) && label.optional !== true) label.case ??= name as DocumentedCase;
    }
  }
}
