import { html } from "hono/html";
import { type Day, formatDay, formatLocal, type Instant } from "#model";
import type { Env } from "../served.ts";
import { button, hidden, textArea } from "./fields.ts";
import { form } from "./form.ts";
import { type Html, inOwnWords } from "./html.ts";
import { tag } from "./state.ts";

/** What every proposal says, whatever it is about. */
interface Proposal {
  no: number;
  state: "proposed" | "approved" | "rejected" | "withdrawn";
  fromDay: Day;
  why: string;
  proposedAt: Instant;
  proposedBy: string;
  proposedName: string;
  decision: { at: Instant; name: string; why: string } | null;
}

const states = {
  proposed: tag("Väntar på en annan persons beslut", "info"),
  approved: tag("Godkänt", "success"),
  rejected: tag("Avslaget"),
  withdrawn: tag("Återtaget"),
} as const;

/** A proposal with what it would change, and what whoever reads it may do with it. `action` is where its forms go. */
export function proposalBox(
  c: { var: Pick<Env["Variables"], "actor" | "session"> },
  proposal: Proposal,
  { action, content, decides }: { action: string; content: Html; decides: boolean },
): Html {
  const { no, state, fromDay, why, proposedAt, proposedName, decision } = proposal;
  const said = decision === null || decision.why === "" ? "" : html`: ${inOwnWords(decision.why)}`;
  return html`<section class="box" aria-label="Förslag ${no}">
    <h3>Förslag ${no}, från och med ${formatDay(fromDay)}</h3>
    <p>${states[state]}</p>
    <p>${proposedName}, ${formatLocal(proposedAt)}: ${inOwnWords(why)}</p>
    ${decision === null ? "" : html`<p>${decision.name}, ${formatLocal(decision.at)}${said}</p>`} ${content}
    ${state === "proposed" ? steps(c, proposal, action, decides) : ""}
  </section>`;
}

function steps(
  c: { var: Pick<Env["Variables"], "actor" | "session"> },
  { no, proposedBy }: Proposal,
  action: string,
  decides: boolean,
): Html {
  if (proposedBy === c.var.actor.id) {
    return html`<p class="quiet">Du kan inte godkänna ditt eget förslag.</p>
      ${form(c, action, html`${hidden({ no, beslut: "withdrawn" })} ${button("Ta tillbaka förslaget", "secondary")}`)}`;
  }
  if (!decides) return html`<p class="quiet">En beställare behöver godkänna förslaget.</p>`;
  return html`<div class="row">
      ${form(c, action, html`${hidden({ no, beslut: "approved" })} ${button("Godkänn")}`)}
    </div>
    <details class="plain">
      <summary>Avslå</summary>
      ${form(
        c,
        action,
        html`${hidden({ no, beslut: "rejected" })}
        ${textArea({ name: "skal", id: `skal-${no}`, label: "Varför förslaget avslås", required: true, rows: 2 })}
        ${button("Avslå", "secondary")}`,
      )}
    </details>`;
}

/** What is wrong with what was sent, at the top of the page that shows it again. */
export const problemList = (problems: readonly string[]): Html | "" =>
  problems.length === 0
    ? ""
    : html`<div class="ds-alert" data-color="danger" role="alert">
        <p>Det gick inte att spara:</p>
        <ul>
          ${problems.map((problem) => html`<li>${problem}</li>`)}
        </ul>
      </div>`;
