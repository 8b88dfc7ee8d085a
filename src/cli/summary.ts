import { formatDay, formatOre } from "#model";
import { heldText, levels, type NightResult, type Overview, sourceStates, troubledSources } from "#operations";
import { table } from "./render.ts";

type Pulls = NightResult["pulls"];

/** What was pulled, a line per resource that has something to say. */
export function pullTable(pulls: Pulls): string {
  const shown = pulls.filter((pull) => pull.seen > 0 || pull.state !== "ok" || pull.quarantined > 0);
  if (shown.length === 0) return "Inget nytt från källorna.\n";
  return table(
    [
      { title: "Källa", of: (pull) => `${pull.source}/${pull.resource}` },
      { title: "Läge", of: (pull) => sourceStates[pull.state] },
      { title: "Poster", of: (pull) => pull.seen, align: "right" },
      { title: "Godtagna", of: (pull) => pull.accepted, align: "right" },
      { title: "I karantän", of: (pull) => pull.quarantined, align: "right" },
    ],
    shown,
  );
}

/** What a person should know of the pulls beside the counts. */
export function pullRemarks(pulls: Pulls): string[] {
  return [
    ...troubledSources(pulls),
    ...pulls.flatMap(({ source, resource, notices }) => notices.map(({ text }) => `${source}/${resource}: ${text}`)),
    ...pulls.flatMap(({ source, resource, unexpected }) =>
      unexpected
        .filter(({ isNew }) => isNew)
        .map(({ field, count }) => `${source}/${resource}: nytt fält ${field} (${count} poster), sparas inte.`),
    ),
  ];
}

/** What a person should know of the router, which is asked how long journeys take. */
export function routerRemarks(windows: NightResult["reconciled"]): string[] {
  const failure = windows.find(({ routerFailure }) => routerFailure !== null)?.routerFailure ?? null;
  if (failure === null) return [];
  return [`Ruttjänsten svarade inte på allt, fågelvägen räknas i stället där: ${failure}`];
}

/** The night in a table that fits a terminal: findings by rule and the latest month by provider. */
export function nightSummary(overview: Overview): string {
  const rules = table(
    [
      { title: "Regel", of: (rule) => rule.title },
      { title: "Nivå", of: (rule) => levels[rule.level] },
      { title: "Öppna", of: (rule) => rule.open, align: "right" },
      { title: "Minuter", of: (rule) => rule.minutes, align: "right" },
      { title: "Belopp", of: (rule) => (rule.amountOre === null ? null : formatOre(rule.amountOre)), align: "right" },
    ],
    overview.rules,
  );
  const hours = (minutes: number) => Math.round(minutes / 60);
  const providers = table(
    [
      { title: "Utförare", of: (row) => row.name },
      { title: "Beviljat h", of: (row) => hours(row.grantedMinutes), align: "right" },
      { title: "Utfört h", of: (row) => hours(row.registeredMinutes), align: "right" },
      { title: "Ersättning h", of: (row) => hours(row.payableMinutes), align: "right" },
      { title: "Att betala", of: (row) => formatOre(row.payableOre), align: "right" },
      { title: "Fakturerat", of: (row) => formatOre(row.claimedOre), align: "right" },
      { title: "För mycket", of: (row) => formatOre(row.overbilledOre), align: "right" },
      { title: "Ej fakturerat", of: (row) => formatOre(row.unbilledOre), align: "right" },
    ],
    overview.providers,
  );
  const findings = overview.rules.length === 0 ? "Inga öppna fynd.\n" : rules;
  const held = overview.held.map((rule) => `\nObs: ${heldText(rule)}\n`).join("");
  const settlement = overview.month === null ? "" : `\nAvräkning ${overview.month}\n\n${providers}`;
  return `\nÖppna fynd\n\n${findings}${held}${settlement}`;
}

export function windowText({ from, through }: { from: number; through: number }): string {
  return `${formatDay(from)} – ${formatDay(through)}`;
}
