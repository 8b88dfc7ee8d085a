import { formatDay } from "#model";
import { listFindings } from "#operations";
import type { DocumentedCase, World } from "#synthetic";
import type { System } from "#system";
import { table } from "./render.ts";

/** Cases that audits and courts have published, as the demo plays them. */
const titles: Readonly<Record<DocumentedCase, string>> = {
  "travel registered as visit": "Restid registrerad som besök",
  "tag moved from the home": "Taggen flyttad från hemmet",
  "logged in and out, nobody came": "In- och utloggad, men ingen kom",
  "one person at two clients, two companies": "Samma person hos två brukare",
  "double staffing registered, one came": "Dubbelbemanning, men en kom",
  "minutes added up to what was granted": "Minuter tillagda upp till beviljad tid",
  "next client before leaving the last": "Nästa brukare inloggad för tidigt",
  "nearly all that was granted, every month": "Nästan all beviljad tid varje månad",
  "visits in hospital, abroad, after death": "Besök under sjukhusvistelse eller efter dödsfall",
  "execution after the decision expired": "Utförande efter att beslutet gått ut",
  "wrong price band and second helper": "Fel prisband eller andra hjälpare på fakturan",
};

interface Played {
  title: string;
  rule: string;
  day: string;
  reason: string;
}

const order = ({ day, rule, reason }: Played): string => `${day} ${rule} ${reason}`;

/** The published cases that the invented municipality plays, each with a finding of the night that shows it. */
export async function documentedCases(system: System, world: World): Promise<string> {
  const played = world.labels.filter((label) => label.planted && label.case !== undefined && label.records.length > 0);
  const rules = new Set(played.map(({ rule }) => rule));
  const shown = new Map<DocumentedCase, Played>();
  for await (const { ruleId, records, fromDay, reason } of listFindings(system, system.operator, {})) {
    if (!rules.has(ruleId)) continue;
    const keys = new Set(records.map(({ source, id }) => `${source} ${id}`));
    const label = played.find(
      (one) => one.rule === ruleId && one.records.some(({ source, id }) => keys.has(`${source} ${id}`)),
    );
    if (label?.case === undefined) continue;
    const one = { title: titles[label.case], rule: ruleId, day: formatDay(fromDay), reason };
    // The first in time: findings come in the order of their ids, which a person's key is in, and that is another one in
    // every installation.
    const other = shown.get(label.case);
    if (other === undefined || order(one) < order(other)) shown.set(label.case, one);
  }
  if (shown.size === 0) return "";
  const rows = [...shown.values()].sort((a, b) => (a.title < b.title ? -1 : 1));
  return `\nDokumenterade fall som natten visar\n\n${table(
    [
      { title: "Fall", of: ({ title }) => title },
      { title: "Regel", of: ({ rule }) => rule },
      { title: "Dag", of: ({ day }) => day },
    ],
    rows,
  )}\nTill exempel: ${rows[0]!.reason}\n`;
}
