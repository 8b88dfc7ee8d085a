import { z } from "zod";
import { makeOwnStatement, type OwnIds, type OwnNumbers, pageOfOwnSettlement } from "#operations";
import { type Call, defineCall } from "./call.ts";
import { RequestMalformed } from "./problems.ts";
import { clientId, cursorQuery, date, month, orderId, time, timeText } from "./schemas.ts";

const minutes = z.number();
const ore = z.int();
const minuteFigures = z
  .object({
    granted: minutes,
    planned: minutes,
    registered: minutes,
    payable: minutes,
    declined: minutes,
    noAnswer: minutes,
    absent: minutes,
    missed: minutes,
    claimed: minutes,
    underDelivered: minutes,
  })
  .meta({ id: "MinuteFigures" });
const oreFigures = z
  .object({ payable: ore, claimed: ore, overbilled: ore, unbilled: ore })
  .meta({ id: "OreFigures", description: "In öre." });

const ownLine = {
  client: clientId.nullable(),
  order: orderId.nullable(),
  line: z.string().nullable().meta({ description: "Of the order, in the municipality's system." }),
};

const settlementLine = z
  .object({
    month,
    unit: z.string().nullable(),
    ...ownLine,
    service: z.string().nullable(),
    contract: z.string().nullable(),
    minutes: minuteFigures,
    ore: oreFigures,
    codes: z.record(z.string(), z.int()).meta({ description: "How many claims there are of each code." }),
  })
  .meta({ id: "SettlementLine", description: "The figures of one order line in a month." });

const step = z
  .object({ title: z.string(), minutes, clause: z.string().nullable(), why: z.string().nullable() })
  .meta({ id: "StatementStep" });
const bandFields = {
  band: z.string().nullable(),
  minutes,
  orePerHour: z.number().nullable(),
  ore: z.number().nullable(),
};
const statementLine = z
  .object({
    ...ownLine,
    unit: z.string().nullable(),
    service: z.string(),
    ordered: z.string().nullable(),
    contract: z.string().nullable(),
    minutes: minuteFigures,
    ore: oreFigures,
    selfBilled: z.boolean(),
    heldOre: ore,
    dueOre: ore,
    steps: z.array(step),
    visits: z.array(
      z.object({
        title: z.string(),
        day: date,
        time: z.string().nullable(),
        staff: z.string().nullable(),
        steps: z.array(step),
        payableMinutes: minutes,
        bands: z.array(z.object(bandFields)),
      }),
    ),
    days: z.array(z.object({ day: date, ...bandFields })),
    claims: z.array(
      z.object({
        code: z.string(),
        title: z.string(),
        days: z.array(date),
        claimedMinutes: minutes,
        payableMinutes: minutes,
        claimedOre: ore,
        payableOre: ore.nullable(),
        overbilledOre: ore,
        unbilledOre: ore,
        holdUntil: date.nullable(),
        proposal: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: "StatementLine", description: "An order line of one client, from each registered interval to öre." });

const statement = z
  .object({
    municipality: z.string(),
    provider: z.object({ id: z.string(), name: z.string(), organisationNumber: z.string().nullable() }),
    month,
    state: z.enum(["open", "locked", "settled"]),
    asOf: time,
    lines: z.array(statementLine),
    adjustments: z.array(
      z.object({
        month,
        client: clientId.nullable(),
        service: z.string(),
        line: z.string().nullable(),
        minutes,
        ore,
        selfBilled: z.boolean(),
        dueOre: ore,
      }),
    ),
    totals: z.object({
      registeredMinutes: minutes,
      payableMinutes: minutes,
      claimedMinutes: minutes,
      payableOre: ore,
      claimedOre: ore,
      overbilledOre: ore,
      unbilledOre: ore,
      heldOre: ore,
      adjustmentsOre: ore,
    }),
  })
  .meta({ id: "Statement", description: "A provider's month, to be checked with pen and paper." });

/** Ids for what figures call a client or an order; null for what is not the provider's own any more. */
const sealing = (ids: OwnIds, { clients, orders }: OwnNumbers) => {
  const sealed = (kind: "client" | "order", known: ReadonlyMap<string, number>) => (id: string | null) => {
    const no = id === null ? undefined : known.get(id);
    return no === undefined ? null : ids.seal(kind, no);
  };
  return { client: sealed("client", clients), order: sealed("order", orders) };
};

const cursorText = z
  .string()
  .regex(/^[\w-]{1,1000}$/)
  .meta({ description: "Where to go on. Means nothing else." });

const exampleMinutes: z.infer<typeof minuteFigures> = {
  granted: 1860,
  planned: 1860,
  registered: 1702,
  payable: 1690,
  declined: 30,
  noAnswer: 0,
  absent: 0,
  missed: 60,
  claimed: 1860,
  underDelivered: 0,
};
const exampleOre: z.infer<typeof oreFigures> = { payable: 1309750, claimed: 1441500, overbilled: 131750, unbilled: 0 };
const exampleLine = {
  client: "cli_Zk0f3vXy8Wq1LhT6mR2eUg",
  order: "ord_q2m7G0cJx1rY4uV8bN3sTA",
  line: "o-4-1",
  unit: "U3",
};

/** `/settlement`: what a month comes to. */
export const settlementCalls: readonly Call[] = [
  defineCall({
    id: "listSettlement",
    method: "get",
    path: "/settlement",
    tag: "Settlement",
    summary: "List the figures of a month.",
    description: "Of an open month as the last night made them; of a locked or settled one as they stand.",
    scope: "own-settlement:read",
    query: z.object({
      month,
      cursor: cursorText.optional().meta({ description: "Where the page before ended." }),
      limit: cursorQuery("").limit,
    }),
    answer: {
      description: "Lines by unit and client.",
      schema: z
        .object({
          lines: z.array(settlementLine),
          cursor: cursorText.nullable().meta({ description: "Of the next page; null: this is the last." }),
        })
        .meta({ id: "SettlementPage" }),
      example: {
        lines: [
          {
            month: "2026-10",
            ...exampleLine,
            service: "omvardnad",
            contract: "K1",
            minutes: exampleMinutes,
            ore: exampleOre,
            codes: { M00: 27, M02: 1, M03: 3 },
          },
        ],
        cursor: null,
      },
    },
    problems: [],
    async run({ system, actor, ids }, { query: { month: wanted, cursor, limit } }) {
      // A line's place names clients: it is nothing to read.
      const after = cursor === undefined ? undefined : ids.openText(cursor);
      if (after === null) throw new RequestMalformed("query.cursor", "of somebody else");
      const page = { month: wanted, limit, ...(after === undefined ? {} : { after }) };
      const { lines, next, numbers } = await pageOfOwnSettlement(system, actor, page);
      const { client, order } = sealing(ids, numbers);
      return {
        lines: lines.map((line) => ({ ...line, client: client(line.client), order: order(line.order) })),
        cursor: next === null ? null : ids.sealText(next),
      };
    },
  }),
  defineCall({
    id: "getStatement",
    method: "get",
    path: "/settlement/{month}/statement",
    tag: "Settlement",
    summary: "Get the statement of a month.",
    scope: "own-settlement:read",
    params: z.object({ month }),
    answer: {
      description: "The statement.",
      schema: statement,
      example: {
        municipality: "Provkommun",
        provider: { id: "P1", name: "Hemtjänsten Norr", organisationNumber: "2120001355" },
        month: "2026-10",
        state: "open",
        asOf: "2026-11-01T03:30:00Z",
        lines: [
          {
            ...exampleLine,
            service: "Omvårdnad",
            ordered: "60 minuter 1 gång per dag",
            contract: "Avtal 1",
            minutes: exampleMinutes,
            ore: exampleOre,
            selfBilled: false,
            heldOre: 0,
            dueOre: 1441500,
            steps: [{ title: "tak", minutes: -12, clause: "1.12", why: null }],
            visits: [],
            days: [],
            claims: [],
          },
        ],
        adjustments: [],
        totals: {
          registeredMinutes: 1702,
          payableMinutes: 1690,
          claimedMinutes: 1860,
          payableOre: 1309750,
          claimedOre: 1441500,
          overbilledOre: 131750,
          unbilledOre: 0,
          heldOre: 0,
          adjustmentsOre: 0,
        },
      },
    },
    problems: ["statement.unknown-provider"],
    async run({ system, actor, ids }, { params }) {
      const made = await makeOwnStatement(system, actor, params.month);
      const { client, order } = sealing(ids, made.numbers);
      const { lines, adjustments, asOf, ...rest } = made.statement;
      return {
        ...rest,
        asOf: timeText(asOf) ?? "",
        lines: lines.map((line) => ({
          ...line,
          client: client(line.client),
          order: order(line.order),
          claims: line.claims.map((claim) => ({ ...claim, days: [...claim.days] })),
        })),
        adjustments: adjustments.map((one) => ({ ...one, client: client(one.client) })),
      };
    },
  }),
];
