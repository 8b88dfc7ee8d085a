import type { ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { type HttpBindings, serve } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { type Context, Hono } from "hono";
import { HOUR, type Instant, MINUTE, offsetMinutes, startOfDay, day as dayOfDate } from "#model";
import type {
  Fault,
  World,
  WorldClient,
  WorldOrder,
  WorldOrderLine,
  WorldOrderVersion,
  WorldPlanVersion,
  WorldUnit,
  WorldVisitVersion,
} from "#synthetic";

export interface LifecareSimulatorOptions {
  world: World;
  port?: number;
  now?: () => number;
  domain?: string;
  key?: string;
  /** What the key opens; missing: everything. */
  licensed?: Iterable<string>;
  /** Most rows of a page, whatever is asked for. */
  pageMax?: number;
  /** Every `every`th state becomes visible `ms` after the modified time that it carries. */
  late?: { every: number; ms: number };
}

export interface LifecareSimulator {
  /** Settings of an adapter that is to read it. */
  settings: { baseUrl: string; domain: string; key: string; ratePerSecond: number };
  faults: Fault[];
  licensed: Set<string>;
  /** How it misbehaves without failing. */
  habits: {
    /** After a page of a delta, so many of its rows are modified, and move to the end. */
    moveRows: number;
    /** Rows with equal modified time change places from request to request. */
    shuffleTies: boolean;
    /** Each page begins with the last row of the page before. */
    repeatRows: boolean;
  };
  /** Path and resource of every request that was answered, without the query. */
  requests: string[];
  /** Gives a row a new modified time. */
  touch: (resource: string, id: string) => void;
  /** Takes a row away without a trace, as lists without delta do. */
  vanish: (resource: string, id: string) => void;
  close: () => Promise<void>;
}

type Row = Record<string, unknown>;

/** One state of a row. */
interface State {
  id: string;
  /** Modified time that it carries. */
  at: Instant;
  visibleFrom: Instant;
  until: Instant;
  deleted: boolean;
  render: (at: Instant) => Row;
  /** Cheap values of searchable fields, so that a search need not render every row. */
  index: Row;
}

interface Resource {
  delta: boolean;
  searchable: readonly string[];
  /** By modified time. */
  states: State[];
}

const pad = (value: number, length = 2) => String(value).padStart(length, "0");

/** "2026-10-05T08:00:00": the wall clock in Sweden, without zone. */
function local(at: Instant): string {
  return new Date(at + offsetMinutes(at) * MINUTE).toISOString().replace(/(?:\.000)?Z$/, "");
}
const midnight = (date: string) => `${date}T00:00:00`;
const utc = (at: Instant) => new Date(at).toISOString();

/** A .NET time span: [d.]hh:mm:ss. */
export function timeSpan(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const days = Math.floor(seconds / 86_400);
  const clock = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60].map((one) => pad(one));
  return (days > 0 ? `${days}.` : "") + clock.join(":");
}

/** An id that the interface has as a number: its digits. */
function integer(id: string): number {
  const value = Number(/^\d+$/.test(id) ? id : id.replace(/\D/g, ""));
  if (!Number.isSafeInteger(value) || value > 0x7fff_ffff) throw new RangeError("Lifecare cannot hold this id.");
  return value;
}

const numbers: Readonly<Record<string, number>> = {
  omvardnad: 101,
  tillsyn: 102,
  maltid: 103,
  dusch: 104,
  social: 105,
  stad: 106,
  tvatt: 107,
  inkop: 108,
  ledsagning: 109,
  avlosning: 110,
  larm: 111,
  nattillsyn: 112,
  nattvak: 113,
  hsl: 114,
  fonster: 115,
};
/** A service that is in no table gets a number of its own. */
function serviceNumber(code: string): number {
  let sum = 0;
  for (const character of code) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9000;
  return numbers[code] ?? 1000 + sum;
}

const weekdayNames = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const absenceReasons = {
  hospital: { Code: 1, Text: "Sjukhus" },
  shortTermStay: { Code: 2, Text: "Korttidsboende" },
  away: { Code: 3, Text: "Bortrest" },
  other: { Code: 9, Text: "Annat" },
};
const timeUnits = {
  day: { TimeUnit: 1, TimeUnitText: "Dag", Periodicity: 1, PeriodicityText: "Varje dag" },
  week: { TimeUnit: 2, TimeUnitText: "Vecka", Periodicity: 1, PeriodicityText: "Varje vecka" },
  fortnight: { TimeUnit: 2, TimeUnitText: "Vecka", Periodicity: 2, PeriodicityText: "Varannan vecka" },
  month: { TimeUnit: 3, TimeUnitText: "Månad", Periodicity: 1, PeriodicityText: "Varje månad" },
  once: { TimeUnit: 4, TimeUnitText: "Engång", Periodicity: 1, PeriodicityText: "En gång" },
};
const partsOfDay = {
  morning: { WhenDuringDay: 1, WhenDuringDayText: "Morgon" },
  midday: { WhenDuringDay: 2, WhenDuringDayText: "Middag" },
  afternoon: { WhenDuringDay: 3, WhenDuringDayText: "Eftermiddag" },
  evening: { WhenDuringDay: 4, WhenDuringDayText: "Kväll" },
  night: { WhenDuringDay: 5, WhenDuringDayText: "Natt" },
  any: { WhenDuringDay: 0, WhenDuringDayText: "Valfri tid" },
};
// What the phone itself bears witness to is a Bluetooth quittance here; there is no word for it.
const quittance = {
  lock: "Lock",
  nfc: "Nfc",
  bluetooth: "Bluetooth",
  gps: "Bluetooth",
  phone: "Bluetooth",
  manual: "None",
  none: "None",
};
const orderStatus = {
  registered: "Registered",
  sent: "Sent",
  accepted: "Accepted",
  ended: "Accepted",
  declined: "WillNotBeExecuted",
  cancelled: "WillNotBeExecuted",
};
const transports = { car: "Car", bicycle: "Bicycle", walking: "Walking" };

const byId = new Intl.Collator("en", { numeric: true });

/** Everything that Lifecare knows of a world, state by state. */
class Register {
  readonly resources = new Map<string, Resource>();
  readonly planningUnits: Row[];
  private readonly world: World;
  private readonly clients: ReadonlyMap<string, WorldClient>;
  private readonly units: ReadonlyMap<string, WorldUnit>;
  private readonly staff: ReadonlyMap<string, World["staff"][number]>;
  private readonly services: ReadonlyMap<string, World["services"][number]>;
  private readonly late: LifecareSimulatorOptions["late"];

  constructor(world: World, late: LifecareSimulatorOptions["late"]) {
    this.world = world;
    this.late = late;
    this.clients = new Map(world.clients.map((one) => [one.id, one]));
    this.units = new Map(world.units.map((one) => [one.id, one]));
    this.staff = new Map(world.staff.map((one) => [one.id, one]));
    this.services = new Map(world.services.map((one) => [one.code, one]));
    const people = ["PersonId"];
    this.add(
      "clients",
      true,
      ["Id", "ProtectedRegistration", "Active", "UpdateTime", "FirstName", "LastName", ...people],
      this.clientStates(),
    );
    this.add("client_absences", true, ["Id", "StartDate", "EndDate", ...people], this.absenceStates());
    this.add(
      "sol_decisions",
      true,
      ["Id", "InvestigationId", "Date", "FromDate", "ToDate", ...people],
      this.decisionStates(),
    );
    const orders = world.orders.filter((order) => order.source === "lifecare");
    this.add(
      "orders",
      false,
      [
        "Id",
        "ServiceCategoryId",
        "InvestigationId",
        "ExecutionId",
        "OrderDate",
        "StartDate",
        "EndDate",
        "UpdateTime",
        ...people,
      ],
      orders.flatMap((order) => this.orderStates(order)),
    );
    this.add(
      "ordered_services",
      false,
      ["OrderId", "DecisionId", "StartDate", "EndDate"],
      orders.flatMap((order) => this.serviceStates(order)),
    );
    this.add(
      "executions",
      true,
      ["Id", "UpdateTime", "StartDate", "EndDate", "InvestigationId", "Law", ...people],
      orders.flatMap((order) => this.executionStates(order)),
    );
    this.add(
      "service_periods",
      true,
      ["Id", "ExecutionId", "StartDate", "EndDate", "UpdateTime", ...people],
      orders.flatMap((order) => this.periodStates(order)),
    );
    this.add(
      "service_plans",
      false,
      ["Id", "ProviderUnitId", "EstablishedDate", "EndDate", "ClientParticipation", "FollowUpDate", ...people],
      this.planStates(),
    );
    this.add("provider_units", true, ["Id", "CompanyId", "IsShelteredHousing", "Name"], this.unitStates());
    this.add(
      "provider_personnels",
      true,
      ["Id", "Title", "Signature", "UserId", "FirstName", "LastName", ...people],
      this.personnelStates(),
    );
    this.add("planned_workshifts", true, [], this.workshiftStates());
    this.add(
      "reported_visits",
      true,
      [
        "Id",
        "ExternalId",
        "ReportedWorkshiftId",
        "ClientPersonId",
        "Law",
        "PersonnelPersonId",
        "ProviderUnitId",
        "Status",
        "Approved",
      ],
      this.visitStates(),
    );
    this.add("reported_workshifts", true, ["Id", "PersonnelPersonId"], this.shiftStates());
    this.planningUnits = this.planningTree();
  }

  private add(name: string, delta: boolean, searchable: string[], states: State[]): void {
    if (this.late !== undefined) {
      const { every, ms } = this.late;
      for (let index = every - 1; index < states.length; index += every) {
        const state = states[index];
        if (state === undefined || state.visibleFrom + ms >= state.until) continue;
        state.visibleFrom += ms;
        // Until then the row is as it was; states of one row stand together here.
        const before = states[index - 1];
        if (before?.id === state.id) before.until = state.visibleFrom;
      }
    }
    states.sort((a, b) => a.at - b.at || byId.compare(a.id, b.id));
    this.resources.set(name, { delta, searchable, states });
  }

  /** States of one row, each until the next. Two at the same time are both sent, in their order. */
  private chain(
    id: string,
    versions: ReadonlyArray<{ at: Instant; deleted?: boolean; render: State["render"] }>,
    index: Row = {},
  ): State[] {
    return versions.map(({ at, deleted, render }, position) => ({
      id,
      at,
      visibleFrom: at,
      until: versions[position + 1]?.at ?? Infinity,
      deleted: deleted ?? false,
      render,
      index,
    }));
  }

  /** Before everything that happens. */
  private get beginning(): Instant {
    return startOfDay(dayOfDate(this.world.from)) - 24 * HOUR;
  }

  private person(id: string): string {
    return this.clients.get(id)?.personalIdentityNumber ?? "";
  }

  private worker(id: string | undefined): string {
    return (id === undefined ? undefined : this.staff.get(id)?.personalIdentityNumber) ?? "";
  }

  private unitNumber(id: string): number {
    return integer(this.units.get(id)?.ids.lifecare ?? "0");
  }

  private service(code: string): { Code: number; Text: string } {
    return { Code: serviceNumber(code), Text: this.services.get(code)?.name ?? code };
  }

  private names(name: string): Row {
    const [first = "", ...rest] = name.split(" ");
    return { FirstName: first, LastName: rest.join(" "), FullName: name };
  }

  private address(client: WorldClient): Row[] {
    return [
      {
        StreetAddress: `Hittepågatan ${integer(client.id)}`,
        ZipCode: "999 99",
        City: "Påhittad",
        CareOf: null,
        Country: "Sverige",
        Protected: client.protection !== "none",
        EntryCode: `KOD${integer(client.id)}#`,
        Type: "Home",
      },
    ];
  }

  private contact(client: WorldClient): Row {
    return {
      Addresses: this.address(client),
      Phones: [{ PhoneNumber: "070-1740605", Protected: false, Type: "Mobile" }],
      Emails: [],
      PersonId: client.personalIdentityNumber,
      ...this.names(client.name),
    };
  }

  private clientStates(): State[] {
    return this.world.clients.flatMap((client, position) => {
      const id = client.ids.lifecare;
      if (id === undefined) return [];
      const render = (gone: Row | null) => (at: Instant) => ({
        Id: integer(id),
        ProtectedRegistration: client.protection === "protectedRegistration",
        IsConfidential: client.protection === "confidential",
        Active: gone === null,
        Deregistration: gone,
        MaritalStatus: "",
        UpdateTime: local(at),
        Deleted: false,
        KeyCode: "0000",
        ...this.contact(client),
      });
      const versions = [{ at: this.beginning + position * 1000, render: render(null) }];
      const end = (date: string, reason: string) =>
        versions.push({
          at: startOfDay(dayOfDate(date) + 1) + 9 * HOUR,
          render: render({ Date: midnight(date), Reason: reason }),
        });
      if (client.movedOn !== undefined) end(client.movedOn, "Other");
      if (client.deceasedOn !== undefined) end(client.deceasedOn, "Decease");
      return this.chain(id, versions, { Id: id, PersonId: client.personalIdentityNumber });
    });
  }

  private absenceStates(): State[] {
    return this.world.absences.flatMap((absence) => {
      if (absence.source !== "lifecare") return [];
      const render = () => ({
        Id: integer(absence.id),
        PersonId: this.person(absence.clientId),
        StartDate: local(absence.from),
        EndDate: absence.to === undefined ? null : local(absence.to),
        Reason: absenceReasons[absence.kind],
        Note: "ANTECKNING om frånvaron",
        Deleted: false,
      });
      return this.chain(absence.id, [{ at: absence.at, render }], { PersonId: this.person(absence.clientId) });
    });
  }

  private caseworker(organisation: string | undefined): Row {
    return {
      Id: "HL01",
      FirstName: "Hanna",
      LastName: "Handläggare",
      FullName: "Hanna Handläggare",
      Types: ["Orderer"],
      OrganizationUnit: { Id: organisation ?? "ORG-1", Name: "Biståndsenheten" },
    };
  }

  private decisionStates(): State[] {
    const ordersOf = new Map<string, number[]>();
    for (const order of this.world.orders) {
      if (order.source !== "lifecare") continue;
      ordersOf.set(order.decisionId, [...(ordersOf.get(order.decisionId) ?? []), integer(order.id)]);
    }
    const none = { Code: 0, Text: "" };
    return this.world.decisions.flatMap((decision) => {
      if (decision.source !== "lifecare") return [];
      const granted = decision.grantedMinutesPerMonth;
      const render = () => ({
        Id: integer(decision.id),
        InvestigationId: integer(decision.id),
        PersonId: this.person(decision.clientId),
        Code: decision.service === undefined ? { Code: 0, Text: "Hemtjänst" } : this.service(decision.service),
        Type: { Code: 1, Text: "Bifall" },
        Date: midnight(decision.decidedOn),
        FromDate: midnight(decision.validFrom),
        ToDate: decision.validTo === undefined ? null : midnight(decision.validTo),
        Reason: none,
        Caseworker: this.caseworker(undefined),
        ServiceCategory: { Code: 10, Text: "Hemtjänst i ordinärt boende" },
        Hour: granted === undefined ? 0 : granted / 60,
        HourType: granted === undefined ? none : { Code: 3, Text: "Timmar per månad" },
        Amount: 0,
        AmountType: none,
        Quantity: 0,
        QuantityType: none,
        Visit: 0,
        VisitType: none,
        DecisionLevel: none,
        Day: 0,
        DayType: none,
        ExecutionStartDate: null,
        ExecutionEndDate: null,
        IterationNumber: 1,
        DaysOfDecision: 0,
        OrderIds: ordersOf.get(decision.id) ?? [],
        Deleted: false,
      });
      return this.chain(decision.id, [{ at: decision.at, render }], {
        Id: decision.id,
        PersonId: this.person(decision.clientId),
      });
    });
  }

  private executionNumber(order: WorldOrder): number {
    return 3_000_000 + (integer(order.id) % 1_000_000);
  }

  private isExecuted(version: WorldOrderVersion): boolean {
    return version.status === "accepted" || version.status === "ended";
  }

  private orderStates(order: WorldOrder): State[] {
    const unit = this.units.get(order.unitId);
    const render = (version: WorldOrderVersion) => (at: Instant) => ({
      Id: order.id,
      PersonId: this.person(order.clientId),
      ServiceCategoryId: 10,
      ServiceCategoryName: "Hemtjänst i ordinärt boende",
      InvestigationId: integer(order.decisionId),
      ExecutionId: this.isExecuted(version) ? this.executionNumber(order) : 0,
      OrderDate: local(order.orderedAt),
      StartDate: midnight(version.validFrom),
      EndDate: version.validTo === undefined ? null : midnight(version.validTo),
      Status: orderStatus[version.status],
      Orderer: this.caseworker(undefined),
      Provider: { ...this.caseworker(unit?.lifecare?.organisationUnitId), Types: ["Provider"] },
      Company: { Id: integer(unit?.providerId ?? "0"), Name: "" },
      UpdateTime: local(at),
      UpdateSignature: "HL01",
    });
    return this.chain(
      order.id,
      order.versions.map((version) => ({ at: version.at, render: render(version) })),
      {
        Id: order.id,
        PersonId: this.person(order.clientId),
      },
    );
  }

  /** One row for each service of an order, with its lines as details. */
  private serviceStates(order: WorldOrder): State[] {
    const codes = [...new Set(order.versions.flatMap(({ lines }) => lines.map(({ service }) => service)))];
    return codes.flatMap((code) => {
      const versions = order.versions.map((version) => {
        const lines = version.lines.filter(({ service }) => service === code);
        const render = () => ({
          OrderId: order.id,
          DecisionId: integer(order.decisionId),
          ServiceType: this.service(code),
          ServiceTypeId: serviceNumber(code),
          ServiceTypeName: this.service(code).Text,
          Icf: { Code: "", Text: "" },
          StartDate: midnight(version.validFrom),
          EndDate: version.validTo === undefined ? null : midnight(version.validTo),
          Hours: null,
          Quantity: null,
          Visits: null,
          Amount: null,
          Details: lines.map((line) => this.detail(line)),
        });
        return { at: version.at, deleted: lines.length === 0, render };
      });
      return this.chain(`${order.id}:${order.decisionId}:${serviceNumber(code)}`, versions, { OrderId: order.id });
    });
  }

  private frequency(line: WorldOrderLine): Row {
    return {
      Frequency: line.times,
      ...timeUnits[line.per],
      HoursEachTime: line.minutes / 60,
      Weekdays: (line.weekdays ?? []).map((weekday) => weekdayNames[weekday - 1]),
    };
  }

  private detail(line: WorldOrderLine): Row {
    return {
      Id: line.id,
      ...this.frequency(line),
      Quantity: line.staffing ?? 1,
      QuantityType: 1,
      QuantityTypeText: "Personal",
      IcfCodeId: null,
    };
  }

  private executionStates(order: WorldOrder): State[] {
    const unit = this.units.get(order.unitId);
    const professional = { Id: "CH01", Name: "Ceder Chef" };
    const number = this.executionNumber(order);
    const versions = order.versions
      .filter((version) => this.isExecuted(version))
      .map((version) => ({
        at: version.at,
        render: (at: Instant) => ({
          Id: number,
          PersonId: this.person(order.clientId),
          UpdateTime: local(at),
          StartDate: midnight(version.validFrom),
          EndDate: version.validTo === undefined ? null : midnight(version.validTo),
          ServiceCategory: { Code: 10, Text: "Hemtjänst i ordinärt boende" },
          ServiceCategoryId: 10,
          ServiceCategoryName: "Hemtjänst i ordinärt boende",
          InvestigationId: integer(order.decisionId),
          Law: "SoL",
          OrganizationUnit: { Id: unit?.lifecare?.organisationUnitId ?? null, Name: unit?.name ?? "" },
          ProviderUnit: { Id: this.unitNumber(order.unitId), Name: unit?.name ?? "" },
          Professional: professional,
          CoProfessional: professional,
          Deleted: false,
          EndReasonId: version.status === "ended" ? 1 : 0,
          EndReasonText: version.status === "ended" ? "Avslutad" : "",
        }),
      }));
    return this.chain(String(number), versions, { Id: String(number), PersonId: this.person(order.clientId) });
  }

  private periodStates(order: WorldOrder): State[] {
    const lines = [
      ...new Map(order.versions.flatMap((version) => version.lines).map((line) => [line.id, line])).values(),
    ];
    return lines.flatMap((line, position) => {
      const number = (integer(order.id) % 10_000_000) * 100 + position;
      const versions = order.versions
        .filter((version) => this.isExecuted(version))
        .map((version) => ({
          at: version.at,
          deleted: !version.lines.some(({ id }) => id === line.id),
          render: (at: Instant) => ({
            Id: number,
            PersonId: this.person(order.clientId),
            ExecutionId: this.executionNumber(order),
            ServiceType: this.service(line.service),
            ServiceTypeId: serviceNumber(line.service),
            ServiceTypeName: this.service(line.service).Text,
            Icf: { Code: "", Text: "" },
            StartDate: midnight(version.validFrom),
            EndDate: version.validTo === undefined ? null : midnight(version.validTo),
            UpdateTime: local(at),
            Details: [
              {
                Id: number,
                ...this.frequency(line),
                ...partsOfDay[line.partOfDay ?? "any"],
                Quantity: 1,
                Type: "Hours",
                DoubleManning: line.staffing === 2 ? 1 : 0,
                ResourceId: 1,
                ResourceName: "Slinga 1",
              },
            ],
            Deleted: false,
          }),
        }));
      return this.chain(String(number), versions, { Id: String(number), PersonId: this.person(order.clientId) });
    });
  }

  private planStates(): State[] {
    return this.world.servicePlans.flatMap((plan) => {
      if (this.units.get(plan.unitId)?.ordersIn !== "lifecare") return [];
      const number = integer(plan.id);
      const render = () => ({
        Id: number,
        ProviderUnitId: this.unitNumber(plan.unitId),
        PersonId: this.person(plan.clientId),
        EstablishedDate: midnight(plan.establishedOn),
        EndDate: null,
        ClientParticipation: plan.clientParticipated,
        ClientParticipationComment: "ANTECKNING om delaktighet",
        Participants: [],
        OtherInformation: [],
        Services: [],
        OtherServices: "ANTECKNING om annat",
        ImportantInformation: "ANTECKNING om hälsa",
        // The description requires a date.
        FollowUpDate: midnight(plan.followUpOn ?? plan.establishedOn),
        FollowUpComment: "",
        CreatedBy: { FirstName: "Ceder", LastName: "Chef", Signature: "CH01" },
      });
      const at = startOfDay(dayOfDate(plan.establishedOn)) + 12 * HOUR;
      return this.chain(String(number), [{ at, render }], { Id: String(number), PersonId: this.person(plan.clientId) });
    });
  }

  private unitStates(): State[] {
    return this.world.units.flatMap((unit) => {
      const id = unit.ids.lifecare;
      if (id === undefined) return [];
      const render = () => ({
        CompanyId: integer(unit.providerId),
        CompanyName: this.world.providers.find((provider) => provider.id === unit.providerId)?.name ?? "",
        Active: true,
        Deleted: false,
        IsShelteredHousing: false,
        Id: integer(id),
        Name: unit.name,
      });
      return this.chain(id, [{ at: this.beginning, render }], { Id: id });
    });
  }

  private personnelStates(): State[] {
    return this.world.staff.flatMap((person, position) => {
      const known = person.employments.filter((employment) => employment.ids.lifecare !== undefined);
      const [first] = known;
      if (first === undefined) return [];
      const number = 60_000 + position;
      const user = (first.ids.lifecare ?? "").slice(0, 10);
      const render = () => ({
        Id: number,
        Title: "Undersköterska",
        Roles: known.map((employment) => ({
          Active: true,
          FromDate: midnight(employment.from),
          ToDate: employment.to === undefined ? null : midnight(employment.to),
          Name: "Omsorgspersonal",
          ProviderUnitId: this.unitNumber(employment.unitId),
          CanAdministrateDrugs: false,
          CanDressWounds: false,
        })),
        HsaIds: known.map((employment) => ({
          HsaId: person.hsaId,
          ProviderUnitId: this.unitNumber(employment.unitId),
        })),
        Signature: user,
        UserId: user,
        Deleted: false,
        Addresses: [],
        Phones: [{ PhoneNumber: "070-1740605", Protected: true, Type: "Home" }],
        Emails: [],
        PersonId: person.personalIdentityNumber,
        ...this.names(person.name),
      });
      return this.chain(String(number), [{ at: this.beginning + position * 1000, render }], {
        Id: String(number),
        PersonId: person.personalIdentityNumber,
      });
    });
  }

  private planningTree(): Row[] {
    const units = this.world.units.filter((unit) => unit.lifecare !== undefined && unit.ids.lifecare !== undefined);
    const leaf = (unit: WorldUnit) => ({
      Id: unit.lifecare?.planningUnitId,
      Name: unit.name,
      Deleted: false,
      ConnectedToProviderUnitId: unit.ids.lifecare,
      Children: [],
    });
    const root = { Id: "PE-0", Name: "Kommunen", Deleted: false, ConnectedToProviderUnitId: null };
    return units.length === 0 ? [] : [{ ...root, Children: units.map(leaf) }];
  }

  /** A shift is sent whole whenever one of its visits changes; without visits it is revoked. */
  private workshiftStates(): State[] {
    interface Entry {
      plan: World["plans"][number];
      /** What holds from `at` until the next; null: not in this shift. */
      versions: Array<{ at: Instant; version: WorldPlanVersion | null }>;
    }
    const shifts = new Map<string, { staffId: string | undefined; unitId: string; entries: Map<string, Entry> }>();
    for (const plan of this.world.plans) {
      if (plan.source !== "lifecare") continue;
      const own = plan.workshiftId ?? `pass-${plan.id}`;
      const main = plan.versions[0]?.staffId;
      // Who takes over a visit has it in a shift of their own.
      const keyOf = ({ staffId }: WorldPlanVersion) => (staffId === main ? own : `${own}-${staffId ?? "vakant"}`);
      for (const version of plan.versions) {
        const key = keyOf(version);
        if (!shifts.has(key)) shifts.set(key, { staffId: version.staffId, unitId: plan.unitId, entries: new Map() });
      }
      for (const key of new Set(plan.versions.map(keyOf))) {
        // The one who gives it away is told a second before the one who takes it over.
        const delay = key === own ? 0 : 1000;
        const versions = plan.versions.map((version) => ({
          at: version.at + delay,
          version: version.cancelled !== true && keyOf(version) === key ? version : null,
        }));
        shifts.get(key)?.entries.set(plan.id, { plan, versions });
      }
    }
    return [...shifts].flatMap(([key, { staffId, unitId, entries }]) => {
      const times = [...new Set([...entries.values()].flatMap(({ versions }) => versions.map(({ at }) => at)))];
      const versions = times
        .sort((a, b) => a - b)
        .flatMap((time) => {
          const held = (): Array<{ plan: Entry["plan"]; version: WorldPlanVersion }> =>
            [...entries.values()].flatMap(({ plan, versions: all }) => {
              const version = all.findLast(({ at }) => at <= time)?.version;
              return version === null || version === undefined ? [] : [{ plan, version }];
            });
          return [{ at: time, render: (at: Instant) => this.workshift(key, staffId, unitId, held(), at) }];
        });
      return this.chain(key, versions);
    });
  }

  private workshift(
    id: string,
    staffId: string | undefined,
    unitId: string,
    visits: Array<{ plan: World["plans"][number]; version: WorldPlanVersion }>,
    at: Instant,
  ): Row {
    const unit = this.units.get(unitId);
    const planningUnit = unit?.lifecare?.planningUnitId ?? null;
    const person = staffId === undefined ? undefined : this.staff.get(staffId);
    const transport = person?.employments.find((employment) => employment.unitId === unitId)?.transport;
    const sorted = visits.toSorted((a, b) => a.version.start - b.version.start);
    const position = { Address: { StreetAddress: "", ZipCode: "", City: "" }, Coordinate: null, DetailText: "" };
    const activities = sorted.map(({ plan, version }) => {
      const client = this.clients.get(plan.clientId);
      return {
        Id: plan.id,
        PlanningUnitId: planningUnit,
        StartTime: local(version.start),
        Duration: timeSpan(version.end - version.start),
        TraveltimeToActivity: "00:05:00",
        ActivityName: "Besök",
        Description: "ANTECKNING om besöket",
        IsMonitored: false,
        MedicalReminder: false,
        TypeOfPlannedActivity: "Visit",
        StartPosition: position,
        EndPosition: position,
        ChangeOfTransportation: null,
        Client: client === undefined ? null : { PlanningUnitId: planningUnit, ...this.contact(client) },
        KeyInfos: [{ TypeOfKeyInfo: "ClientKeyNumber", TypeOfKeyInfoLocalized: "Nyckel", Value: "NYCKEL-17" }],
        ServiceItems: version.services.map((code) => ({
          Type: this.service(code),
          Category: { Code: 10, Text: "Hemtjänst i ordinärt boende" },
        })),
      };
    });
    const last = sorted.at(-1);
    const pause = last && {
      ...activities.at(-1),
      Id: `${id}-rast`,
      StartTime: local(last.version.end),
      Duration: "00:30:00",
      ActivityName: "Rast",
      TypeOfPlannedActivity: "Pause",
      Client: null,
      KeyInfos: [],
      ServiceItems: [],
    };
    return {
      Id: id,
      ModificationTime: utc(at),
      PlanningUnitId: planningUnit,
      StartTime: sorted[0] === undefined ? null : local(sorted[0].version.start - 5 * MINUTE),
      EndTime: last === undefined ? null : local(last.version.end + 30 * MINUTE),
      TravelTimeHome: "00:05:00",
      StartPosition: position,
      EndPosition: position,
      TypeOfTransportation: transport === undefined ? "Unknown" : transports[transport],
      PlannedActivities: pause === undefined ? [] : [...activities, pause],
      Personnel:
        person === undefined
          ? null
          : { PlanningUnitId: planningUnit, PersonId: person.personalIdentityNumber, ...this.names(person.name) },
      IsRevoked: visits.length === 0,
    };
  }

  private visitStates(): State[] {
    return this.world.visits.flatMap((visit) => {
      if (visit.source !== "lifecare") return [];
      const versions = visit.versions.map((version) => ({
        at: version.at,
        deleted: version.deleted ?? false,
        render: (at: Instant) => this.visit(visit, version, at),
      }));
      return this.chain(visit.id, versions, { Id: visit.id, ClientPersonId: this.person(visit.clientId) });
    });
  }

  private visit(visit: World["visits"][number], version: WorldVisitVersion, at: Instant): Row {
    const { services, startTag, endTag, originalStart, originalEnd, end } = version;
    const changed = originalStart !== undefined || originalEnd !== undefined;
    const status = {
      started: "Started",
      completed: changed ? "CompletedAndChangedTime" : "Completed",
      declined: "Declined",
      cancelled: "Cancelled",
      noAnswer: "Cancelled",
    }[version.status];
    const law = this.services.get(services[0] ?? "")?.law ?? "SoL";
    const employment = this.staff.get(visit.staffId)?.employments.find((one) => one.ids.lifecare !== undefined);
    return {
      Id: integer(visit.id),
      ExternalId: `ext-${visit.id}`,
      ReportedWorkshiftId: null,
      ClientPersonId: this.person(visit.clientId),
      ServiceCategory: { Code: 10, Text: "Hemtjänst i ordinärt boende" },
      Law: law,
      PersonnelPersonId: this.worker(visit.staffId),
      PersonnelUserId: (employment?.ids.lifecare ?? "").slice(0, 10),
      ExecutionId: 0,
      ProviderUnitId: this.unitNumber(visit.unitId),
      StartTime: local(version.start),
      EndTime: end === null ? null : local(end),
      Status: status,
      OriginalStartTime: originalStart === undefined ? null : local(originalStart),
      OriginalEndTime: originalEnd === undefined ? null : local(originalEnd),
      LastUpdatedTime: local(at),
      IsDoubleManning: visit.doubleStaffing ?? false,
      PlannedVisitId: visit.plannedVisitId ?? null,
      PlannedWorkshiftId: null,
      Services: services.map((code) => ({
        ServiceType: this.service(code),
        ServiceCategory: { Code: 10, Text: "Hemtjänst i ordinärt boende" },
        ExecutionId: 0,
        Status: version.status === "declined" ? "Declined" : "Done",
        Quantity: 1,
        EstimatedTime: null,
      })),
      StartQuittanceType: quittance[version.startProof],
      EndQuittanceType: quittance[version.endProof],
      StartQuittanceId: startTag ?? null,
      EndQuittanceId: endTag ?? null,
      DeviceId: visit.deviceId,
      CancelledReason: version.status === "noAnswer" ? "Bomkörning" : (version.declinedReason ?? null),
      CancelledMinutes: 0,
      ReportingSystem: "LMO",
      Approved: version.approved ?? false,
      Deleted: version.deleted ?? false,
    };
  }

  private shiftStates(): State[] {
    return this.world.shifts.flatMap((shift) => {
      if (shift.source !== "lifecare" || shift.kind !== "work") return [];
      const render = () => ({
        Id: shift.id,
        PersonnelPersonId: this.worker(shift.staffId),
        StartTime: local(shift.start),
        EndTime: local(shift.end),
        DeviceId: null,
        Deleted: false,
      });
      return this.chain(shift.id, [{ at: shift.end + 5 * MINUTE, render }], { Id: shift.id });
    });
  }
}

/** The first position in `states` whose modified time is not before `at`. */
function lowerBound(states: readonly State[], at: Instant): number {
  let low = 0;
  let high = states.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((states[middle]?.at ?? Infinity) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

const isCurrent = ({ at, visibleFrom, until }: State, now: Instant) =>
  visibleFrom <= now && (now < until || until === at);

const search = /^(\w+)='([^']*)'$/;

class BadRequest extends Error {}

function time(text: string | undefined): Instant | undefined {
  if (text === undefined) return undefined;
  const at = Date.parse(/(?:Z|[+-]\d{2}:\d{2})$/.test(text) ? text : `${text}Z`);
  if (Number.isNaN(at)) throw new BadRequest("not a time");
  return at;
}

/** The rows that a request means, in the order of the list, before paging. */
function matching(resource: Resource, now: Instant, query: Record<string, string>): State[] {
  const gt = resource.delta ? time(query["gt"]) : undefined;
  const lt = resource.delta ? time(query["lt"]) : undefined;
  const { states } = resource;
  let found: State[];
  if (gt === undefined && lt === undefined) {
    found = states.filter((state) => !state.deleted && isCurrent(state, now));
    found.sort((a, b) => byId.compare(a.id, b.id));
  } else {
    found = states
      .slice(
        gt === undefined ? 0 : lowerBound(states, gt + 1),
        lt === undefined ? states.length : lowerBound(states, lt),
      )
      .filter((state) => isCurrent(state, now));
  }
  const { q } = query;
  if (q === undefined) return found;
  const [, field = "", value = ""] = search.exec(q) ?? [];
  if (!resource.searchable.includes(field)) throw new BadRequest("not a search on a searchable field");
  return found.filter(({ at, render, index }) => {
    const held = field in index ? index[field] : render(at)[field];
    const text = String(held);
    // Times are searched by day.
    return text === value || (/^\d{4}-\d{2}-\d{2}$/.test(value) && text.startsWith(`${value}T`));
  });
}

function reversedTies(states: readonly State[]): State[] {
  const groups: State[][] = [];
  for (const state of states) {
    const group = groups.at(-1);
    if (group?.[0]?.at === state.at) group.unshift(state);
    else groups.push([state]);
  }
  return groups.flat();
}

type Env = { Bindings: HttpBindings };

/** Lifecare's EC API as a real server on the loopback, answering from a synthetic municipality as it was at `now()`. */
export async function startLifecareSimulator({
  world,
  port = 0,
  now = Date.now,
  domain = "provkommunen",
  key = "provnyckel-ec-4711",
  licensed,
  pageMax = 5000,
  late,
}: LifecareSimulatorOptions): Promise<LifecareSimulator> {
  const register = new Register(world, late);
  const names = [...register.resources.keys(), "planning_units"];
  const faults: Fault[] = [];
  const habits = { moveRows: 0, shuffleTies: false, repeatRows: false };
  const opened = new Set(licensed ?? names);
  const requests: string[] = [];
  let touched = 0;

  /** The row as it is, modified now. */
  function move(resource: Resource, state: State): void {
    // Times differ by a millisecond, as they would.
    const at = now() + ++touched;
    const moved: State = { ...state, at, visibleFrom: now(), until: state.until };
    state.until = now();
    resource.states.splice(lowerBound(resource.states, at), 0, moved);
  }

  async function strike(c: Context<Env>, resource: string): Promise<Response | null> {
    const index = faults.findIndex((one) => one.resource === undefined || one.resource === resource);
    const fault = faults[index];
    if (fault === undefined) return null;
    fault.times = (fault.times ?? 1) - 1;
    if (fault.times <= 0) faults.splice(index, 1);
    if (fault.delayMs !== undefined) await wait(fault.delayMs);
    if (fault.cut === true) {
      const outgoing = c.env.outgoing as ServerResponse;
      outgoing.writeHead(200, { "Content-Type": "application/json", "Content-Length": "100000" });
      outgoing.write('[{"Id": 1,');
      setTimeout(() => outgoing.destroy(), 10);
      return RESPONSE_ALREADY_SENT;
    }
    if (fault.status === undefined) return null;
    if (fault.retryAfterSeconds !== undefined) c.header("Retry-After", String(fault.retryAfterSeconds));
    return c.json({ Message: "An error has occurred." }, fault.status);
  }

  function list(resource: Resource, query: Record<string, string>): Row[] {
    const count = (name: string, fallback: number) => {
      const value = Number(query[name] ?? fallback);
      if (!Number.isInteger(value) || value < 0) throw new BadRequest("not a count");
      return value;
    };
    const all = matching(resource, now(), query);
    const states = habits.shuffleTies && requests.length % 2 === 1 ? reversedTies(all) : all;
    const offset = count("offset", 0);
    const page = states.slice(offset, offset + Math.min(pageMax, count("limit", pageMax)));
    const before = states[offset - 1];
    if (habits.repeatRows && before !== undefined && page.length > 0) page.unshift(before);
    const rows = page.map(({ render, at }) => render(at));
    if (resource.delta) {
      for (const state of page.slice(0, habits.moveRows)) {
        habits.moveRows--;
        move(resource, state);
      }
    }
    return rows;
  }

  /** Work shifts after the one last seen, in order of modification and id. */
  function workshifts(resource: Resource, query: Record<string, string>): Row[] {
    const from = time(query["modifiedTime"]) ?? -Infinity;
    const last = query["lastSeenWorkshiftId"];
    const count = Math.min(pageMax, Number(query["maxCount"] ?? pageMax));
    const rows: Row[] = [];
    const present = now();
    for (
      let index = lowerBound(resource.states, from);
      rows.length < count && index < resource.states.length;
      index++
    ) {
      const state = resource.states[index];
      if (state === undefined || !isCurrent(state, present)) continue;
      const { at, id, render } = state;
      if (at > from || (last !== undefined && byId.compare(id, last) > 0)) rows.push(render(at));
    }
    return rows;
  }

  const app = new Hono<Env>().basePath("/WE.EC.Integration.Host");
  app.get("/api/v1/:resource", async (c) => {
    const name = c.req.param("resource");
    const query = c.req.query();
    requests.push(name);
    const struck = await strike(c, name);
    if (struck !== null) return struck;
    if (!names.includes(name)) return c.json({ Message: "No such resource." }, 404);
    if (query["domain"] !== domain || query["key"] !== key || !opened.has(name)) {
      return c.json({ Message: "Authorization has been denied for this request." }, 401);
    }
    const resource = register.resources.get(name);
    try {
      const rows =
        resource === undefined
          ? register.planningUnits
          : name === "planned_workshifts"
            ? workshifts(resource, query)
            : list(resource, query);
      return rows.length === 0 ? c.body(null, 204) : c.json(rows);
    } catch (error) {
      if (error instanceof BadRequest) return c.json({ Message: error.message }, 400);
      throw error;
    }
  });

  const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port });
  await new Promise<void>((done, failed) => server.once("listening", done).once("error", failed));
  const { port: bound } = server.address() as AddressInfo;

  const stateOf = (name: string, id: string): { resource: Resource; state: State } => {
    const resource = register.resources.get(name);
    const state = resource?.states.find((one) => one.id === id && isCurrent(one, now()));
    if (resource === undefined || state === undefined) throw new RangeError(`No ${name} with this id.`);
    return { resource, state };
  };
  return {
    settings: { baseUrl: `http://127.0.0.1:${bound}/WE.EC.Integration.Host`, domain, key, ratePerSecond: 1000 },
    faults,
    licensed: opened,
    habits,
    requests,
    touch: (name, id) => {
      const { resource, state } = stateOf(name, id);
      move(resource, state);
    },
    vanish: (name, id) => {
      const { resource } = stateOf(name, id);
      resource.states = resource.states.filter((state) => state.id !== id);
    },
    close: async () => {
      if ("closeAllConnections" in server) server.closeAllConnections();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}
