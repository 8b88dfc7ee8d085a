import { AppError } from "#errors";
import type { Finding, StoredCase } from "#store";
import { selectAccessToCase, selectIdentities, selectNames, selectPeopleById } from "#store";
import type { Instant } from "#model";
import type { Rule } from "#rule";
import type { AccessRow } from "../../access-log.ts";
import type { Actor } from "../../actor.ts";
import { showPeople } from "../../persons.ts";
import { readCase } from "../show-case.ts";
import type { CaseNeeds } from "../step.ts";
import type { RecordName, ShownCase } from "../types.ts";
import { type CasePerson, maskedTelling, plainTelling, type Telling } from "./telling.ts";

export interface ExportNeeds extends CaseNeeds {
  rules: readonly Rule[];
  config: { municipality: { name: string } };
}

/** All that is known of a case, and how it is told. */
export interface CaseFile {
  shown: ShownCase;
  stored: StoredCase;
  found: readonly Finding[];
  people: readonly CasePerson[];
  telling: Telling;
  /** Why it is masked, where it is: it was asked for, or whoever asks may not see somebody in it. */
  masked: "asked" | "protected" | null;
  names: { provider: (id: string | null) => string; unit: (id: string) => string; rule: (id: string) => string };
  municipality: string;
  madeAt: Instant;
  /** Null where nobody is named. */
  madeBy: string | null;
}

class CaseTooLarge extends AppError {
  readonly code = "export.too-large";
  readonly kind = "too-large";
}

/** More than anybody decides on in one case; a query takes no more ids. */
const FINDINGS_MAX = 20_000;
const everything = { findings: FINDINGS_MAX, records: Number.MAX_SAFE_INTEGER, sourceDays: 366 };

/** Reads a case as a whole. It is masked where that is asked for, and where somebody in it is more than the actor may see. */
export async function readCaseFile(needs: ExportNeeds, actor: Actor, no: string, mask: boolean): Promise<CaseFile> {
  const { shown, stored, found } = await readCase(needs, actor, no, 1, everything);
  if (shown.pages > 1) throw new CaseTooLarge(`Case ${no} has more than ${FINDINGS_MAX} findings.`, { no });
  const people = await peopleOf(needs, actor, shown, found);
  const hidden = !actor.permissions.has("persons:protected") && people.some((person) => person.protected);
  const masked = mask ? "asked" : hidden ? "protected" : null;
  const known = await selectNames(needs.database, actor.tenantId);
  const titles = new Map(needs.rules.map(({ id, title }) => [id, title.sv]));
  return {
    shown,
    stored,
    found,
    people,
    masked,
    telling: masked === null ? plainTelling(people) : maskedTelling(people, recordsOf(shown), colleaguesOf(shown)),
    names: {
      provider: (id) => (id === null ? "Okänd utförare" : (known.provider.get(id) ?? id)),
      unit: (id) => known.unit.get(id) ?? id,
      rule: (id) => titles.get(id) ?? id,
    },
    municipality: needs.config.municipality.name,
    madeAt: needs.now(),
    madeBy: masked === null ? actor.name : null,
  };
}

/** Records in the order in which the case names them, each once. */
function recordsOf({ list, records }: ShownCase): RecordName[] {
  const all = [...records, ...list.flatMap((finding) => finding.records)];
  return [...new Map(all.map((one) => [JSON.stringify([one.entity, one.source, one.id]), one])).values()];
}

const colleaguesOf = ({ events, attachments, assignedName, proposedName, decidedName }: ShownCase): string[] =>
  [
    ...events.flatMap(({ byName, data: { name } }) => [byName, typeof name === "string" ? name : null]),
    ...attachments.map(({ byName }) => byName),
    assignedName,
    proposedName,
    decidedName,
  ].filter((name) => name !== null);

/** Everybody whom a case names, in the order in which it does; who is known by several ids is one. */
async function peopleOf(
  needs: ExportNeeds,
  actor: Actor,
  { subject, records }: ShownCase,
  found: readonly Finding[],
): Promise<CasePerson[]> {
  const values = records.flatMap(({ versions }) => versions.flatMap(({ fields }) => fields.map(({ value }) => value)));
  const people: CasePerson[] = [];
  for (const who of ["client", "staff"] as const) {
    const ids = [
      ...new Set([
        ...(subject.kind === who ? [subject.id] : []),
        ...found.map((finding) => finding[who]),
        ...values.map((value) => (value.kind === "person" && value.who === who ? value.id : null)),
        ...records.map(({ entity, id }) => (entity === (who === "client" ? "clients" : "staff") ? id : null)),
      ]),
    ].filter((id) => id !== null);
    people.push(...(await describe(needs, actor, who, ids)));
  }
  return people.sort((a, b) => Number(b.ids.includes(subject.id)) - Number(a.ids.includes(subject.id)));
}

async function describe(
  needs: ExportNeeds,
  actor: Actor,
  who: "client" | "staff",
  ids: readonly string[],
): Promise<CasePerson[]> {
  const { database, vault } = needs;
  const [tags, stored, identities] = await Promise.all([
    showPeople(needs, actor, { [who]: ids }),
    selectPeopleById(database, actor.tenantId, who, ids),
    selectIdentities(database, actor.tenantId, who, ids),
  ]);
  const place = new Map(ids.map((id, index) => [id, index]));
  const numbers = new Map(identities.map(({ id, identity }) => [id, vault.decrypt(identity).toString()]));
  const found = new Map<string, CasePerson>();
  for (const one of stored.sort((a, b) => place.get(a.asked)! - place.get(b.asked)!)) {
    const number = one.no === null ? one.asked : String(one.no);
    const before = found.get(number);
    found.set(number, {
      who,
      ids: [...(before?.ids ?? []), one.asked],
      tag: tags[who].get(one.asked)?.text ?? "Okänd",
      name: before?.name ?? (one.name === null ? null : vault.decrypt(one.name).toString()),
      identity: before?.identity ?? numbers.get(one.asked) ?? null,
      protected: one.protected || before?.protected === true,
    });
  }
  return [...found.values()];
}

/** Who has opened the case, this export last. */
export const readTrail = ({ database }: CaseNeeds, actor: Actor, no: string): Promise<AccessRow[]> =>
  selectAccessToCase(database, actor.tenantId, no);
