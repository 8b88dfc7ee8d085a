import type { Level, Scope, Severity } from "#rule";
import type { DispositionOutcome, Finding, FindingMode, FindingStatus, RuleOutcome, RunOutcome } from "#store";
import type { ClaimMatter } from "#settle";
import type { Actor } from "./actor.ts";
import type { SourceStatus } from "./list-sources.ts";
import type { HeldRule } from "./show-overview.ts";

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

const statuses: Readonly<Record<FindingStatus, string>> = {
  open: "Öppet",
  "in-case": "I ärende",
  closed: "Rättat i källan",
  suppressed: "Undantaget",
};

/** How a finding stands: one that a rule no longer makes may never have been corrected. */
export function statusText({ status, mode, closedAs }: Pick<Finding, "status" | "mode" | "closedAs">): string {
  const text = closedAs === "rule-changed" ? "Regeln ändrad" : statuses[status];
  return mode === "active" ? text : `${text} (${modes[mode].toLowerCase()})`;
}

export const modes: Readonly<Record<FindingMode | "off", string>> = {
  active: "Aktiv",
  shadow: "På prov",
  held: "Hålls inne",
  off: "Avstängd",
};

export const dispositions: Readonly<Record<DispositionOutcome, string>> = {
  confirmed: "Bekräftat",
  explained: "Förklarat",
  unclear: "Gick inte att avgöra",
};

/** Why a rule's findings are held back, for those who can release them. */
export function heldText({ ruleId, title, findings, hold }: HeldRule): string {
  const why =
    hold === null
      ? ""
      : ` Den gav ${hold.findings.toLocaleString("sv-SE")} nya fynd där ${Math.round(hold.expected).toLocaleString("sv-SE")} var att vänta.`;
  return (
    `${title}: ${findings.toLocaleString("sv-SE")} fynd hålls inne och visas inte.${why} ` +
    `Visa dem med klarsyn findings --rule ${ruleId} --all; släpp fram dem med klarsyn rules release ${ruleId} --why TEXT.`
  );
}

export const roleNames: Readonly<Record<Actor["role"], string>> = {
  purchaser: "Beställare",
  handler: "Handläggare",
  provider: "Utförare",
  auditor: "Granskare",
  administrator: "Administratör",
  operator: "Drift",
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

export const scopes: Readonly<Record<Scope, string>> = {
  visit: "besök",
  "planned-visit": "planerat besök",
  order: "beställning",
  claim: "fakturarad",
  "client-month": "brukare och månad",
  "client-day": "brukare och dag",
  "staff-day": "personal och dag",
  "staff-month": "personal och månad",
  "unit-month": "enhet och månad",
  "provider-month": "utförare och månad",
  source: "källa",
};

/** Why a rule that saw something did not report it. */
export const silences: Readonly<Record<RuleOutcome["outcome"], string>> = {
  suppressed: "Undantaget",
  "too-little-data": "För lite underlag",
  "before-go-live": "Före startdagen",
};

/** What a claim is about that is not accepted as it stands. */
export const claimTexts: Readonly<Record<string, string>> = {
  silent: "källan var tyst",
  duplicate: "redan fakturerat",
  meal: "fler måltider än levererade",
  contract: "inget avtal omfattar insatsen",
  unjoined: "besöken kan inte ses",
  service: "besöket finns på en annan insats",
  client: "besöket finns hos en annan i hushållet",
  unverified: "besöket är inte styrkt",
  absence: "brukaren var borta",
  declined: "avböjt, fakturerat fullt ut",
  band: "fel prisband",
  price: "fel pris",
  visit: "inget besök",
  time: "mer än ersättningen",
  unbilled: "inte fakturerat",
} satisfies Record<ClaimMatter, string>;

/** What was read, as the access log names it. */
export const accessNames: Readonly<Record<string, string>> = {
  findings: "Lista med fynd",
  "picture-day": "Bild av en dag",
  "picture-month": "Bild av en månad",
  settlement: "Avräkning",
  statement: "Underlag till avräkning",
  exceptions: "Undantag",
  backtest: "Prövning av regel",
  case: "Ärende",
  reveal: "Namn visat",
  "raw-record": "Källpost",
  "raw-record-revealed": "Källpost i klartext",
  attachment: "Bilaga",
  quarantine: "Post i karantän",
  "control-sample": "Besök i blind granskning",
  "search-client": "Sökning efter brukare",
  "search-staff": "Sökning efter personal",
  "export-case-document": "Ärende uttaget till akten",
  "export-case-archive": "Ärende uttaget med alla poster",
  "export-case-masked": "Ärende uttaget maskerat",
  "export-queue": "Lista med ärenden uttagen",
  "export-findings": "Lista med fynd uttagen",
  "export-settlement": "Avräkning uttagen",
  "export-statement": "Underlag till avräkning uttaget",
  "export-log": "Åtkomstlogg uttagen",
  "orders-to-chase": "Obekräftade beställningar",
  "orders-with-words": "Vad utförare har skrivit när de tackat ja",
  "own-orders": "Utförarens beställningar",
  "own-order": "Utförarens beställning",
  "own-order-client": "Utförarens beställning med brukarens namn",
  "own-client": "Utförarens brukare",
  "own-cases": "Utförarens frågor",
  "own-case": "Utförarens fråga",
  "export-own-statement": "Underlag till avräkning uttaget av utföraren",
};
