import { namesIdentity } from "#case";
import { AppError } from "#errors";
import { type Day, dayOf, entities, formatDay, type Instant, type LocalDate, parsePersonalIdentity } from "#model";
import {
  type Acknowledgement,
  type AnnouncedOrder,
  type Database,
  insertAcknowledgement,
  markClientDirtyIn,
  recordAccess,
  selectAcknowledgements,
  selectAnnouncedOrder,
  selectAnnouncedOrders,
  selectIdentities,
  selectNames,
  selectOrderCreated,
  selectOrderLineIds,
  selectPeopleById,
  selectRecordVersions,
  type StoredVersion,
  type Vault,
} from "#store";
import { type Actor, permitOwn } from "../actor.ts";
import { written } from "../cases/step.ts";

export interface OwnNeeds {
  database: Database;
  vault: Vault;
  now: () => Instant;
}

class OrderMissing extends AppError {
  readonly code = "order.missing";
  readonly kind = "missing";

  constructor() {
    // The same words for what is not there and for what is another provider's.
    super("There is no such order.");
  }
}

class OrderChanged extends AppError {
  readonly code = "order.changed";
  readonly kind = "conflict";

  constructor() {
    super("The order has changed since it was read. Read it again and answer what it says now.");
  }
}

class OrderGone extends AppError {
  readonly code = "order.gone";
  readonly kind = "conflict";

  constructor(gone: string) {
    super(`The order is ${gone}: there is nothing to answer.`, { gone });
  }
}

class AnswerRefused extends AppError {
  readonly code = "order.answer-refused";
  readonly kind = "invalid";
}

class IdentityInText extends AppError {
  readonly code = "text.identity";
  readonly kind = "invalid";

  constructor() {
    super("The text has a personal identity number in it. Leave it out: who it is about is known.");
  }
}

/** What somebody of a provider's has written, as it is kept. Throws where it names somebody by identity number. */
export function writtenByProvider(text: string): string {
  if (namesIdentity(text)) throw new IdentityInText();
  return written(text);
}

/** Why a provider says no to an order. */
export const declineReasons = {
  "no-capacity": "Ingen ledig kapacitet",
  "outside-area": "Utanför vårt område",
  "missing-competence": "Kompetensen som behövs saknas",
  "wrong-unit": "Skickad till fel enhet",
  "order-unclear": "Beställningen går inte att förstå",
  other: "Annat, se texten",
} as const;
export type DeclineReason = keyof typeof declineReasons;

/** An answer to an order as it stood. */
export type OrderAnswer =
  | { kind: "accepted"; plannedStart?: Day | undefined; text?: string | undefined }
  | { kind: "declined"; reason: DeclineReason; text?: string | undefined };

export interface OwnAcknowledgement {
  kind: "accepted" | "declined";
  reason: DeclineReason | null;
  plannedStart: Day | null;
  /** Null: nothing was written. */
  text: string | null;
  at: Instant;
  /** It is about the order as it stands now. */
  current: boolean;
}

export interface OwnOrder {
  /** Stays the same as long as the provider has the order. */
  no: number;
  /** Raised by each change. */
  changeNo: number;
  status: string;
  /** ended, cancelled or moved; null while it stands. */
  gone: string | null;
  unit: { id: string; name: string | null };
  clientNo: number;
  validFrom: Day;
  validTo: Day | null;
  changedAt: Instant;
  /** The last answer since it came. */
  acknowledgement: OwnAcknowledgement | null;
}

const acknowledged = (
  vault: Vault,
  { changeNo }: Pick<AnnouncedOrder, "changeNo">,
  { kind, reason, plannedStart, text, at, changeNo: answered }: Acknowledgement,
): OwnAcknowledgement => ({
  kind,
  // Written by `acknowledgeOwnOrder`.
  reason: reason as DeclineReason | null,
  plannedStart,
  text: text === null ? null : vault.decrypt(text).toString(),
  at,
  current: answered === changeNo,
});

function ownOrder(
  vault: Vault,
  order: AnnouncedOrder,
  units: ReadonlyMap<string, string>,
  answers: readonly Acknowledgement[],
): OwnOrder {
  const { no, changeNo, status, gone, unit, clientNo, validFrom, validTo, changedAt } = order;
  const last = answers.findLast(
    ({ sourceNo, orderId, provider }) =>
      sourceNo === order.sourceNo && orderId === order.id && provider === order.provider,
  );
  const counts = last !== undefined && last.at >= (order.returnedAt ?? -Infinity);
  return {
    no,
    changeNo,
    status,
    gone,
    unit: { id: unit, name: units.get(unit) ?? null },
    clientNo,
    validFrom,
    validTo,
    changedAt,
    acknowledgement: counts ? acknowledged(vault, order, last) : null,
  };
}

/** The provider's orders that have changed after `after` (0: all), in the order of their changes. The reading is recorded. */
export async function listOwnOrders(
  { database, vault, now }: OwnNeeds,
  actor: Actor,
  { after, limit }: { after: number; limit: number },
): Promise<{ orders: OwnOrder[]; next: number; more: boolean }> {
  const provider = permitOwn(actor, "orders:read");
  const { tenantId } = actor;
  const found = await selectAnnouncedOrders(database, tenantId, provider, { after, limit: limit + 1 });
  const page = found.slice(0, limit);
  const [names, answers] = await Promise.all([
    selectNames(database, tenantId),
    selectAcknowledgements(database, tenantId, page),
  ]);
  await recordAccess(database, actor, { at: now(), operation: "own-orders", subject: provider, rows: page.length });
  return {
    orders: page.map((order) => ownOrder(vault, order, names.unit, answers)),
    next: page.at(-1)?.changeNo ?? after,
    more: found.length > limit,
  };
}

/** What a line of an order grants. */
export interface OwnLine {
  /** In the source. */
  id: string;
  service: { code: string; name: string | null };
  minutes: number;
  times: number;
  per: string;
  weekdays: number[] | null;
  partOfDay: string | null;
  staffing: number;
  validFrom: LocalDate | null;
  validTo: LocalDate | null;
}

/** What an order said from when it was received on. */
export interface OwnVersion {
  receivedAt: Instant;
  status: string;
  validFrom: LocalDate;
  validTo: LocalDate | null;
  lines: OwnLine[];
}

/** Somebody whom a provider helps. */
export interface OwnPerson {
  /** Null: no source says it, or the identity is protected and the municipality tells it in another way. */
  name: string | null;
  personalIdentityNumber: string | null;
  protected: boolean;
}

export interface OwnOrderDetail extends OwnOrder {
  /** What the municipality's system calls it. */
  reference: string;
  /** Null without the permission own-clients:read, and of an order that does not stand today. */
  person: OwnPerson | null;
  /** Oldest first, the one in force last. None of an order that has moved. */
  versions: OwnVersion[];
  /** Every answer, oldest first. */
  acknowledgements: OwnAcknowledgement[];
}

/** Name and identity number of a client of the provider's, unless the identity is protected. */
export async function personOf(
  { database, vault }: Pick<OwnNeeds, "database" | "vault">,
  tenantId: string,
  client: string,
): Promise<OwnPerson> {
  const [[known], [identity]] = await Promise.all([
    selectPeopleById(database, tenantId, "client", [client]),
    selectIdentities(database, tenantId, "client", [client]),
  ]);
  if (known?.protected === true) return { name: null, personalIdentityNumber: null, protected: true };
  const number = identity === undefined ? null : vault.decrypt(identity.identity).toString();
  return {
    name: known === undefined || known.name === null ? null : vault.decrypt(known.name).toString(),
    // What only one system calls somebody is no number of theirs.
    personalIdentityNumber: number !== null && parsePersonalIdentity(number, 2100)?.kind !== "local" ? number : null,
    protected: false,
  };
}

const enumOf = (entity: "orders" | "order-lines", field: string, value: unknown): string =>
  entities[entity].fields[field]?.values?.[Number(value)] ?? "";

const textOrNull = (value: unknown): string | null => (typeof value === "string" ? value : null);

function lineOf({ id, values }: Pick<StoredVersion, "id" | "values">, services: ReadonlyMap<string, string>): OwnLine {
  const code = textOrNull(values["service"]) ?? "";
  const { weekdays, partOfDay, staffing } = values;
  return {
    id,
    service: { code, name: services.get(code) ?? null },
    minutes: Number(values["minutes"]),
    times: Number(values["times"]),
    per: enumOf("order-lines", "per", values["per"]),
    // Checked when it was received.
    weekdays: typeof weekdays === "string" ? (JSON.parse(weekdays) as number[]) : null,
    partOfDay: partOfDay === null ? null : enumOf("order-lines", "partOfDay", partOfDay),
    staffing: staffing === null ? 1 : Number(staffing),
    validFrom: textOrNull(values["validFrom"]),
    validTo: textOrNull(values["validTo"]),
  };
}

/** The version that held once everything up to a page of the ledger had come; a source may deliver late. */
function standing(versions: readonly StoredVersion[], page: number): StoredVersion | null {
  const rank = ({ version, rawPage, rawIndex }: StoredVersion): number[] => [version ?? rawPage, rawPage, rawIndex];
  let best: StoredVersion | null = null;
  for (const version of versions) {
    if (version.rawPage > page) continue;
    if (best === null) best = version;
    else {
      const [a, b] = [rank(version), rank(best)];
      const at = a.findIndex((value, index) => value !== b[index]);
      if (at >= 0 && a[at]! > b[at]!) best = version;
    }
  }
  return best;
}

/** What an order with its lines has said, one after the other, each where it differs from the one before. */
export function versionsOfOrder(
  orders: readonly StoredVersion[],
  lines: readonly StoredVersion[],
  services: ReadonlyMap<string, string>,
): OwnVersion[] {
  const byLine = Map.groupBy(lines, ({ id }) => id);
  const pages = new Map<number, Instant>();
  for (const { rawPage, receivedAt } of [...orders, ...lines]) pages.set(rawPage, receivedAt ?? 0);
  const versions: OwnVersion[] = [];
  for (const [page, receivedAt] of [...pages].toSorted(([a], [b]) => a - b)) {
    const order = standing(orders, page);
    if (order === null) continue;
    const stood = [...byLine.values()]
      .map((of) => standing(of, page))
      .filter((line) => line !== null && !line.deleted)
      .map((line) => lineOf(line!, services))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const said = {
      status: enumOf("orders", "status", order.values["status"]),
      validFrom: textOrNull(order.values["validFrom"]) ?? "",
      validTo: textOrNull(order.values["validTo"]),
      lines: stood,
    };
    const before = versions.at(-1);
    if (
      before !== undefined &&
      JSON.stringify({ ...before, receivedAt: 0 }) === JSON.stringify({ receivedAt: 0, ...said })
    )
      continue;
    versions.push({ receivedAt, ...said });
  }
  return versions;
}

/**
 * What the order said when its provider was last told of it: all that can be read where the unit is no longer said to be
 * one of the provider's, and nobody has been told.
 */
function toldVersion(order: AnnouncedOrder, services: ReadonlyMap<string, string>): OwnVersion {
  const { status, validFrom, validTo, lines, changedAt } = order;
  const fields = ["service", "minutes", "times", "per", "weekdays", "partOfDay", "staffing", "validFrom", "validTo"];
  // Written when it was announced.
  const told = (JSON.parse(lines) as unknown[][]).map((line, index) => ({
    id: String(index + 1),
    values: Object.fromEntries(fields.map((field, at) => [field, line[at] ?? null])),
  }));
  return {
    receivedAt: changedAt,
    status,
    validFrom: formatDay(validFrom),
    validTo: validTo === null ? null : formatDay(validTo),
    lines: told.map((line) => lineOf(line, services)),
  };
}

/** One order with its lines, versions and answers. The reading is recorded. */
export async function showOwnOrder(needs: OwnNeeds, actor: Actor, no: number): Promise<OwnOrderDetail> {
  const provider = permitOwn(actor, "orders:read");
  const { database, vault, now } = needs;
  const { tenantId } = actor;
  const order = await selectAnnouncedOrder(database, tenantId, provider, no);
  if (order === null) throw new OrderMissing();
  // What another provider has now is not theirs to follow.
  const moved = order.gone === "moved";
  const lineIds = moved ? [] : await selectOrderLineIds(database, tenantId, order);
  const { source, id } = order;
  const [names, answers, created, orders, lines] = await Promise.all([
    selectNames(database, tenantId),
    selectAcknowledgements(database, tenantId, [order]),
    selectOrderCreated(database, tenantId, no),
    moved ? [] : selectRecordVersions(database, tenantId, "orders", [{ source, id }]),
    selectRecordVersions(
      database,
      tenantId,
      "order-lines",
      lineIds.map((line) => ({ source, id: line })),
    ),
  ]);
  const seen = versionsOfOrder(orders, lines, names.service);
  const versions = seen.length > 0 || moved ? seen : [toldVersion(order, names.service)];
  // Of an order that came back from another provider, what it said there is not shown.
  const first = created === null ? 0 : versions.findLastIndex(({ receivedAt }) => receivedAt <= created);
  const at = now();
  const stands = order.gone === null && (order.validTo === null || order.validTo >= dayOf(at));
  const may = stands && actor.permissions.has("own-clients:read");
  const person = may ? await personOf(needs, tenantId, order.client) : null;
  await recordAccess(database, actor, {
    at,
    operation: person === null ? "own-order" : "own-order-client",
    subject: order.client,
    rows: 1,
  });
  return {
    ...ownOrder(vault, order, names.unit, answers),
    reference: id,
    person,
    versions: versions.slice(Math.max(0, first)),
    acknowledgements: answers
      .filter((answer) => answer.provider === provider)
      .map((answer) => acknowledged(vault, order, answer)),
  };
}

/**
 * Answers an order as it stood at `changeNo`. It may be answered again: the last answer holds, and the first one stops the
 * clock of its confirmation. Throws where it has changed since, or is gone.
 */
export async function acknowledgeOwnOrder(
  { database, vault, now }: OwnNeeds,
  actor: Actor,
  { no, changeNo, answer }: { no: number; changeNo: number; answer: OrderAnswer },
): Promise<OwnAcknowledgement> {
  const provider = permitOwn(actor, "orders:acknowledge");
  const text = writtenByProvider(answer.text ?? "");
  if (answer.kind === "declined" && answer.reason === "other" && text === "") {
    throw new AnswerRefused("Say in the text why the order is declined.");
  }
  const order = await selectAnnouncedOrder(database, actor.tenantId, provider, no);
  if (order === null) throw new OrderMissing();
  if (order.gone !== null) throw new OrderGone(order.gone);
  if (order.changeNo !== changeNo) throw new OrderChanged();
  const plannedStart = answer.kind === "accepted" ? (answer.plannedStart ?? null) : null;
  if (plannedStart !== null && order.validTo !== null && plannedStart > order.validTo) {
    throw new AnswerRefused(`The order ends ${formatDay(order.validTo)}, before the planned start.`);
  }
  const acknowledgement: Acknowledgement = {
    provider,
    sourceNo: order.sourceNo,
    orderId: order.id,
    changeNo,
    toldAt: order.changedAt,
    kind: answer.kind,
    reason: answer.kind === "declined" ? answer.reason : null,
    text: text === "" ? null : vault.encrypt(text),
    plannedStart,
    at: now(),
    by: actor.id,
    byName: actor.name,
  };
  await database.transaction(async (tx) => {
    await insertAcknowledgement(tx, actor.tenantId, acknowledgement);
    // What rules say of the order may be otherwise now.
    await markClientDirtyIn(tx, actor.tenantId, order.clientNo);
  });
  return acknowledged(vault, order, acknowledgement);
}
