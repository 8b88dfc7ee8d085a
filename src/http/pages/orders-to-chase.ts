import { Hono } from "hono";
import { html } from "hono/html";
import { formatDay, formatLocal } from "#model";
import { type DeclineReason, declineReasons, listOrdersToChase, listOrdersWithWords, showPeople } from "#operations";
import { needs } from "../authorise.ts";
import type { Env } from "../served.ts";
import { inOwnWords } from "../views/html.ts";
import { dataTable, layout } from "../views/layout.ts";
import { changesText, dueTag } from "../views/orders.ts";
import { personTag, revealForm } from "../views/person.ts";
import { tag } from "../views/state.ts";

const path = "/obekraftade";
const SHOWN = 200;

/**
 * `/obekraftade`: orders that a provider has not answered in time, or has declined; somebody has to see to them. And what
 * providers have said beside a yes, which nobody else reads.
 */
export function chasePages() {
  return new Hono<Env>().get("/", needs("findings:read"), async (c) => {
    const { system, actor } = c.var;
    const [orders, accepted] = await Promise.all([
      listOrdersToChase(system, actor),
      listOrdersWithWords(system, actor),
    ]);
    const [shown, said] = [orders.slice(0, SHOWN), accepted.slice(0, SHOWN)];
    const clients = [...shown, ...said].map(({ client }) => client);
    const people = await showPeople(system, actor, { client: clients }, c.var.revealed);
    const now = system.now();
    const body = html`${dataTable(
      orders.length > SHOWN ? `De ${SHOWN} första av ${orders.length}` : "Beställningar utan ja",
      [
        { title: "Beställning", kind: "short" },
        { title: "Utförare och enhet" },
        { title: "Brukare", kind: "short" },
        { title: "Gäller från", kind: "short" },
        { title: "Läge", kind: "long" },
        { title: "Skulle ha besvarats", kind: "short" },
      ],
      shown.map(({ reference, provider, unit, client, validFrom, kind, declined, dueAt, changes }) => [
        reference,
        `${provider.name}, ${unit.name}`,
        personTag(people, "client", client),
        formatDay(validFrom),
        kind === "late" || declined === null
          ? changes.length === 0
            ? tag("inte bekräftad", "warning")
            : html`${tag("ändring inte bekräftad", "warning")} ${changesText(changes)}`
          : html`${tag("utföraren har tackat nej", "warning")} ${formatLocal(declined.at)}:
            ${declined.reason === null ? "" : declineReasons[declined.reason as DeclineReason]}${declined.text === "" ? "" : html`. ${inOwnWords(declined.text)}`}`,
        dueTag(dueAt, now),
      ]),
      "Alla beställningar är besvarade i tid.",
    )}
    ${dataTable(
      accepted.length > SHOWN ? `De ${SHOWN} senaste av ${accepted.length} ja` : "Ja med planerad start eller hälsning",
      [
        { title: "Beställning", kind: "short" },
        { title: "Utförare och enhet" },
        { title: "Brukare", kind: "short" },
        { title: "Gäller från", kind: "short" },
        { title: "Planerad start", kind: "short" },
        { title: "Utföraren skriver", kind: "long" },
        { title: "Svarade", kind: "short" },
      ],
      said.map(({ reference, provider, unit, client, validFrom, plannedStart, text, at }) => [
        reference,
        `${provider.name}, ${unit.name}`,
        personTag(people, "client", client),
        formatDay(validFrom),
        plannedStart === null
          ? null
          : plannedStart > validFrom
            ? tag(`${formatDay(plannedStart)}, efter första dagen`, "warning")
            : formatDay(plannedStart),
        text === "" ? null : inOwnWords(text),
        formatLocal(at),
      ]),
      "Ingen utförare har skrivit något de senaste 30 dagarna.",
    )}
    ${revealForm(c, people, path)}`;
    return c.html(
      layout(c, {
        title: "Obekräftade beställningar",
        path,
        lead: "Utföraren har inte svarat i tid, eller har tackat nej: brukaren kan stå utan hjälp. Sist står det som utförare har skrivit när de tackat ja.",
        body,
      }),
    );
  });
}
