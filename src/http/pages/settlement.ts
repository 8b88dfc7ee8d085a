import { Hono } from "hono";
import { html, raw } from "hono/html";
import { z } from "zod";
import { formatOre } from "#model";
import { pageOfSettlement, showOverview } from "#operations";
import type { Env, Served } from "../served.ts";
import { dataTable, layout } from "../views/layout.ts";

const query = z.object({
  manad: z.string().max(7).optional().catch(undefined),
  efter: z.string().max(400).optional().catch(undefined),
});
const pageSize = 100;

/** `/avrakning`: a month's figures per order line. */
export function settlementPage(system: Served) {
  return new Hono<Env>().get("/", async (c) => {
    const { manad, efter } = query.parse(c.req.query());
    const { month, months } = await showOverview(system, c.var.actor, manad);
    const { lines, next } =
      month === null
        ? { lines: [], next: null }
        : await pageOfSettlement(system, c.var.actor, {
            month,
            limit: pageSize,
            ...(efter === undefined ? {} : { after: efter }),
          });
    const more = new URLSearchParams({ manad: month ?? "", efter: next ?? "" });
    const number = (title: string) => ({ title, numeric: true });
    const body = html`<form method="get" action="/avrakning">
        <label
          >Månad
          <select name="manad">
            ${months.map((option) => html`<option ${raw(option === month ? "selected" : "")}>${option}</option>`)}
          </select></label
        >
        <button>Visa</button>
      </form>
      ${dataTable(
        `Minuter och belopp per beställd insats, ${month ?? ""}`,
        [
          { title: "Utförare" },
          { title: "Enhet" },
          { title: "Brukare" },
          { title: "Insats" },
          number("Beviljat"),
          number("Planerat"),
          number("Utfört"),
          number("Ersättning"),
          number("Avböjt"),
          number("Uteblivet"),
          number("Fakturerat"),
          number("För mycket"),
          number("Ej fakturerat"),
        ],
        lines.map((line) => [
          line.provider,
          line.unit,
          line.client,
          line.service,
          line.minutes.granted,
          line.minutes.planned,
          line.minutes.registered,
          line.minutes.payable,
          line.minutes.declined,
          line.minutes.missed,
          line.minutes.claimed,
          formatOre(line.ore.overbilled),
          formatOre(line.ore.unbilled),
        ]),
        "Det finns inga siffror för någon månad än.",
      )}
      ${next === null ? "" : html`<p class="pages"><a href="/avrakning?${more.toString()}">Nästa sida</a></p>`}`;
    return c.html(layout({ title: "Avräkning", path: "/avrakning", municipality: system.municipality, body }));
  });
}
