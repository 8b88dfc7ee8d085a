import { mkdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { dayOf, formatDay, formatLocal, HOUR, type Instant, minuteOfDay, monthOf } from "#model";
import type { Proof, World, WorldLockEvent, WorldVisit, WorldVisitVersion } from "#synthetic";

export interface WriteOptions {
  world: World;
  folder: string;
  /** What the system knew at this time. */
  at: Instant;
  /** Deliver what has changed after this time; null: everything, a file a month, as at a first import. */
  since?: Instant | null;
}

const visitHeader =
  "BesöksId;Enhet;Utförare;Brukarnr;Personnummer;Besöksdatum;Starttid;Sluttid;Längd;Insatser;Beviljad tid;Planerad start;Planerad slut;Personal;Personalnr;Kvittens start;Kvittens slut;Avböjt;Orsak;Dubbelbemanning;Godkänd;Godkänd av;Ursprunglig start;Ursprunglig slut;Ändrad av;Ändrad tid;Kommentar;Telefon;Registrerad".split(
    ";",
  );
const lockLogHeader = "Tidpunkt;LåsId;Brukarnr;Personalnr;Händelse;Telefon".split(";");

const proofs: Readonly<Record<Proof, string>> = {
  lock: "Lås",
  nfc: "NFC",
  manual: "Manuell",
  phone: "Telefon",
  bluetooth: "Telefon",
  gps: "Telefon",
  none: "",
};
const events: Readonly<Record<WorldLockEvent["event"], string>> = {
  opened: "Öppnad",
  locked: "Låst",
  failed: "Misslyckad",
};
const yesNo = (yes: boolean | undefined): string => (yes === true ? "J" : "N");
const seconds = (at: Instant): string => String(Math.floor(at / 1000) % 60).padStart(2, "0");
/** "07:05", with seconds where there are any. */
function clock(at: Instant): string {
  const minute = minuteOfDay(at);
  const time = `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
  return seconds(at) === "00" ? time : `${time}:${seconds(at)}`;
}
const stamp = (at: Instant): string => `${formatLocal(at)}:${seconds(at)}`;

/** Excel's own way: every field quoted, quotes doubled. */
const row = (cells: readonly string[]): string => cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(";");

interface Told {
  at: Instant;
  row: string;
}

/** What the system was told from when to when, in that order. */
function visitsTold(world: World, since: Instant, at: Instant): Told[] {
  const clients = new Map(world.clients.map((client) => [client.id, client]));
  const staff = new Map(world.staff.map((person) => [person.id, person]));
  const units = new Map(world.units.map((unit) => [unit.id, unit]));
  const providers = new Map(world.providers.map((provider) => [provider.id, provider]));
  const serviceNames = new Map(world.services.map((service) => [service.code, service.name]));
  const numberOf = (staffId: string | undefined, unitId: string): string => {
    const employments = staff.get(staffId ?? "")?.employments ?? [];
    return (employments.find((one) => one.unitId === unitId) ?? employments[0])?.ids.phoniro ?? "";
  };
  const rowOf = (visit: WorldVisit, version: WorldVisitVersion, first: WorldVisitVersion): string => {
    const client = clients.get(visit.clientId);
    const unit = units.get(visit.unitId);
    // What is typed in by hand says who did it, as a change does.
    const { editedBy } = version;
    const edited = version.at > first.at || editedBy !== undefined;
    const orsak =
      {
        declined: version.declinedReason,
        noAnswer: "Bom",
        cancelled: "Inställt",
        completed: version.editReason,
        started: "",
      }[version.status] ?? "";
    const cells: Record<string, string> = {
      BesöksId: visit.id,
      Enhet: unit?.ids.phoniro ?? "",
      Utförare: providers.get(unit?.providerId ?? "")?.name ?? "",
      Brukarnr: client?.ids.phoniro ?? "",
      Personnummer: client?.personalIdentityNumber ?? "",
      Besöksdatum: formatDay(dayOf(version.start)),
      Starttid: clock(version.start),
      Sluttid: version.end === null ? "" : clock(version.end),
      Längd: version.end === null ? "" : String(Math.round((version.end - version.start) / 60_000)),
      Insatser: version.services.map((code) => serviceNames.get(code) ?? code).join(", "),
      "Planerad start": visit.plannedStart === undefined ? "" : clock(visit.plannedStart),
      "Planerad slut": visit.plannedEnd === undefined ? "" : clock(visit.plannedEnd),
      Personal: staff.get(visit.staffId)?.name ?? "",
      Personalnr: numberOf(visit.staffId, visit.unitId),
      "Kvittens start": proofs[version.startProof],
      "Kvittens slut": version.end === null ? "" : proofs[version.endProof],
      Avböjt: yesNo(version.status === "declined"),
      Orsak: orsak,
      Dubbelbemanning: yesNo(visit.doubleStaffing),
      Godkänd: yesNo(version.approved),
      "Ursprunglig start": version.originalStart === undefined ? "" : clock(version.originalStart),
      "Ursprunglig slut": version.originalEnd === undefined ? "" : clock(version.originalEnd),
      "Ändrad av": edited ? numberOf(editedBy, visit.unitId) : "",
      "Ändrad tid": edited ? stamp(version.at) : "",
      Telefon: visit.deviceId,
      Registrerad: stamp(first.at),
    };
    return row(visitHeader.map((name) => cells[name] ?? ""));
  };
  const told: Told[] = [];
  for (const visit of world.visits) {
    const [first] = visit.versions;
    if (visit.source !== "phoniro" || first === undefined) continue;
    for (const version of visit.versions) {
      // A removed visit is not delivered again: nothing says that it is gone.
      if (version.at <= since || version.at > at || version.deleted === true) continue;
      told.push({ at: version.at, row: rowOf(visit, version, first) });
    }
  }
  return told.sort((a, b) => a.at - b.at);
}

function locksTold(world: World, since: Instant, at: Instant): Told[] {
  const clients = new Map(world.clients.map((client) => [client.id, client]));
  const staff = new Map(world.staff.map((person) => [person.id, person]));
  return world.lockEvents
    .filter((event) => event.at > since && event.at <= at)
    .map((event) => ({
      at: event.at,
      row: row([
        stamp(event.at),
        event.lockId,
        clients.get(event.clientId)?.ids.phoniro ?? "",
        staff.get(event.staffId ?? "")?.employments.find(({ ids }) => ids.phoniro !== undefined)?.ids.phoniro ?? "",
        events[event.event],
        event.deviceId,
      ]),
    }))
    .sort((a, b) => a.at - b.at);
}

/** Characters of Windows-1252 that ISO-8859-1 has as well are all that a report of names and times needs. */
const windows1252 = (text: string): Buffer => Buffer.from(text, "latin1");
const withBom = (text: string): Buffer => Buffer.from(`\uFEFF${text}`);
const lines = (rows: readonly string[]): string => rows.map((one) => `${one}\r\n`).join("");

const PAGE_ROWS = 400;

/** A report made for paper: the header stands on each page, and a sum below. */
function paged(header: string, rows: readonly string[], columns: number): string[] {
  const out: string[] = [];
  for (let start = 0; start < rows.length; start += PAGE_ROWS)
    out.push(header, ...rows.slice(start, start + PAGE_ROWS));
  if (rows.length === 0) out.push(header);
  out.push(row(["Summa", String(rows.length), ...Array.from({ length: columns - 2 }, () => "")]));
  return out;
}

/**
 * Writes the files that Phoniro delivers: one a month at a first import (`besok-2026-9.csv`, month without zero), then
 * one a night. As the system does: rows of the file before are repeated, one file is sent again under another name,
 * one is in Windows-1252, and page headers and sums stand among the rows. Returns the paths in the order of writing.
 */
export async function writePhoniroFiles({ world, folder, at, since = null }: WriteOptions): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const written: string[] = [];
  const write = async (name: string, content: Buffer): Promise<void> => {
    const path = join(folder, name);
    await writeFile(path, content);
    const time = new Date(Math.min(at, Date.now() - 60_000));
    await utimes(path, time, time);
    written.push(path);
  };
  // The last rows of the night before come again.
  const from = since === null ? -Infinity : since - 2 * HOUR;
  const tables = [
    { prefix: "besok", header: visitHeader, told: visitsTold(world, from, at) },
    { prefix: "laslogg", header: lockLogHeader, told: locksTold(world, from, at) },
  ];
  for (const { prefix, header, told } of tables) {
    const files = new Map<string, string[]>();
    const night = formatDay(dayOf(at));
    for (const { at: when, row: one } of told) {
      const month = monthOf(dayOf(when));
      const name = since === null ? `${prefix}-${month.slice(0, 5)}${Number(month.slice(5))}` : `${prefix}-${night}`;
      const rows = files.get(name);
      if (rows === undefined) files.set(name, [one]);
      else rows.push(one);
    }
    if (since !== null && files.size === 0) files.set(`${prefix}-${night}`, []);
    let before: string[] = [];
    for (const [index, [name, rows]] of [...files].entries()) {
      const all = [...before.slice(-5), ...rows];
      const content = paged(row(header), all, header.length);
      // Every other month, and every third night, an older server makes the file.
      const old = since === null ? index % 2 === 0 : dayOf(at) % 3 === 0;
      const bytes = old ? windows1252(lines(content)) : withBom(lines(content));
      await write(`${name}.csv`, bytes);
      const again = since === null ? index === 0 : dayOf(at) % 7 === 0;
      if (again) await write(`${name} (1).csv`, bytes);
      before = rows;
    }
  }
  return written;
}
