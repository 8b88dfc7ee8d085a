import { Hono } from "hono";
import { html } from "hono/html";
import { z } from "zod";
import { pageOfStatement, type People, showPeople } from "#operations";
import { bandText, minutesText, stateTitles, type StatementLine, stepText } from "#statement";
import { needs } from "../authorise.ts";
import type { Env } from "../served.ts";
import { localPathOf } from "../local-path.ts";
import { statementExport } from "../views/export.ts";
import { amount, dataTable, type Html, layout, nextPage } from "../views/layout.ts";
import { personTag, revealForm } from "../views/person.ts";

const query = z.object({
  manad: z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/),
  utforare: z.string().min(1).max(200),
  rad: z.string().max(200).optional(),
  /** Which of several pages of order lines, from 1. */
  sida: z.coerce.number().int().min(1).max(100_000).catch(1),
});
type Query = z.output<typeof query>;

/** `/avrakning/underlag`: from each registered interval to öre, of one order line or all of a provider's. */
export function statementPage() {
  return new Hono<Env>().get("/", needs("settlement:read", "findings:read"), async (c) => {
    const asked = query.safeParse(c.req.query());
    if (!asked.success) return c.redirect("/avrakning");
    const { manad, utforare, rad, sida } = asked.data;
    const first = (sida - 1) * SHOWN;
    const {
      provider,
      month,
      state,
      lines: shown,
      count,
    } = await pageOfStatement(c.var.system, c.var.actor, {
      month: manad,
      provider: utforare,
      ...(rad === undefined ? {} : { line: rad }),
      offset: first,
      limit: SHOWN,
    });
    const people = await showPeople(
      c.var.system,
      c.var.actor,
      {
        client: shown.map(({ client }) => client),
        staff: shown.flatMap(({ visits }) => visits.map(({ staff }) => staff)),
      },
      c.var.revealed,
    );
    const body = html`<p>${provider}, ${stateTitles[state]}.</p>
      ${shown.map((line) => lineSection(line, people))}
      ${
        count > SHOWN
          ? html`<p>Visar ${first + 1}–${first + shown.length} av ${count} beställda insatser. Filen har alla.</p>`
          : ""
      }
      ${revealForm(c, people, localPathOf(c))}
      ${c.var.actor.permissions.has("exports:make") ? statementExport(c, asked.data) : ""}
      ${nextPage("/avrakning/underlag", first + SHOWN >= count ? null : { ...Object.fromEntries(new URLSearchParams(parametersOf(asked.data))), sida: String(asked.data.sida + 1) })}`;
    return c.html(
      layout(c, {
        title: `Underlag till avräkningen, ${month}`,
        path: "/avrakning",
        body,
      }),
    );
  });
}

/** Each line with its visits is long. */
const SHOWN = 5;

export function parametersOf({ manad, utforare, rad }: Omit<Query, "sida">): string {
  return new URLSearchParams({ manad, utforare, ...(rad === undefined ? {} : { rad }) }).toString();
}

function lineSection(line: StatementLine, people: People): Html {
  const about = [
    line.unit,
    line.line === null ? "ingen beställning omfattar tiden" : `beställning ${line.order ?? "–"}, rad ${line.line}`,
    line.ordered,
    line.contract === null ? "inget avtal" : `avtal ${line.contract}`,
  ];
  // Each table is named apart from the others of the page.
  const whose = `${line.service}, ${people.client.get(line.client)?.text ?? "okänd"}, ${line.line ?? "utan beställning"}`;
  return html`<section>
    <h2>${line.service}, brukare ${personTag(people, "client", line.client)}</h2>
    <p>${about.filter((text) => text !== null).join(" · ")}</p>
    <p>
      ${line.steps.map(stepText).join(" → ")} →
      <strong>${line.minutes.payable} min, ${amount(line.ore.payable)}</strong>
    </p>
    ${dataTable(
      `Varje besök, från utförd tid till ersättning: ${whose}`,
      [
        { title: "Dag", kind: "short" },
        { title: "Tid", kind: "short" },
        { title: "Vad" },
        { title: "Personal", kind: "short" },
        { title: "Steg", kind: "long" },
        { title: "Minuter", kind: "number" },
        { title: "Prisband och belopp", kind: "long" },
      ],
      line.visits.map(({ title, day, time, staff, steps, payableMinutes, bands }) => [
        day,
        time,
        title,
        personTag(people, "staff", staff),
        steps.map(stepText).join(" → "),
        minutesText(payableMinutes),
        bands.map(bandText).join(", "),
      ]),
      "Inga besök.",
    )}
    ${
      line.claims.length === 0
        ? ""
        : dataTable(
            `Fakturerat som skiljer sig: ${whose}`,
            [
              { title: "Dagar", kind: "short" },
              { title: "Vad" },
              { title: "Fakturerat", kind: "number" },
              { title: "Ersättning", kind: "number" },
              { title: "Vad som händer", kind: "long" },
            ],
            line.claims.map((claim) => [
              claim.days.length > 2 ? `${claim.days[0]} – ${claim.days.at(-1)}` : claim.days.join(", "),
              `${claim.code} ${claim.title}`,
              amount(claim.claimedOre),
              amount(claim.payableOre),
              [claim.holdUntil === null ? null : `Hålls inne till ${claim.holdUntil}.`, claim.proposal]
                .filter((text) => text !== null)
                .join(" "),
            ]),
            "",
          )
    }
  </section>`;
}
