import type { Context } from "hono";
import { Hono } from "hono";
import { html } from "hono/html";
import { z } from "zod";
import { AppError } from "#errors";
import { formatLocal, type Instant, parseDate, startOfDay } from "#model";
import {
  answerText,
  changeEndpoint,
  changeMailbox,
  createEndpoint,
  type DeliveryChoice,
  type Endpoint,
  endEndpoint,
  type EventType,
  eventTypes,
  keyKinds,
  listDeliveries,
  listEndpoints,
  listMailboxes,
  listOwners,
  pageIds,
  pauseEndpoint,
  pingEndpoint,
  resendDeliveries,
  resumeEndpoint,
  rotateKey,
  sendTestEvent,
  showEndpoint,
  type ShownAnswer,
  type ShownKey,
} from "#operations";
import { needs } from "../authorise.ts";
import type { Env } from "../served.ts";
import { button, group, hidden, input, tick } from "../views/fields.ts";
import { done, form } from "../views/form.ts";
import { dataTable, type Html, layout, nextPage, selectField } from "../views/layout.ts";
import { tag } from "../views/state.ts";

const path = "/mottagare";
const PAGE = 50;

const eventNames: Readonly<Record<EventType, string>> = {
  "order.created": "Ny beställning",
  "order.changed": "Ändrad beställning",
  "order.ended": "Avslutad beställning",
  "order.cancelled": "Återtagen beställning",
  "client.status-changed": "Brukarens frånvaro har ändrats",
  "finding.explanation-requested": "Fråga om ett ärende",
  "case.decided": "Ärende avgjort",
  "settlement.ready": "Avräkning klar",
  "endpoint.ping": "Ping",
};
const states: Readonly<Record<Endpoint["state"], Html>> = {
  unverified: tag("inte nådd än", "warning"),
  active: tag("aktiv", "success"),
  paused: tag("pausad", "info"),
  disabled: tag("avstängd", "danger"),
};
/** Why a step was not taken. */
const notNow: Readonly<Record<Endpoint["state"], string>> = {
  unverified: "Mottagaren är inte nådd än. Pinga den först: när pingen når fram blir den aktiv.",
  active: "Mottagaren är redan aktiv.",
  paused: "Mottagaren är redan pausad.",
  disabled: "Mottagaren är avstängd. Pinga den först: när pingen når fram blir den aktiv.",
};
const whyDisabled: Readonly<Record<string, string>> = {
  gone: "Mottagaren svarade att den inte finns längre (410).",
  failing: "Inget har nått mottagaren på tre dygn.",
  "by-hand": "Avstängd för hand.",
};
const deliveryStates = { waiting: "Väntar", delivered: "Levererat", failed: "Misslyckat" } as const;
type DeliveryState = keyof typeof deliveryStates;

const many = z.union([z.string().transform((one) => [one]), z.array(z.string())]).default([]);
const text = z.string().max(2000).default("");
const type = z.enum(eventTypes as [EventType, ...EventType[]]);
const state = z.enum(Object.keys(deliveryStates) as [DeliveryState]);
const kind = z.enum(keyKinds);
/** Nothing ticked is everything. */
const filterSaid = z
  .object({ typer: many, enheter: many, ordning: z.literal("ja").optional(), beskrivning: text })
  .transform(({ typer, enheter, ordning, beskrivning }) => ({
    types: typer.length === 0 ? null : typer,
    units: enheter.length === 0 ? null : enheter,
    ordered: ordning === "ja",
    description: beskrivning,
  }));
const logAsked = z.object({
  typ: type.optional().catch(undefined),
  lage: state.optional().catch(undefined),
  fran: z.string().default("").transform(parseDate),
  till: z.string().default("").transform(parseDate),
  fore: z.string().optional().catch(undefined),
});
type LogAsked = z.output<typeof logAsked>;

const choiceOf = ({ typ, lage, fran, till }: LogAsked): DeliveryChoice => ({
  ...(typ === undefined ? {} : { types: [typ] }),
  ...(lage === undefined ? {} : { states: [lage] }),
  ...(fran === null ? {} : { from: startOfDay(fran) }),
  // The last day is meant with all its hours.
  ...(till === null ? {} : { until: startOfDay(till + 1) }),
});

/** `/mottagare`: where providers' own systems are told what happens, and what became of each message. */
export function endpointPages() {
  const act = (
    name: string,
    does: (c: Context<Env>, id: string, said: Record<string, unknown>) => Promise<string | Response>,
  ) =>
    [
      `/:id/${name}`,
      needs("endpoints:read", "endpoints:write"),
      async (c: Context<Env>): Promise<Response> => {
        const id = c.req.param("id") ?? "";
        try {
          const result = await does(c, id, await c.req.parseBody({ all: true }));
          return typeof result === "string" ? await done(c, `${path}/${id}`, result) : result;
        } catch (error) {
          // What an endpoint in its state does not allow is said on its page.
          if (!(error instanceof AppError) || error.code !== "endpoint.state") throw error;
          return done(c, `${path}/${id}`, notNow[error.facts["state"] as Endpoint["state"]]);
        }
      },
    ] as const;

  return new Hono<Env>()
    .get("/", needs("endpoints:read"), async (c) => c.html(await listPage(c)))
    .post("/", needs("endpoints:read", "endpoints:write"), async (c) => {
      const body = await c.req.parseBody({ all: true });
      const {
        utforare: provider,
        adress: url,
        nyckel: key,
      } = z.object({ utforare: z.string(), adress: z.string(), nyckel: kind }).parse(body);
      const filter = filterSaid.parse(body);
      const made = await createEndpoint(c.var.system, c.var.actor, { provider, url: url.trim(), key, ...filter });
      return c.html(
        await keyPage(c, made.endpoint.id, made.key, "Pinga sedan mottagaren: när pingen når fram blir den aktiv."),
      );
    })
    .post("/epost", needs("endpoints:read", "endpoints:write"), async (c) => {
      const { utforare: provider, epost } = z
        .object({ utforare: z.string(), epost: text })
        .parse(await c.req.parseBody());
      const email = epost.trim() === "" ? null : epost.trim();
      await changeMailbox(c.var.system, c.var.actor, { provider, email });
      return done(c, path, email === null ? "E-postadressen är borttagen." : "E-postadressen är sparad.");
    })
    .get("/:id", needs("endpoints:read"), async (c) => c.html(await endpointPage(c)))
    .post(
      ...act("ping", async (c, id) => {
        const answer = await pingEndpoint(c.var.system, c.var.actor, id);
        return answer.error === null
          ? `Pingen nådde fram: ${answerText(answer)}.`
          : `Pingen nådde inte fram: ${answerText(answer)}.`;
      }),
    )
    .post(
      ...act("prov", async (c, id, said) => {
        const { typ } = z.object({ typ: type }).parse(said);
        const answer = await sendTestEvent(c.var.system, c.var.actor, { id, type: typ });
        return `${eventNames[typ]}, prov: ${answerText(answer)}.`;
      }),
    )
    .post(
      ...act("paus", async (c, id) => {
        await pauseEndpoint(c.var.system, c.var.actor, id);
        return "Mottagaren är pausad. Det som händer sparas tills den sätts igång.";
      }),
    )
    .post(
      ...act("igang", async (c, id) => {
        await resumeEndpoint(c.var.system, c.var.actor, id);
        return "Mottagaren är igång. Det som väntade skickas nu.";
      }),
    )
    .post(
      ...act("avsluta", async (c, id) => {
        await endEndpoint(c.var.system, c.var.actor, id);
        return "Mottagaren är avstängd. Det som inte skickades finns kvar i listan.";
      }),
    )
    .post(
      ...act("urval", async (c, id, said) => {
        await changeEndpoint(c.var.system, c.var.actor, { id, ...filterSaid.parse(said) });
        return "Urvalet är sparat. Det gäller det som händer från och med nu.";
      }),
    )
    .post(
      ...act("nyckel", async (c, id, said) => {
        const key = await rotateKey(c.var.system, c.var.actor, {
          id,
          key: z.object({ nyckel: kind }).parse(said).nyckel,
        });
        return c.html(
          await keyPage(c, id, key, "Den gamla nyckeln gäller också i ett dygn, så att mottagaren hinner byta."),
        );
      }),
    )
    .post(
      ...act("skicka-om", async (c, id, said) => {
        const { handelse: event } = z.object({ handelse: z.string().max(100).optional() }).parse(said);
        const asked = logAsked.parse(said);
        // Those that the list shows: of all times where it says none.
        const choice: DeliveryChoice = event === undefined ? { from: 0, ...choiceOf(asked) } : { event };
        const count = await resendDeliveries(c.var.system, c.var.actor, { id, ...choice });
        return count === 1 ? "1 händelse skickas om." : `${count.toLocaleString("sv-SE")} händelser skickas om.`;
      }),
    );
}

/** A key, the only time that it is shown. */
const keyPage = (c: Context<Env>, id: string, { kind: shown, key }: ShownKey, next: string): Html => {
  const body = html`<p>
      ${shown === "hmac" ? "Hemligheten" : "Den öppna nyckeln"} som mottagaren kontrollerar signaturer med:
    </p>
    <pre>${key}</pre>
    <p>
      ${shown === "hmac" ? "Den visas bara nu. Ge den till utföraren på ett säkert sätt." : "Den är inte hemlig, men visas bara nu."}
      ${next}
    </p>
    <p><a class="ds-button" href="${path}/${id}">Till mottagaren</a></p>`;
  return layout(c, { title: "Mottagarens nyckel", path, body });
};

const keyField = (id: string): Html =>
  html`<div class="ds-field">
    <label class="ds-label" for="f-${id}">Signatur</label>
    <select class="ds-input" data-width="auto" id="f-${id}" name="nyckel">
      <option value="hmac">HMAC, en delad hemlighet</option>
      <option value="ed25519">Ed25519, en öppen nyckel</option>
    </select>
  </div>`;

const filterFields = (
  units: ReadonlyMap<string, string>,
  { types, units: chosen, ordered, description }: Pick<Endpoint, "types" | "units" | "ordered" | "description">,
): Html =>
  html`${input({ name: "beskrivning", label: "Beskrivning", value: description, extra: { maxlength: "200" } })}
  ${group(
    "Händelser (ingen vald: alla)",
    html`${eventTypes
      .filter((one) => one !== "endpoint.ping")
      .map((one) =>
        tick({ name: "typer", label: eventNames[one], value: one, checked: types?.includes(one) === true }),
      )}`,
  )}
  ${
    units.size === 0
      ? ""
      : group(
          "Enheter (ingen vald: alla)",
          html`${[...units].map(([id, name], index) =>
            tick({
              name: "enheter",
              label: name,
              value: id,
              id: `enhet-${index}`,
              checked: chosen?.includes(id) === true,
            }),
          )}`,
        )
  }
  ${tick({ name: "ordning", label: "Skicka händelser om samma beställning i ordning", value: "ja", checked: ordered })}`;

async function listPage(c: Context<Env>): Promise<Html> {
  const { system, actor } = c.var;
  const [endpoints, mailboxes, owners] = await Promise.all([
    listEndpoints(system, actor),
    listMailboxes(system, actor),
    listOwners(system, actor),
  ]);
  const { providers, units } = owners;
  const email = new Map(mailboxes.map((box) => [box.provider, box.email]));
  const nameOf = (id: string): string => providers.get(id) ?? id;
  const options = [...providers].map(([value, name]) => ({ value, text: name }));
  const may = actor.permissions.has("endpoints:write") && options.length > 0;
  const none = { types: null, units: null, ordered: false, description: "" };
  const body = html`${dataTable(
      "Mottagare",
      [
        { title: "Utförare" },
        { title: "Adress", kind: "long" },
        { title: "Läge" },
        { title: "Väntar", kind: "number" },
        { title: "Levererat", kind: "number" },
        { title: "Misslyckat", kind: "number" },
      ],
      endpoints.map(({ id, provider, url, state: now, deliveries }) => [
        nameOf(provider),
        html`<a class="ds-link" href="${path}/${id}">${url}</a>`,
        states[now],
        deliveries.waiting,
        deliveries.delivered,
        deliveries.failed,
      ]),
      "Ingen utförare har någon mottagare än.",
    )}
    ${
      may
        ? html`<details class="ds-details">
            <summary>Lägg till en mottagare</summary>
            <div>
              ${form(
                c,
                path,
                html`<div class="column">
                  ${selectField("utforare", "Utförare", options)}
                  ${input({ name: "adress", label: "Adress som börjar med https://", required: true, extra: { autocomplete: "off" } })}
                  ${keyField("nyckel")} ${filterFields(units, none)} ${button("Lägg till")}
                </div>`,
              )}
            </div>
          </details>`
        : ""
    }
    <h2>E-post</h2>
    <p>Den som inte har någon mottagare som fungerar får e-post om att något väntar. Där står aldrig vem det gäller.</p>
    ${dataTable(
      "E-post till utförare",
      [{ title: "Utförare" }, { title: "E-post", kind: "long" }],
      [...email].map(([provider, address]) => [nameOf(provider), address]),
      "Ingen utförare har någon e-postadress här.",
    )}
    ${
      may && actor.scope.units === null
        ? form(c, `${path}/epost`, html`<div class="row">${mailFields(options)} ${button("Spara", "secondary")}</div>`)
        : ""
    }`;
  return layout(c, {
    title: "Mottagare",
    path,
    lead: "Utförares egna system som får veta när något händer.",
    body,
  });
}

const mailFields = (options: ReadonlyArray<{ value: string; text: string }>): Html =>
  html`<div class="ds-field">
      <label class="ds-label" for="f-epost-utforare">Utförare</label>
      <select class="ds-input" data-width="auto" id="f-epost-utforare" name="utforare">
        ${options.map((option) => html`<option value="${option.value}">${option.text}</option>`)}
      </select>
    </div>
    ${input({ name: "epost", label: "E-postadress, tomt tar bort", extra: { autocomplete: "off" } })}`;

const timeOr = (at: Instant | null, otherwise: string): string => (at === null ? otherwise : formatLocal(at));

async function endpointPage(c: Context<Env>): Promise<Html> {
  const { system, actor } = c.var;
  const id = c.req.param("id") ?? "";
  const asked = logAsked.parse(c.req.query());
  const ids = pageIds(system, actor);
  const before = (asked.fore === undefined ? null : ids.open("cursor", asked.fore)) ?? undefined;
  const [endpoint, { deliveries, counts }, { units, providers }] = await Promise.all([
    showEndpoint(system, actor, id),
    listDeliveries(system, actor, { id, ...choiceOf(asked), before, limit: PAGE }),
    listOwners(system, actor),
  ]);
  const may = actor.permissions.has("endpoints:write");
  const kept: Record<string, string> = Object.fromEntries(
    (["typ", "lage", "fran", "till"] as const).flatMap((name) => {
      const value = c.req.query(name) ?? "";
      return value === "" ? [] : [[name, value]];
    }),
  );
  const last = deliveries.at(-1);
  const total = counts.waiting + counts.delivered + counts.failed;
  const press = (name: string, label: string): Html => form(c, `${path}/${id}/${name}`, button(label, "secondary"));
  const body = html`<p class="quiet screen"><a class="ds-link" href="${path}">Alla mottagare</a></p>
    <dl>
      <dt>Utförare</dt>
      <dd>${providers.get(endpoint.provider) ?? endpoint.provider}</dd>
      <dt>Adress</dt>
      <dd>${endpoint.url}</dd>
      <dt>Läge</dt>
      <dd>
        ${states[endpoint.state]}
        ${endpoint.disabledWhy === null ? "" : (whyDisabled[endpoint.disabledWhy] ?? endpoint.disabledWhy)}
      </dd>
      <dt>Nådd första gången</dt>
      <dd>${timeOr(endpoint.verifiedAt, "inte än")}</dd>
      <dt>Går inte att nå sedan</dt>
      <dd>
        ${timeOr(endpoint.failingSince, "–")}${endpoint.openUntil === null ? "" : `, nästa försök ${formatLocal(endpoint.openUntil)}`}
      </dd>
    </dl>
    ${
      may
        ? html`<div class="row">
              ${press("ping", "Pinga")} ${endpoint.state === "active" ? press("paus", "Pausa") : ""}
              ${endpoint.state === "paused" ? press("igang", "Sätt igång") : ""}
              ${endpoint.state === "disabled" ? "" : press("avsluta", "Stäng av")}
            </div>
            <details class="ds-details">
              <summary>Ändra vad som skickas</summary>
              <div>
                ${form(
                  c,
                  `${path}/${id}/urval`,
                  html`<div class="column">${filterFields(units, endpoint)} ${button("Spara")}</div>`,
                )}
              </div>
            </details>
            <details class="ds-details">
              <summary>Prova, eller byt nyckel</summary>
              <div>
                ${form(
                  c,
                  `${path}/${id}/prov`,
                  html`<div class="row">
                    <div class="ds-field">
                      <label class="ds-label" for="f-prov">Händelse som märks som prov</label>
                      <select class="ds-input" data-width="auto" id="f-prov" name="typ">
                        ${eventTypes.map((one) => html`<option value="${one}">${eventNames[one]}</option>`)}
                      </select>
                    </div>
                    ${button("Skicka ett prov", "secondary")}
                  </div>`,
                )}
                ${form(
                  c,
                  `${path}/${id}/nyckel`,
                  html`<div class="row">${keyField("ny-nyckel")} ${button("Byt nyckel", "secondary")}</div>`,
                )}
              </div>
            </details>`
        : ""
    }
    <h2>Leveranser</h2>
    <form method="get" action="${path}/${id}" class="row">
      ${selectField("typ", "Händelse", [
        { value: "", text: "Alla" },
        ...eventTypes.map((value) => ({ value, text: eventNames[value], chosen: value === asked.typ })),
      ])}
      ${selectField("lage", "Läge", [
        { value: "", text: "Alla" },
        ...Object.entries(deliveryStates).map(([value, name]) => ({ value, text: name, chosen: value === asked.lage })),
      ])}
      ${input({ name: "fran", label: "Från och med", type: "date", value: kept["fran"] })}
      ${input({ name: "till", label: "Till och med", type: "date", value: kept["till"] })}
      ${button("Visa", "secondary")}
    </form>
    <p>
      ${total.toLocaleString("sv-SE")} händelser utom prov och pingar: ${counts.waiting} väntar, ${counts.delivered}
      levererade, ${counts.failed} misslyckade.
    </p>
    ${
      may && total > 0
        ? form(
            c,
            `${path}/${id}/skicka-om`,
            html`${hidden(kept)} ${button(`Skicka om dessa ${total.toLocaleString("sv-SE")}`, "secondary")}`,
          )
        : ""
    }
    ${dataTable(
      "Händelser och försök, den senaste först",
      [
        { title: "Händelse" },
        { title: "När", kind: "short" },
        { title: "Läge" },
        { title: "Försök", kind: "long" },
        { title: "Åtgärd" },
      ],
      deliveries.map((delivery) => [
        html`${eventNames[delivery.type as EventType] ?? delivery.type}${delivery.test ? ", prov" : ""}<br /><small
            >${delivery.id}</small
          >`,
        formatLocal(delivery.at),
        deliveryStates[delivery.state],
        attempts(delivery.log),
        may && !delivery.direct
          ? form(
              c,
              `${path}/${id}/skicka-om`,
              html`${hidden({ handelse: delivery.id })}
                <button class="ds-button" data-variant="tertiary" aria-label="Skicka om ${delivery.id}">
                  Skicka om
                </button>`,
            )
          : null,
      ]),
      "Inget har skickats med de valen.",
    )}
    ${nextPage(`${path}/${id}`, deliveries.length < PAGE || last === undefined ? null : { ...kept, fore: ids.seal("cursor", last.eventNo) })}`;
  return layout(c, { title: "Mottagare", path, body });
}

const attempts = (log: ReadonlyArray<ShownAnswer & { at: Instant; answer: string }>): Html | string =>
  log.length === 0
    ? "inget än"
    : html`${log.map(
        (one) =>
          html`<p>
            ${formatLocal(one.at)}:
            ${answerText(one)}${one.answer === "" ? "" : html`<br /><code>${one.answer.slice(0, 200)}</code>`}
          </p>`,
      )}`;
