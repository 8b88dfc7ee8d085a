import { z } from "zod";
import { daily, type Day, defineRule, example, formatDay, type Hit, NO_DAY, sample } from "#rule";

/** S9 visits C1 on Monday 5 October and the days after. */
function employed(person: Record<string, unknown>, days = 1) {
  return example([
    sample("staff", "S9", person),
    ...daily(days, (date, position) =>
      sample("visits", `v-${position}`, { staffId: "S9", start: `${date} 08:00`, end: `${date} 08:30` }),
    ),
  ]);
}

export default defineRule({
  id: "staff-not-employed",
  version: 1,
  level: "indicator",
  scope: "staff-month",
  title: { sv: "Besök av personal som inte är anställd", en: "Visits by staff who are not employed" },
  why: "Besöken är registrerade på en person som enligt personalregistret inte var anställd hos utföraren.",
  remedy: "Fråga utföraren vem som gjorde besöken. Saknas en anställning i registret: lägg in den.",
  innocent: {
    grace: "Anställningen började eller slutade högst några dagar därifrån; registret kan ligga efter.",
  },
  reads: ["visits", "staff"],
  parameters: z.object({
    daysAbove: z.int().min(0).default(7).describe("Så många dagar före eller efter anställningen godtas ett besök."),
  }),
  examples: () => ({
    reports: [
      employed({ employedTo: "2026-09-27" }),
      employed({ employedFrom: "2026-10-13" }),
      // The planning system still lists the login.
      example([
        sample("staff", "S9", { employedTo: "2026-09-01", hsaId: "HSA-9" }),
        sample("staff", "L9", { employedFrom: undefined, hsaId: "HSA-9" }, { source: "planner" }),
        sample("visits", "v-1", { staffId: "S9" }),
      ]),
    ],
    accepts: [
      employed({ employedTo: "2026-09-28" }),
      employed({ employedFrom: "2026-10-12" }),
      employed({ employedTo: "2026-10-05" }),
      // Nobody says where the person is employed.
      employed({ providerId: undefined, unitId: undefined }),
      // A list of logins alone says no days.
      employed({ employedFrom: undefined }),
    ],
  }),
  evaluate({ visits, staff, slice }, { daysAbove }, report) {
    const hits: Hit[] = [];
    let outside: Map<number, { rows: number[]; minutes: number }> | null = null;
    let all: ReturnType<typeof staff.employments> | null = null;
    let employed = false;
    const said = new Map<number, ReturnType<typeof staff.employments>>();
    for (let at = 0; at < slice.visits.length; at++) {
      const row = slice.visits[at]!;
      const provider = visits.provider(row);
      const day = visits.day(row);
      if (provider < 0 || !visits.performed(row)) continue;
      if (all === null) {
        all = staff.employments(slice.staff);
        employed = all.some((employment) => employment.provider >= 0);
      }
      if (!employed) {
        report.tooLittleData("anställning saknas i underlaget");
        continue;
      }
      let own = said.get(provider);
      if (own === undefined) said.set(provider, (own = datedFirst(all, provider)));
      if (employedOn(own, day, 0)) continue;
      if (employedOn(own, day, daysAbove)) {
        report.suppressed("grace", [row]);
        continue;
      }
      outside ??= new Map();
      const found = outside.get(provider) ?? { rows: [], minutes: 0 };
      found.rows.push(row);
      found.minutes += visits.minutes(row);
      outside.set(provider, found);
    }
    for (const [provider, { rows, minutes }] of outside ?? []) {
      const periods = said
        .get(provider)!
        .map(({ from, to }) => `${from === SINCE_EVER ? "" : formatDay(from)}–${to === NO_DAY ? "" : formatDay(to)}`);
      hits.push({
        records: rows,
        minutes,
        provider,
        reason:
          `${rows.length} besök är registrerade på en person som inte var anställd hos utföraren då` +
          (periods.length === 0 ? "." : ` (anställd ${periods.join(", ")}).`),
        evidence: {
          "besök utanför anställningen": rows.length,
          "dagar från anställningen >": daysAbove,
          "anställd hos utföraren": periods.length === 0 ? "aldrig" : periods.join(", "),
        },
      });
    }
    return hits;
  },
});

const SINCE_EVER = -0x7fffffff;

/** Or so many days beside it. */
function employedOn(employments: ReadonlyArray<{ from: Day; to: Day }>, day: Day, beside: number): boolean {
  for (const { from, to } of employments)
    if (from - beside <= day && (to === NO_DAY || day <= to + beside)) return true;
  return false;
}

/** One system may list whoever has a login and another know the days of the employment: then the days count. */
function datedFirst<E extends { provider: number; from: number; to: number }>(
  all: readonly E[],
  provider: number,
): E[] {
  const own = all.filter((employment) => employment.provider === provider);
  const dated = own.filter(({ from, to }) => from !== SINCE_EVER || to !== NO_DAY);
  return dated.length > 0 ? dated : own;
}
