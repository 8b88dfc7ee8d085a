import { Hono } from "hono";
import { html } from "hono/html";
import { z } from "zod";
import { chooseMonth, pageOfSettlement, showNames, showPeople } from "#operations";
import { needs } from "../authorise.ts";
import type { Env } from "../served.ts";
import { localPathOf } from "../local-path.ts";
import { parametersOf } from "./statement.ts";
import { listExport } from "../views/export.ts";
import { amount, type Column, dataTable, layout, monthChoice, nextPage, wholeNumber } from "../views/layout.ts";
import { personTag, revealForm } from "../views/person.ts";

const query = z.object({
  manad: z.string().max(7).optional().catch(undefined),
  efter: z.string().max(400).optional().catch(undefined),
});
const pageSize = 50;
const number = (title: string): Column => ({ title, kind: "number" });
const empty = "Det finns inga siffror för någon månad än. De kommer med den första natten.";

/** `/avrakning`: a month's figures per order line. */
export function settlementPage() {
  return new Hono<Env>().get("/", needs("settlement:read", "findings:read"), async (c) => {
    const { system } = c.var;
    const { manad, efter } = query.parse(c.req.query());
    const { month, months } = await chooseMonth(system, c.var.actor, manad);
    const body = month === null ? html`<p class="empty">${empty}</p>` : await monthOf(month, months, efter);
    return c.html(layout(c, { title: "Avräkning", path: "/avrakning", body }));

    async function monthOf(month: string, months: readonly string[], after: string | undefined) {
      const names = await showNames(system, c.var.actor);
      const nameOf = (kind: keyof typeof names, id: string | null) =>
        id === null ? null : (names[kind].get(id) ?? id);
      const { lines, next } = await pageOfSettlement(system, c.var.actor, {
        month,
        limit: pageSize,
        ...(after === undefined ? {} : { after }),
      });
      const clients = lines.map(({ client }) => client);
      const people = await showPeople(system, c.var.actor, { client: clients }, c.var.revealed);
      return html`${monthChoice("/avrakning", months, month)}
      ${dataTable(
        `Minuter och belopp per beställd insats, ${month}`,
        [
          { title: "Utförare och enhet", kind: "long" },
          { title: "Brukare", kind: "short" },
          { title: "Insats" },
          number("Beviljat"),
          number("Planerat"),
          number("Utfört"),
          number("Ersättning"),
          number("Avböjt"),
          number("Uteblivet"),
          number("Fakturerat"),
          number("Att betala"),
          number("För mycket"),
          number("Ej fakturerat"),
        ],
        lines.map(({ provider, unit, client, service, line, minutes, ore }) => {
          const [by, at] = [nameOf("provider", provider), nameOf("unit", unit)];
          return [
            at === null || at === by ? by : html`${by ?? "–"}<br /><small>${at}</small>`,
            personTag(people, "client", client),
            nameOf("service", service),
            minutes.granted,
            minutes.planned,
            minutes.registered,
            provider === null
              ? minutes.payable
              : html`<a
                  class="ds-link"
                  href="/avrakning/underlag?${parametersOf({ manad: month, utforare: provider, ...(line === null ? {} : { rad: line }) })}"
                  >${wholeNumber(minutes.payable)}</a
                >`,
            minutes.declined,
            minutes.missed,
            minutes.claimed,
            amount(ore.payable),
            amount(ore.overbilled),
            amount(ore.unbilled),
          ];
        }),
        empty,
      )}
      ${revealForm(c, people, localPathOf(c))}
      ${c.var.actor.permissions.has("exports:make") ? listExport(c, "/avrakning/export", { manad: month }) : ""}
      ${nextPage("/avrakning", next === null ? null : { manad: month, efter: next })}`;
    }
  });
}
