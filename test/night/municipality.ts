import { type EntityName, formatDay } from "#model";
import { decideAlias, type NightResult, revokeAlias, runNight, setRuleParameters } from "#operations";
import type { TestDatabase } from "../support/database.ts";
import { day, type Delivered, handedSource, operator, rules, signal } from "./hand.ts";
import { randomOf } from "./random.ts";

/** A small municipality that changes at random, evening after evening, as its systems and its people tell. */

type Values = Record<string, unknown>;
/** What happened between two nights; replayed in both databases. */
export interface Evening {
  at: number;
  deliveries: Array<Delivered & { source: string }>;
  decisions: Array<(system: TestDatabase) => Promise<unknown>>;
  what: string[];
}

const FIRST = day("2026-07-01");
const clock = (minute: number) =>
  `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(Math.floor(minute % 60)).padStart(2, "0")}`;
const moment = (on: number, minute: number) => `${formatDay(on + Math.floor(minute / 1440))}T${clock(minute % 1440)}`;

export class Municipality {
  readonly #random: () => number;
  /** Whether any visit may decide what another is paid. */
  readonly #manualShare: boolean;
  readonly #versions = new Map<string, number>();
  readonly #known = new Map<EntityName, Map<string, Values>>();
  #next = 0;
  today: number;
  evening!: Evening;

  constructor(seed: number, firstNight: number, manualShare: boolean) {
    this.#manualShare = manualShare;
    this.#random = randomOf(seed);
    this.today = firstNight;
  }

  int(below: number): number {
    return Math.floor(this.#random() * below);
  }
  pick<T>(list: readonly T[]): T {
    return list[this.int(list.length)]!;
  }
  chance(of: number): boolean {
    return this.#random() < of;
  }

  begin(): void {
    const at = (this.today * 24 + 2) * 3_600_000;
    this.evening = { at, deliveries: [], decisions: [], what: [] };
  }

  deliver(entity: EntityName, record: Values, source = "files"): void {
    this.evening.deliveries.push({ source, entity, records: [record] });
    if (source === "files" && record["deleted"] !== true) {
      let known = this.#known.get(entity);
      if (known === undefined) this.#known.set(entity, (known = new Map()));
      known.set(record["id"] as string, record);
    }
  }

  /** A new version, or now and then one that was overtaken on its way. */
  version(id: string): number {
    const last = this.#versions.get(id) ?? 0;
    if (last > 0 && this.chance(0.15)) return last - 0.5;
    this.#versions.set(id, last + 1);
    return last + 1;
  }

  some(entity: EntityName): Values | null {
    const known = [...(this.#known.get(entity)?.values() ?? [])];
    return known.length === 0 ? null : this.pick(known);
  }

  client(): string {
    return `C${this.int(9)}`;
  }
  staff(): string {
    return `S${this.int(6)}`;
  }
  past(): number {
    return FIRST + this.int(this.today - FIRST);
  }

  visit(id = `v${this.#next++}`, on = this.past(), more: Values = {}): void {
    const start = 360 + this.int(1080);
    const end = start + 5 + this.int(60);
    const staff = this.staff();
    const fields = {
      id,
      version: this.version(id),
      clientId: this.client(),
      unitId: Number(staff.slice(1)) < 3 ? "U1" : "U2",
      staffId: staff,
      start: moment(on, start),
      end: this.chance(0.03) ? null : moment(on, end),
      status: this.pick(["completed", "completed", "completed", "completed", "declined", "noAnswer"]),
      services: this.chance(0.1) ? ["stad", "omvardnad"] : [this.pick(["omvardnad", "omvardnad", "stad", "larm"])],
      startProof: this.pick(["nfc", "lock", "manual"]),
      endProof: "nfc",
      receivedAt: this.chance(0.5) ? moment(on, end + this.pick([1, 5, 3000])) : null,
      originalStart: this.chance(0.1) ? moment(on, start + 10) : null,
      ...more,
    };
    this.deliver("visits", fields);
  }

  plan(id = `p${this.#next++}`, on = this.past(), more: Values = {}): void {
    const start = 360 + this.int(1080);
    this.deliver("planned-visits", {
      id,
      version: this.version(id),
      clientId: this.client(),
      unitId: this.pick(["U1", "U2"]),
      staffId: this.staff(),
      start: moment(on, start),
      end: moment(on, start + 30),
      services: ["omvardnad"],
      cancelled: this.chance(0.1),
      modifiedAt: moment(on - this.int(4), this.int(1440)),
      ...more,
    });
  }

  claim(id = `k${this.#next++}`, on = this.past()): void {
    const unit = this.pick(["1", "2"]);
    this.deliver("claims", {
      id,
      version: this.version(id),
      invoiceId: "F",
      providerId: `P${unit}`,
      unitId: `U${unit}`,
      clientId: this.client(),
      service: this.pick(["omvardnad", "stad"]),
      from: formatDay(on),
      to: formatDay(on + this.pick([0, 0, 4])),
      minutes: 60,
      amountOre: 48_000,
    });
  }

  absence(id = `a${this.#next++}`): void {
    const on = this.past();
    this.deliver("absences", {
      id,
      version: this.version(id),
      clientId: this.client(),
      from: moment(on, 600),
      to: this.chance(0.8) ? moment(on + this.int(9), 900) : null,
      kind: this.pick(["hospital", "away", "shortTermStay"]),
    });
  }

  order(id: string, client: string): void {
    const unit = this.pick(["U1", "U2"]);
    this.deliver("orders", {
      id,
      version: this.version(id),
      clientId: client,
      unitId: unit,
      decisionId: `d-${client}`,
      status: this.chance(0.1) ? "cancelled" : "accepted",
      orderedAt: moment(FIRST - 20, 600),
      validFrom: formatDay(FIRST - 10 + this.int(20)),
      validTo: this.chance(0.3) ? formatDay(this.past()) : null,
      lines: ["omvardnad", "stad"].slice(0, 1 + this.int(2)).map((service) => ({
        id: `${id}-${service}`,
        service,
        minutes: 20 + this.int(3) * 10,
        times: 1,
        per: this.pick(["day", "week"]),
        staffing: this.chance(0.2) ? 2 : 1,
      })),
    });
  }

  personOf(id: string): void {
    const building = this.pick(["B1", "B2", "B3"]);
    this.deliver("clients", {
      id,
      version: this.version(id),
      householdId: `H${this.int(6)}`,
      deceasedOn: this.chance(0.1) ? formatDay(this.past()) : null,
      addresses: [
        {
          from: "2020-01-01",
          latitude: 58.9 + Number(building.slice(1)) / 10,
          longitude: 17.9,
          precision: this.pick(["exact", "exact", "street"]),
          buildingId: building,
        },
      ],
    });
  }

  employed(id: string): void {
    const unit = Number(id.slice(1)) < 3 ? "1" : "2";
    this.deliver("staff", {
      id,
      version: this.version(id),
      providerId: `P${unit}`,
      unitId: `U${unit}`,
      // Now and then two are found to be the same person.
      hsaId: `SE2120000001-${this.chance(0.3) ? "X" : id}`,
    });
  }

  contract(unit: string): void {
    this.deliver("contracts", {
      id: `K${unit}`,
      version: this.version(`K${unit}`),
      providerId: `P${unit}`,
      reference: `LOV ${unit}`,
      validFrom: "2026-01-01",
      // Terms by which one client's pay depends on others, and one month's on the month before.
      terms: {
        price: [{ from: "2026-01-01", orePerHour: this.pick([48_000, 50_000]) }],
        ...(this.#manualShare ? { manual: { maxSharePercent: this.pick([20, 40]) } } : {}),
        absence: { unplannedPaidDays: 5, plannedNoticeDays: 2 },
        death: { paidPercent: [75, 25, 25, 25, 25] },
        declined: { percent: { default: 50 } },
      },
    });
  }

  services(): void {
    for (const code of ["omvardnad", "stad", "larm"]) {
      const kind = code === "larm" ? "alarm" : code === "stad" ? this.pick(["household", "care"]) : "care";
      this.deliver("services", { code, version: this.version(code), name: code, kind });
    }
  }

  start(): void {
    this.begin();
    for (const unit of ["1", "2"]) {
      this.deliver("providers", {
        id: `P${unit}`,
        organisationNumber: `556677-000${unit}`,
        name: unit,
        regime: "private",
      });
      this.deliver("units", { id: `U${unit}`, providerId: `P${unit}`, name: unit });
      this.contract(unit);
    }
    this.services();
    for (let at = 0; at < 9; at++) {
      // The last one is known by a decision only.
      if (at < 8) this.personOf(`C${at}`);
      this.deliver("decisions", {
        id: `d-C${at}`,
        clientId: `C${at}`,
        decidedOn: "2026-07-01",
        law: "SoL",
        validFrom: "2026-07-01",
        grantedMinutesPerMonth: at === 2 ? 300 : null,
      });
      this.order(`o-C${at}`, `C${at}`);
    }
    for (let at = 0; at < 6; at++) this.employed(`S${at}`);
    for (let at = 0; at < 260; at++) {
      const on = this.past();
      this.visit(undefined, on);
      if (at % 2 === 0) this.plan(undefined, on);
      if (at % 6 === 0) this.claim(undefined, on);
    }
    for (let at = 0; at < 3; at++) this.absence();
    // Another system knows the same people by other names.
    for (let at = 0; at < 25; at++) {
      const on = this.past();
      const start = 360 + this.int(1080);
      const record = {
        id: `w${at}`,
        version: 1,
        clientId: `X${this.int(3)}`,
        unitId: "U1",
        staffId: `Y${this.int(2)}`,
        start: moment(on, start),
        end: moment(on, start + 30),
        status: "completed",
        services: ["omvardnad"],
      };
      this.deliver("visits", record, "other");
    }
    this.evening.what.push("start");
  }

  /** One change that has a day of its own. */
  readonly #dated: Record<string, () => void> = {
    "new visits": () => Array.from({ length: 1 + this.int(4) }, () => this.visit()),
    "edited visit": () => {
      const visit = this.some("visits");
      if (visit !== null)
        this.visit(visit["id"] as string, this.past(), this.chance(0.5) ? { clientId: visit["clientId"] } : {});
    },
    "visit taken back": () => {
      const visit = this.some("visits");
      if (visit === null) return;
      const id = visit["id"] as string;
      this.deliver("visits", { id, version: this.version(id), deleted: true });
    },
    "late plan": () => this.plan(),
    "moved plan": () => {
      const plan = this.some("planned-visits");
      if (plan === null) return;
      // To another hour, or the day before or after, also over the end of a month.
      const on = day((plan["start"] as string).slice(0, 10)) + this.int(3) - 1;
      this.plan(plan["id"] as string, on, { clientId: plan["clientId"] });
    },
    "new claim": () => this.claim(),
    "edited claim": () => {
      const claim = this.some("claims");
      if (claim !== null) this.claim(claim["id"] as string);
    },
    "claim taken back": () => {
      const id = this.some("claims")?.["id"] as string | undefined;
      if (id !== undefined) this.deliver("claims", { id, version: this.version(id), deleted: true });
    },
    absence: () => this.absence(),
    "edited absence": () => {
      const absence = this.some("absences");
      if (absence !== null) this.absence(absence["id"] as string);
    },
  };

  /** One change that may reach any day. */
  readonly #undated: Record<string, () => void> = {
    address: () => this.personOf(`C${this.int(9)}`),
    "staff member": () => this.employed(this.staff()),
    order: () => {
      const client = this.client();
      this.order(this.chance(0.7) ? `o-${client}` : `o2-${client}`, client);
    },
    "order taken back": () => {
      const id = `o-${this.client()}`;
      this.deliver("orders", { id, version: this.version(id), deleted: true });
    },
    contract: () => this.contract(this.pick(["1", "2"])),
    services: () => this.services(),
    "alias of a client": () => this.#alias("client", `X${this.int(3)}`, this.client()),
    "alias of a staff member": () => this.#alias("staff", `Y${this.int(2)}`, this.staff()),
    "alias taken back": () => {
      const no = 1 + this.int(3);
      this.evening.decisions.push((system) => revokeAlias(system, operator, no));
    },
    "rule parameters": () => {
      const [ruleId, values] = this.pick([
        ["over-granted", { percentAbove: String(this.int(100)) }],
        ["lengthened-afterwards", { minutesAbove: String(this.int(15)) }],
        ["client-overlap", { minutesAbove: String(this.int(15)) }],
        ["missed-visit", { mode: this.pick(["shadow", "off", "active"]) }],
      ] as const);
      const fromDay = FIRST + this.int(90);
      this.evening.decisions.push((system) =>
        setRuleParameters({ ...system, rules }, operator, {
          ruleId,
          values: { ...values },
          fromDay,
          why: "prov",
        }).catch(() =>
          setRuleParameters({ ...system, rules }, operator, {
            ruleId,
            values: { ...values },
            fromDay,
            why: "prov prov",
          }),
        ),
      );
    },
  };

  #alias(kind: "client" | "staff", id: string, sameAsId: string): void {
    const dated = this.chance(0.4) ? { validFrom: this.past(), validTo: this.today } : {};
    const alias = { kind, source: "other", id, sameAsSource: "files", sameAsId, ...dated };
    // Refused where it contradicts one that stands: in both databases alike.
    this.evening.decisions.push((system) => decideAlias(system, operator, alias).catch(() => undefined));
  }

  change(dated: boolean): void {
    const changes = Object.entries(dated ? this.#dated : { ...this.#dated, ...this.#undated });
    const [what, change] = this.pick(changes);
    this.evening.what.push(what);
    change();
  }
}

/** A database with its own clock, and the two systems that deliver to it. */
export function municipalityIn(system: TestDatabase, reconcileDays: number) {
  let waiting: Evening["deliveries"] = [];
  let at = 0;
  const of = (id: string) => handedSource(id, () => waiting.filter(({ source }) => source === id));
  const needs = {
    database: system.database,
    vault: system.vault,
    now: () => at,
    rules,
    sources: [of("files"), of("other")],
    config: { night: { at: "04:30", reconcileDays } },
  };
  return {
    needs,
    async live(evening: Evening): Promise<void> {
      waiting = evening.deliveries;
      at = evening.at;
      for (const decide of evening.decisions) await decide({ ...system, now: () => at });
    },
    night: (on: number, full = false): Promise<NightResult> => runNight(needs, operator, { day: on, full, signal }),
  };
}

export function randomEvenings(
  seed: number,
  dated: boolean,
  firstNight: number,
  { manualShare = true } = {},
): { evenings: Evening[]; days: number[] } {
  const municipality = new Municipality(seed, firstNight, manualShare);
  municipality.start();
  const evenings = [municipality.evening];
  const days = [municipality.today];
  for (let night = 0; night < 7; night++) {
    municipality.today += municipality.pick([0, 1, 1, 2, 12]);
    municipality.begin();
    for (let changes = municipality.int(4); changes >= 0; changes--) municipality.change(dated);
    evenings.push(municipality.evening);
    days.push(municipality.today);
  }
  return { evenings, days };
}
