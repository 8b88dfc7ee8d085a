import { z } from "zod";
import { nearest } from "./nearest.ts";

/** A group of terms; a key that does not exist is refused with the one that was probably meant. */
function group<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== "unrecognized_keys") return undefined;
      return issue.keys
        .map((key) => {
          const near = nearest(key, Object.keys(shape));
          return `nyckeln "${key}" finns inte${near === null ? "" : `, menade du "${near}"?`}`;
        })
        .join("; ");
    },
  });
}

const bases = ["performed", "granted", "standard", "perVisit", "monthly"] as const;
export type Basis = (typeof bases)[number];

const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "ska vara ett klockslag, TT:MM");
const percent = z.number().min(0).max(100);
const wholeOre = z.int().min(0);
const weekdays = z.array(z.int().min(1).max(7)).min(1).describe("1 Monday to 7 Sunday.");
const service = z.string().min(1);
const perService = <T extends z.ZodType>(value: T) => z.record(service, value);

const priceRow = group({
  from: z.iso.date().optional().describe("First day; without it, always."),
  services: z.array(service).min(1).optional().describe("Only for these services."),
  band: z.string().min(1).optional().describe("Only for time in this band."),
  area: z.string().min(1).optional().describe("Only for clients who live in this area."),
  orePerHour: wholeOre.optional(),
  orePerVisit: wholeOre.optional().describe("For services paid by the visit."),
  orePerMonth: wholeOre.optional().describe("For services paid by the month."),
}).refine(
  (row) => [row.orePerHour, row.orePerVisit, row.orePerMonth].filter((ore) => ore !== undefined).length === 1,
  "ska ha exakt ett av orePerHour, orePerVisit och orePerMonth",
);

const band = group({
  name: z.string().min(1),
  weekdays: weekdays.optional(),
  from: clock,
  to: clock.describe("First minute after; at or before `from` it is that of the next day."),
});

/**
 * Terms of a contract between municipality and provider, by which performed time becomes payable minutes and money.
 * Every key may be left out; what then holds is `default`. Stored as given, so that a stored contract says only what its
 * parties wrote.
 */
export const contractTerms = group({
  basis: perService(z.enum(bases))
    .optional()
    .meta({
      description: "What is paid for, by service; `default` for the others.",
      default: { default: "performed" },
    }),
  price: z
    .array(priceRow)
    .optional()
    .describe("Of the rows in force the one that names most of services, band and area; the later among equals."),
  bands: z
    .array(band)
    .optional()
    .describe(
      "Parts of the week with a price of their own, by the wall clock in Sweden; the first that fits counts. Prices may name the rest of the time by one name more.",
    ),
  cap: group({
    level: z.enum(["none", "visit", "day", "month"]).optional(),
    tolerancePercent: percent.optional(),
  })
    .optional()
    .meta({
      description: "At what level granted less absent minutes limit what is paid.",
      default: { level: "month", tolerancePercent: 0 },
    }),
  rounding: group({
    to: z.number().positive().max(1440).describe("Minutes."),
    direction: z.enum(["none", "nearest", "up", "down"]),
    per: z.enum(["visit", "day", "month"]),
  })
    .optional()
    .describe("Rounding of payable minutes, once and last; none where left out."),
  standardMinutes: perService(z.number().min(0))
    .optional()
    .describe("Minutes that a completed visit counts for, for services of basis standard."),
  declined: group({
    percent: perService(percent).optional(),
    onlyIfNotifiedWithinHours: z.number().min(0).optional().describe("Before the planned start."),
  })
    .optional()
    .meta({
      description:
        "Share of the planned minutes of visits that clients declined, by service; `default` for the others.",
      default: { percent: { default: 0 } },
    }),
  noAnswer: group({ percent: percent.optional() })
    .optional()
    .meta({
      description: "Share of the planned minutes of visits at which nobody opened.",
      default: { percent: 0 },
    }),
  absence: group({
    plannedNoticeDays: z
      .int()
      .min(0)
      .optional()
      .describe("Notice of so many calendar days before the first day without a visit makes an absence planned."),
    unplannedPaidDays: z.int().min(0).optional(),
    unplannedPaidPercent: z.array(percent).optional().describe("Of each paid day, in order; all 100 where left out."),
  })
    .optional()
    .describe("Pay for granted minutes that an unplanned absence took away; none where left out."),
  death: group({ paidPercent: z.array(percent).describe("Of each day from the day of death on.") })
    .optional()
    .describe("Pay for granted minutes after a client's death, less what was performed; none where left out."),
  doubleStaffing: z
    .enum(["onlyIfOrdered", "always", "never"])
    .optional()
    .meta({ description: "Whether more than one of the staff is paid at a time.", default: "onlyIfOrdered" }),
  household: z
    .enum(["divide", "full"])
    .optional()
    .meta({ description: "How one visit at people who share a home is paid.", default: "divide" }),
  required: z
    .array(z.enum(["start", "end", "service", "approvedByStaff", "approvedByManager"]))
    .optional()
    .meta({ description: "What a visit must have to be paid.", default: ["start", "end"] }),
  manual: group({
    allowed: z.boolean().optional(),
    reasonRequired: z.boolean().optional(),
    maxSharePercent: percent
      .optional()
      .describe("Of a provider's visits in a month; the latest above it are not paid."),
  })
    .optional()
    .meta({
      description: "Visits registered by hand.",
      default: { allowed: true, reasonRequired: false },
    }),
  lengthening: z
    .enum(["never", "withReason", "always"])
    .optional()
    .meta({ description: "Whether time that an edit adds is paid.", default: "withReason" }),
  cutOff: group({ weekdayOfMonth: z.int().min(1).max(20).optional(), time: clock.optional() })
    .optional()
    .meta({
      description:
        "Until when visits of a month must have arrived: a weekday of the next month that is no public holiday.",
      default: { weekdayOfMonth: 3, time: "12:00" },
    }),
  orderConfirm: group({
    hours: z.number().positive().optional(),
    weekdaysOnly: z.boolean().optional(),
    from: clock.optional(),
    to: clock.optional(),
  })
    .optional()
    .meta({
      description: "How soon an order must be confirmed, and which hours count.",
      default: { hours: 24, weekdaysOnly: true, from: "08:00", to: "17:00" },
    }),
  holidays: group({ eves: z.boolean().optional() })
    .optional()
    .meta({
      description: "Whether Midsummer's, Christmas and New Year's Eve count as public holidays.",
      default: { eves: true },
    }),
  selfBilling: z
    .boolean()
    .optional()
    .meta({ description: "The municipality makes out the invoice, by what is payable.", default: false }),
  clauses: z
    .record(z.string(), z.string())
    .optional()
    .describe("The contract's own clause for a term, a step of the trace or a rule, by its name."),
}).superRefine((given, context) => {
  for (const [name, basis] of Object.entries(given.basis ?? {})) {
    if (basis !== "standard" || name === "default" || given.standardMinutes?.[name] !== undefined) continue;
    context.addIssue({
      code: "custom",
      path: ["standardMinutes", name],
      message: "saknas, men insatsen har basis standard",
    });
  }
  // One name that is not among the bands is that of the time outside all of them ("dag" beside a band "natt").
  const bandNames = new Set((given.bands ?? []).map(({ name }) => name));
  const others = new Set<string>();
  given.price?.forEach(({ band: named }, position) => {
    if (named === undefined || bandNames.has(named) || others.has(named)) return;
    others.add(named);
    if (others.size === 1) return;
    const near = nearest(named, bandNames);
    const message = `"${named}" finns inte bland bands${near === null ? "" : `, menade du "${near}"?`}`;
    context.addIssue({ code: "custom", path: ["price", position, "band"], message });
  });
});
export type ContractTerms = z.infer<typeof contractTerms>;
