import { atMinute, formatInstant, parseDate, parseInstant, type Instant } from "#model";
import {
  answerText,
  changeEndpoint,
  changeMailbox,
  createEndpoint,
  type DeliveryChoice,
  endEndpoint,
  type Endpoint,
  eventTypes,
  type EventType,
  keyKinds,
  type KeyKind,
  listDeliveries,
  listEndpoints,
  listMailboxes,
  type LoggedDelivery,
  pauseEndpoint,
  pingEndpoint,
  resendDeliveries,
  resumeEndpoint,
  rotateKey,
  sendTestEvent,
  showEndpoint,
  type ShownAnswer,
} from "#operations";
import type { System } from "#system";
import { defineCommand, formatOption, type Result } from "./command.ts";
import { render, say, write } from "./render.ts";
import { UsageError } from "./run.ts";

const usage =
  "[list | create PROVIDER URL | filter ID | ping ID | test ID [TYPE] | rotate ID | pause ID\n" +
  "                 | resume ID | end ID | log ID | resend ID | mail [PROVIDER [ADDRESS | --remove]]]";
const states = { unverified: "väntar på ping", active: "tar emot", paused: "pausad", disabled: "avstängd" } as const;
const deliveryStates = { waiting: "väntar", delivered: "levererad", failed: "misslyckad" } as const;
/** Instead of a choice of types or units. */
const ALL = "all";

/** A day begins with it; otherwise a moment. */
function momentOf(name: string, text: string | undefined): Instant | undefined {
  if (text === undefined) return undefined;
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text) ? parseDate(text) : null;
  const at = day === null ? parseInstant(text) : atMinute(day, 0);
  if (at === null) throw new UsageError(`--${name} ${text}: expected YYYY-MM-DD or a time with its zone.`);
  return at;
}

function typeOf(text: string): EventType {
  const found = eventTypes.find((type) => type === text);
  if (found === undefined) throw new UsageError(`${text}: expected one of ${eventTypes.join(", ")}.`);
  return found;
}

async function answered(answer: ShownAnswer): Promise<Result> {
  await write(`${answerText(answer)}\n`);
  return answer.error === null ? "done" : "failed";
}

const showKey = async ({ kind, key }: { kind: KeyKind; key: string }): Promise<void> => {
  await write(`${key}\n`);
  say(kind === "hmac" ? "Nyckeln visas bara nu. Lämna den till utföraren på säkert sätt." : "Utförarens öppna nyckel.");
};

/** Of all endpoints it says whether something is amiss; of one, after it was changed, only how it is now. */
async function list({ system, format }: { system: System; format: string }, id?: string): Promise<Result> {
  const all = await listEndpoints(system, system.operator);
  const endpoints = id === undefined ? all : all.filter((one) => one.id === id);
  await render(endpoints, format, {
    columns: [
      { title: "Mottagare", of: ({ id }) => id },
      { title: "Utförare", of: ({ provider }) => provider },
      { title: "Läge", of: (row) => states[row.state] },
      { title: "Väntar", of: ({ deliveries }) => deliveries.waiting, align: "right" },
      { title: "Levererade", of: ({ deliveries }) => deliveries.delivered, align: "right" },
      { title: "Misslyckade", of: ({ deliveries }) => deliveries.failed, align: "right" },
      { title: "Adress", of: ({ url }) => url },
    ],
    json: (row: Endpoint) => ({
      ...row,
      createdAt: formatInstant(row.createdAt),
      verifiedAt: row.verifiedAt === null ? null : formatInstant(row.verifiedAt),
      failingSince: row.failingSince === null ? null : formatInstant(row.failingSince),
      openUntil: row.openUntil === null ? null : formatInstant(row.openUntil),
    }),
    empty: "Ingen mottagare är upplagd.",
  });
  if (id !== undefined) return "done";
  const amiss = ({ state, disabledWhy, failingSince }: Endpoint): boolean =>
    state === "disabled" ? disabledWhy !== "by-hand" : failingSince !== null;
  return endpoints.some(amiss) ? "incomplete" : "done";
}

const olderAreGone = ({ config }: System): string =>
  `Det som är äldre än ${config.webhooks.keepDays} dagar är borttaget.`;

async function log(
  { system, format }: { system: System; format: string },
  id: string,
  choice: DeliveryChoice,
): Promise<Result> {
  const { deliveries, counts } = await listDeliveries(system, system.operator, { id, ...choice, limit: 200 });
  const last = ({ log }: LoggedDelivery) => log.at(-1);
  await render(deliveries, format, {
    columns: [
      { title: "Händelse", of: (row) => row.id },
      { title: "Slag", of: ({ type, test }) => (test ? `${type} (prov)` : type) },
      { title: "Tid", of: (row) => formatInstant(row.at) },
      { title: "Läge", of: (row) => deliveryStates[row.state] },
      { title: "Försök", of: (row) => row.log.length, align: "right" },
      { title: "Senaste svar", of: (row) => (last(row) === undefined ? null : answerText(last(row)!)) },
      { title: "Nästa försök", of: ({ nextAt }) => (nextAt === null ? null : formatInstant(nextAt)) },
    ],
    json: ({ id: event, type, test, at, state, nextAt, finishedAt, log: attempts }) => ({
      event,
      type,
      test,
      at: formatInstant(at),
      state,
      nextAt: nextAt === null ? null : formatInstant(nextAt),
      finishedAt: finishedAt === null ? null : formatInstant(finishedAt),
      attempts: attempts.map((attempt) => ({ ...attempt, at: formatInstant(attempt.at) })),
    }),
    empty: "Inget har skickats.",
  });
  say(`${counts.waiting} väntar, ${counts.delivered} levererade, ${counts.failed} misslyckade.`);
  say(olderAreGone(system));
  return counts.failed > 0 ? "incomplete" : "done";
}

async function mail(
  { system, format }: { system: System; format: string },
  provider: string | undefined,
  email: string | undefined,
  remove: boolean,
): Promise<Result> {
  if (remove && (provider === undefined || email !== undefined)) {
    throw new UsageError("webhooks mail --remove: expected a provider and no address.");
  }
  if (provider !== undefined && (remove || email !== undefined)) {
    await changeMailbox(system, system.operator, { provider, email: email ?? null });
  }
  const all = await listMailboxes(system, system.operator);
  await render(remove || provider === undefined ? all : all.filter((one) => one.provider === provider), format, {
    columns: [
      { title: "Utförare", of: (row) => row.provider },
      { title: "E-post", of: (row) => row.email },
    ],
    json: (row) => row,
    empty: provider === undefined || remove ? "Ingen utförare får e-post." : `${provider} får ingen e-post.`,
  });
  return "done";
}

export default defineCommand({
  name: "webhooks",
  summary: "Where providers' systems are told of orders, cases and settlement, and what they were sent.",
  usage,
  needs: "system",
  positionals: { min: 0, max: 3 },
  options: {
    type: {
      type: "string",
      value: "TYPE",
      summary: "Only events of this type (several times); filter: all takes the choice away",
      multiple: true,
    },
    unit: {
      type: "string",
      value: "UNIT",
      summary: "Only orders of this unit (several times); filter: all takes the choice away",
      multiple: true,
    },
    ordered: { type: "boolean", summary: "Events of one order one after the other" },
    unordered: { type: "boolean", summary: "filter: not any more" },
    remove: { type: "boolean", summary: "mail: take the provider's address away" },
    key: { type: "string", value: "hmac|ed25519", summary: "How events are signed", default: "hmac", oneOf: keyKinds },
    about: { type: "string", value: "TEXT", summary: "What the receiver is", default: "" },
    from: { type: "string", value: "TIME", summary: "Of events that happened from then on" },
    until: { type: "string", value: "TIME", summary: "Of events that happened before then" },
    state: {
      type: "string",
      value: "waiting|delivered|failed",
      summary: "Only deliveries in this state",
      oneOf: ["waiting", "delivered", "failed"],
    },
    event: { type: "string", value: "ID", summary: "Only this event" },
    missed: { type: "boolean", summary: "resend: also what was never to be sent there, from --from on" },
    format: formatOption,
  },
  async run(options, { system, positionals: [action = "list", id, more] }) {
    const { type, unit, ordered, unordered, about, format } = options;
    const { operator } = system;
    const types = type.filter((one) => action !== "filter" || one !== ALL).map(typeOf);
    // Limited by the options' own lists.
    const key = options.key as KeyKind;
    const state = options.state as "waiting" | "delivered" | "failed" | undefined;
    const filter = {
      types: types.length === 0 ? null : types,
      units: unit.length === 0 ? null : unit,
      ordered,
      description: about,
    };
    const choice: DeliveryChoice = {
      from: momentOf("from", options.from),
      until: momentOf("until", options.until),
      states: state === undefined ? undefined : [state],
      types: types.length === 0 ? undefined : types,
      event: options.event,
    };
    if (action === "list") return list({ system, format });
    if (action === "mail") return mail({ system, format }, id, more, options.remove);
    if (id === undefined) throw new UsageError(`Usage: klarsyn webhooks ${usage}`);
    switch (action) {
      case "create": {
        if (more === undefined) throw new UsageError("webhooks create: expected a provider and an address.");
        const made = await createEndpoint(system, operator, { provider: id, url: more, key, ...filter });
        say(`Mottagaren ${made.endpoint.id} är upplagd.`);
        await showKey(made.key);
        const answer = await pingEndpoint(system, operator, made.endpoint.id);
        say(`Ping: ${answerText(answer)}.`);
        if (answer.error !== null) say(`Pröva igen med: npx klarsyn webhooks ping ${made.endpoint.id}`);
        return answer.error === null ? "done" : "incomplete";
      }
      case "filter": {
        const before = await showEndpoint(system, operator, id);
        // What is not said stays as it is.
        await changeEndpoint(system, operator, {
          id,
          types: type.length === 0 ? before.types : filter.types,
          units: unit.length === 0 ? before.units : unit.includes(ALL) ? null : unit,
          ordered: ordered || (before.ordered && !unordered),
          description: about === "" ? before.description : about,
        });
        return list({ system, format }, id);
      }
      case "ping":
        return answered(await pingEndpoint(system, operator, id));
      case "test":
        return answered(await sendTestEvent(system, operator, { id, type: typeOf(more ?? "order.created") }));
      case "rotate":
        await showKey(await rotateKey(system, operator, { id, key }));
        say("Den gamla nyckeln gäller ett dygn till.");
        return "done";
      case "pause":
        await pauseEndpoint(system, operator, id);
        return list({ system, format }, id);
      case "resume":
        await resumeEndpoint(system, operator, id);
        return list({ system, format }, id);
      case "end":
        await endEndpoint(system, operator, id);
        return list({ system, format }, id);
      case "log":
        return log({ system, format }, id, choice);
      case "resend": {
        if (choice.from === undefined && choice.event === undefined) {
          throw new UsageError(
            "webhooks resend: say which with --from TIME (and --until, --state, --type) or --event ID.",
          );
        }
        if (options.missed && choice.from === undefined)
          throw new UsageError("--missed: say from when on with --from.");
        const count = await resendDeliveries(system, operator, { id, ...choice, missed: options.missed });
        say(`${count} händelser skickas igen av \`npx klarsyn serve\`.`);
        say(olderAreGone(system));
        return "done";
      }
      default:
        throw new UsageError(`webhooks ${action}: expected one of ${usage}.`);
    }
  },
});
