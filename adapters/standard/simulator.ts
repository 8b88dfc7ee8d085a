import { mkdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { day, dayOf, formatDay, formatInstant, type Instant, monthOf } from "#model";
import type { World, WorldEmployment } from "#synthetic";

export interface WriteOptions {
  world: World;
  folder: string;
  /** What the municipality's own registers knew at this time. */
  at: Instant;
  /** Deliver what has changed after this time; null: everything, as at a first import. */
  since?: Instant | null;
}

type Row = Record<string, unknown>;

/** Codes, numbers with decimal comma and lists, as a spreadsheet in Swedish writes them. */
function cell(value: unknown, delimiter: string): string {
  const text =
    value === undefined || value === null
      ? ""
      : Array.isArray(value)
        ? value.join("|")
        : typeof value === "number"
          ? String(value).replace(".", ",")
          : String(value as string | boolean);
  return text.includes(delimiter) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function csv(rows: readonly Row[], fields: readonly string[], delimiter: ";" | ","): string {
  const out = [fields.join(delimiter)];
  for (const row of rows) out.push(fields.map((field) => cell(row[field], delimiter)).join(delimiter));
  return `${out.join("\r\n")}\r\n`;
}

const jsonLines = (rows: readonly Row[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const utf8 = (text: string): Buffer => Buffer.from(text);
const withBom = (text: string): Buffer => Buffer.from(`\uFEFF${text}`);
const windows1252 = (text: string): Buffer => Buffer.from(text, "latin1");

function byMonth<T>(list: readonly T[], at: (one: T) => Instant): Map<string, T[]> {
  return Map.groupBy(list, (one) => monthOf(dayOf(at(one))));
}

/**
 * Writes interchange files with what the four systems do not have: registers as they stand, and shifts, claims, meals,
 * absences and the plans of one provider as they came. Both forms, several encodings, one file sent twice, one record
 * repeated. Returns the paths in the order of writing.
 */
export async function writeStandardFiles({ world, folder, at, since = null }: WriteOptions): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const today = dayOf(at);
  const from = since ?? -Infinity;
  const told = (when: Instant): boolean => when > from && when <= at;
  const clients = new Map(world.clients.map((client) => [client.id, client]));
  const clientId = (id: string): string => clients.get(id)?.ids.files ?? id;
  const units = new Map(world.units.map((unit) => [unit.id, unit]));
  const unitId = (id: string): string => units.get(id)?.ids.files ?? id;
  const staff = new Map(world.staff.map((person) => [person.id, person]));
  const employment = (staffId: string | undefined, unit: string): WorldEmployment | undefined => {
    const { employments = [] } = staff.get(staffId ?? "") ?? {};
    return employments.find((one) => one.unitId === unit) ?? employments[0];
  };

  const written: string[] = [];
  const write = async (name: string, content: Buffer): Promise<void> => {
    const path = join(folder, name);
    await writeFile(path, content);
    const time = new Date(Math.min(at, Date.now() - 60_000));
    await utimes(path, time, time);
    written.push(path);
  };
  const stamp = formatDay(today);

  const services = world.services.map(({ code, name, kind, law, away }) => ({ id: code, code, name, kind, law, away }));
  await write(`services-${stamp}.csv`, utf8(csv(services, ["id", "code", "name", "kind", "law", "away"], ",")));
  const providers = world.providers.map((provider): Row => ({ ...provider }));
  await write(
    `providers-${stamp}.csv`,
    windows1252(csv(providers, ["id", "organisationNumber", "name", "regime", "permitFrom", "permitTo"], ";")),
  );
  const unitRows = world.units.map(({ id, providerId, name }) => ({ id: unitId(id), providerId, name }));
  await write(`units-${stamp}.csv`, withBom(csv(unitRows, ["id", "providerId", "name"], ";")));
  await write(`contracts-${stamp}.jsonl`, utf8(jsonLines(world.contracts.map((contract): Row => ({ ...contract })))));

  const clientRows = world.clients.flatMap((client): Row[] => {
    const { files: id } = client.ids;
    if (id === undefined) return [];
    const { personalIdentityNumber, name, protection, householdId, deceasedOn, movedOn } = client;
    const known = (date: string | undefined): string | undefined =>
      date !== undefined && day(date) <= today ? date : undefined;
    const row: Row = {
      id,
      personalIdentityNumber,
      name,
      protection,
      householdId,
      deceasedOn: known(deceasedOn),
      movedOn: known(movedOn),
    };
    if (client.homes.length > 0) row["addresses"] = client.homes;
    return [row];
  });
  await write(`clients-${stamp}.jsonl`, withBom(jsonLines(clientRows)));

  const staffRows = world.staff.flatMap(({ personalIdentityNumber, hsaId, name, addressBuildingId, employments }) =>
    employments.flatMap(({ ids, providerId, unitId: unit, from: employedFrom, to: employedTo }): Row[] =>
      ids.files === undefined
        ? []
        : [
            {
              id: ids.files,
              providerId,
              unitId: unitId(unit),
              personalIdentityNumber,
              hsaId,
              name,
              employedFrom,
              employedTo,
              addressBuildingId,
            },
          ],
    ),
  );
  const staffFields = [
    "id",
    "providerId",
    "unitId",
    "personalIdentityNumber",
    "hsaId",
    "name",
    "employedFrom",
    "employedTo",
    "addressBuildingId",
  ];
  await write(`staff-${stamp}.csv`, withBom(csv(staffRows, staffFields, ";")));

  const tags = world.tags.map(({ id, clientId: client, from: first, to }) => ({
    id,
    clientId: clientId(client),
    from: first,
    to,
  }));
  await write(`tags-${stamp}.csv`, utf8(csv(tags, ["id", "clientId", "from", "to"], ",")));

  // Lifecare has the plans of its own units.
  const servicePlans = world.servicePlans
    .filter((plan) => units.get(plan.unitId)?.ordersIn === "combine" && day(plan.establishedOn) <= today)
    .map((plan): Row => ({ ...plan, clientId: clientId(plan.clientId), unitId: unitId(plan.unitId) }));
  await write(
    `service-plans-${stamp}.csv`,
    utf8(csv(servicePlans, ["id", "clientId", "unitId", "establishedOn", "followUpOn", "clientParticipated"], ";")),
  );

  const absences = world.absences
    .filter((absence) => absence.source === "files" && told(absence.at))
    .map(({ id, at: version, clientId: client, from: first, to, kind, planned, notifiedAt }): Row => ({
      id,
      version: formatInstant(version),
      clientId: clientId(client),
      from: formatInstant(first),
      to: to === undefined ? undefined : formatInstant(to),
      kind,
      planned,
      notifiedAt: notifiedAt === undefined ? undefined : formatInstant(notifiedAt),
    }));
  if (absences.length > 0 || since === null) await write(`absences-${stamp}.jsonl`, utf8(jsonLines(absences)));

  // A shift is known when it is over.
  const shifts = world.shifts.filter((shift) => shift.source === "files" && told(shift.end));
  for (const [month, list] of byMonth(shifts, ({ end }) => end)) {
    const rows = list.map(({ id, staffId, unitId: unit, start, end, breakMinutes, kind }): Row => ({
      id,
      staffId: employment(staffId, unit)?.ids.files ?? staffId,
      start: formatInstant(start),
      end: formatInstant(end),
      breakMinutes,
      kind,
    }));
    const name = since === null ? `shifts-${month.replace("-0", "-")}` : `shifts-${stamp}`;
    await write(`${name}.csv`, utf8(csv(rows, ["id", "staffId", "start", "end", "breakMinutes", "kind"], ";")));
  }

  const planned = world.plans
    .filter((plan) => plan.source === "files")
    .flatMap((plan) => plan.versions.map((version) => ({ plan, version })))
    .filter(({ version }) => told(version.at))
    .toSorted((a, b) => a.version.at - b.version.at);
  for (const [month, list] of byMonth(planned, ({ version }) => version.at)) {
    const rows = list.map(({ plan, version }): Row => {
      const who = employment(version.staffId, plan.unitId);
      return {
        id: plan.id,
        version: formatInstant(version.at),
        clientId: clientId(plan.clientId),
        unitId: unitId(plan.unitId),
        staffId: version.staffId === undefined ? undefined : (who?.ids.files ?? version.staffId),
        start: formatInstant(version.start),
        end: formatInstant(version.end),
        services: version.services,
        orderId: plan.orderId,
        transport: who?.transport,
        cancelled: version.cancelled,
        modifiedAt: formatInstant(version.at),
      };
    });
    // The planner sends its last row once more.
    const text = jsonLines([...rows, ...rows.slice(-1)]);
    await write(`planned-visits-${since === null ? month : stamp}.jsonl`, utf8(text));
  }

  const meals = world.meals
    .filter((meal) => told(meal.at))
    .map((meal): Row => ({ ...meal, clientId: clientId(meal.clientId), unitId: unitId(meal.unitId) }));
  if (meals.length > 0) {
    const mealFields = ["id", "clientId", "unitId", "from", "to", "kind", "quantity"];
    await write(`meals-${stamp}.csv`, utf8(csv(meals, mealFields, ";")));
  }

  // Registrations of a unit without a system of its own; phones there say where they are.
  const visits = world.visits
    .filter((visit) => visit.source === "files")
    .flatMap((visit) => visit.versions.map((version) => ({ visit, version })))
    .filter(({ version }) => told(version.at))
    .toSorted((a, b) => a.version.at - b.version.at);
  const instantOf = (time: Instant | null | undefined) =>
    time === undefined || time === null ? undefined : formatInstant(time);
  for (const [month, list] of byMonth(visits, ({ version }) => version.at)) {
    const rows = list.map(({ visit, version }): Row => {
      const [first] = visit.versions;
      const staffId = (one: string | undefined) =>
        one === undefined ? undefined : (employment(one, visit.unitId)?.ids.files ?? one);
      return {
        id: visit.id,
        version: formatInstant(version.at),
        deleted: version.deleted,
        clientId: clientId(visit.clientId),
        unitId: unitId(visit.unitId),
        staffId: staffId(visit.staffId),
        orderId: visit.orderId,
        start: formatInstant(version.start),
        end: instantOf(version.end),
        status: version.status,
        services: version.services,
        plannedVisitId: visit.plannedVisitId,
        originalStart: instantOf(version.originalStart),
        originalEnd: instantOf(version.originalEnd),
        receivedAt: instantOf(first?.at),
        editedAt: version === first ? undefined : formatInstant(version.at),
        editedBy: staffId(version.editedBy),
        editReason: version.editReason,
        startProof: version.startProof,
        endProof: version.end === null ? undefined : version.endProof,
        startTag: version.startTag,
        endTag: version.endTag,
        deviceId: visit.deviceId,
        startLatitude: version.startPosition?.latitude,
        startLongitude: version.startPosition?.longitude,
        startAccuracyMetres: version.startPosition?.accuracyMetres,
        endLatitude: version.endPosition?.latitude,
        endLongitude: version.endPosition?.longitude,
        doubleStaffing: visit.doubleStaffing,
        declinedReason: version.declinedReason,
      };
    });
    await write(`visits-${since === null ? month : stamp}.jsonl`, utf8(jsonLines(rows)));
  }

  const claims = world.claims.filter((claim) => told(claim.at));
  const claimFields =
    "id,invoiceId,providerId,unitId,clientId,orderId,service,from,to,minutes,quantity,unit,unitPriceOre,amountOre,kind,correctsId,band,staffing".split(
      ",",
    );
  for (const [month, list] of byMonth(claims, (claim) => claim.at)) {
    const rows = list.map((claim): Row => ({
      ...claim,
      unitId: unitId(claim.unitId),
      clientId: claim.namedAs ?? clientId(claim.clientId),
      minutes: claim.unit === undefined ? claim.minutes : undefined,
      unit: claim.unit ?? "HUR",
    }));
    const name = since === null ? `claims-${month}` : `claims-${stamp}`;
    const bytes = windows1252(csv(rows, claimFields, ";"));
    await write(`${name}.csv`, bytes);
    await write(`${name}.again.csv`, bytes);
  }
  return written;
}
