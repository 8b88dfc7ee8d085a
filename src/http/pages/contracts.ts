import { type Context, Hono } from "hono";
import { html, raw } from "hono/html";
import { z } from "zod";
import { type Day, dayOf, daysOfMonth, formatDay, formatLocal, monthOf, parseDate } from "#model";
import {
  type ComparedExample,
  type Contract,
  type ContractRecord,
  decideOnContractChange,
  listContracts,
  previewTerms,
  ProposalRefused,
  proposeTerms,
  showContract,
  type ShownContractChange,
} from "#operations";
import { needs } from "../authorise.ts";
import type { Env } from "../served.ts";
import { counted } from "../views/case/words.ts";
import { input, textArea } from "../views/fields.ts";
import { done, form } from "../views/form.ts";
import { dataTable, emptyState, type Html, layout } from "../views/layout.ts";
import { problemList, proposalBox } from "../views/proposal.ts";
import { changedKeys, exampleTable, termsHelp } from "../views/terms.ts";

const path = "/avtal";
const TERMS_MAX = 100_000;

const text = z.string().max(4000).default("");
const proposalAsked = z.object({
  villkor: z.string().max(TERMS_MAX).default(""),
  fran: z
    .string()
    .default("")
    .transform((said) => parseDate(said)),
  skal: text,
  steg: z.enum(["exempel", "forslag"]).default("forslag"),
});
const decisionAsked = z.object({
  no: z.coerce.number().int().positive(),
  beslut: z.enum(["approved", "rejected", "withdrawn"]),
  skal: text,
});

/** What was typed, and what came of it. */
interface Typed {
  villkor: string;
  fran: Day | null;
  skal: string;
  problems: readonly string[];
  example: ComparedExample | null;
}

const hrefOf = ({ source, id }: { source: string; id: string }): string =>
  `${path}/${encodeURIComponent(source)}/${encodeURIComponent(id)}`;

/** `/avtal`: every contract; `/avtal/:source/:id`: its terms by date, an editor with a worked example, and proposals. */
export function contractPages() {
  return new Hono<Env>()
    .get("/", needs("contracts:read"), async (c) => {
      const { contracts, waiting } = await listContracts(c.var.system, c.var.actor);
      const today = dayOf(c.var.system.now());
      const body = html`${
        waiting.length === 0
          ? ""
          : html`<div class="box">
              <h2 class="first">Förslag som väntar på beslut</h2>
              <ul>
                ${waiting.map(
                  ({ no, source, contract, proposedName, proposedAt }) =>
                    html`<li>
                      <a class="ds-link" href="${hrefOf({ source, id: contract })}#forslag">Förslag ${no}</a> av
                      ${proposedName}, ${formatLocal(proposedAt)}
                    </li>`,
                )}
              </ul>
            </div>`
      }
      ${dataTable(
        "Avtal, efter utförare",
        [
          { title: "Avtal" },
          { title: "Utförare" },
          { title: "Enheter" },
          { title: "Insatser" },
          { title: "Villkor från", kind: "short" },
          { title: "Till", kind: "short" },
          { title: "Ändringar", kind: "number" },
        ],
        contracts.map((contract) => {
          const record = inForce(contract, today) ?? contract.records.at(-1)!;
          return [
            html`<a class="ds-link" href="${hrefOf(contract)}">${record.reference}</a>`,
            contract.provider.name,
            contract.units?.join(", ") ?? "Alla",
            contract.services?.join(", ") ?? "Alla",
            formatDay(record.validFrom),
            record.validTo === null ? "tills vidare" : formatDay(record.validTo),
            contract.records.length - 1,
          ];
        }),
        "Inga avtal har lästs in. Leverera filen contracts.jsonl till en källa.",
      )}`;
      const lead = "Vad kommunen och utförarna har avtalat om ersättning. Avräkningen räknar efter det här.";
      return c.html(layout(c, { title: "Avtal", path, lead, body }));
    })
    .get("/:source/:id", needs("contracts:read"), async (c) => c.html(await contractPage(c, asked(c))))
    .post("/:source/:id/forslag", needs("contracts:read", "contracts:write"), async (c) => {
      const { villkor, fran, skal, steg } = proposalAsked.parse(await c.req.parseBody());
      const { system, actor } = c.var;
      const typed = { villkor, fran, skal };
      try {
        if (fran === null) throw new ProposalRefused(["Välj vilken dag villkoren ska börja gälla."]);
        const terms = { ...asked(c), text: villkor, fromDay: fran };
        if (steg === "exempel") {
          const example = await previewTerms(system, actor, terms);
          return c.html(await contractPage(c, asked(c), { ...typed, problems: [], example }));
        }
        await proposeTerms(system, actor, { ...terms, why: skal });
      } catch (error) {
        if (!(error instanceof ProposalRefused)) throw error;
        return c.html(await contractPage(c, asked(c), { ...typed, problems: error.problems, example: null }), 422);
      }
      return done(
        c,
        `${hrefOf(asked(c))}#forslag`,
        "Förslaget är sparat. Det börjar gälla när en annan person godkänt det.",
      );
    })
    .post("/:source/:id/beslut", needs("contracts:read", "contracts:write", "contracts:activate"), async (c) => {
      const { no, beslut, skal } = decisionAsked.parse(await c.req.parseBody());
      try {
        await decideOnContractChange(c.var.system, c.var.actor, { ...asked(c), no, verdict: beslut, why: skal });
      } catch (error) {
        if (!(error instanceof ProposalRefused)) throw error;
        const refused = { villkor: "", fran: null, skal: "", problems: error.problems, example: null };
        return c.html(await contractPage(c, asked(c), refused), 422);
      }
      const said = {
        approved: "Förslaget är godkänt. Nästa natt räknar om det som berörs.",
        rejected: "Förslaget är avslaget.",
        withdrawn: "Förslaget är återtaget.",
      };
      return done(c, hrefOf(asked(c)), said[beslut]);
    });
}

const asked = (c: Context<Env>): { source: string; id: string } => ({
  source: c.req.param("source") ?? "",
  id: c.req.param("id") ?? "",
});

const inForce = ({ records }: Contract, day: Day): ContractRecord | undefined =>
  records.findLast(({ validFrom, validTo }) => validFrom <= day && (validTo === null || validTo >= day));

async function contractPage(c: Context<Env>, of: { source: string; id: string }, typed?: Typed) {
  const { system, actor } = c.var;
  const { contract, changes } = await showContract(system, actor, of);
  const everywhere = (actor.scope.providers ?? actor.scope.units ?? actor.scope.groups) === null;
  const today = dayOf(system.now());
  const now = inForce(contract, today);
  const [pending, decided] = [true, false].map((waits) =>
    changes.filter(({ state }) => (state === "proposed") === waits),
  ) as [ShownContractChange[], ShownContractChange[]];
  const box = async (change: ShownContractChange): Promise<Html> => {
    const before = inForce(contract, change.fromDay);
    const example =
      change.state !== "proposed"
        ? null
        : await previewTerms(system, actor, { ...of, text: change.text, fromDay: change.fromDay }).catch(
            (error: unknown) => {
              if (error instanceof ProposalRefused) return error;
              throw error;
            },
          );
    return proposalBox(c, change, {
      action: `${hrefOf(of)}/beslut`,
      decides: everywhere && actor.permissions.has("contracts:activate"),
      content: html`<p>
          Ändrar:
          ${changedKeys(before?.terms ?? {}, change.terms).map((key, index) => html`${index === 0 ? "" : ", "}<code>${key}</code>`)}
        </p>
        ${example === null ? "" : example instanceof ProposalRefused ? problemList(example.problems) : exampleTable(example)}
        <details class="plain">
          <summary>Villkoren som de föreslås</summary>
          <pre>${change.text}</pre>
        </details>`,
    });
  };
  const { records, provider, units, services } = contract;
  const body = html`${problemList(typed?.problems ?? [])}
    <dl>
      <dt>Utförare</dt>
      <dd>${provider.name}</dd>
      <dt>Enheter</dt>
      <dd>${units?.join(", ") ?? "Alla"}</dd>
      <dt>Insatser</dt>
      <dd>${services?.join(", ") ?? "Alla"}</dd>
    </dl>
    <h2>Villkor, efter den dag de gäller från</h2>
    ${records.map((record, index) => recordBody(record, records[index + 1] ?? null, record === now))}
    <h2 id="forslag">Förslag till ändring</h2>
    ${pending.length === 0 ? emptyState("Inget förslag väntar på beslut.") : await Promise.all(pending.map(box))}
    ${
      decided.length === 0
        ? ""
        : html`<details class="plain">
            <summary>${counted(decided.length, "avgjort förslag", "avgjorda förslag")}</summary>
            ${await Promise.all(decided.map(box))}
          </details>`
    }
    ${everywhere && actor.permissions.has("contracts:write") ? editor(c, contract, now ?? records.at(-1)!, typed) : ""}`;
  return layout(c, { title: records.at(-1)!.reference, path, body });
}

/** Terms of one day; those after them end them. */
function recordBody(
  { validFrom, validTo, text: said, versions, source }: ContractRecord,
  next: ContractRecord | null,
  current: boolean,
): Html {
  const ends = next !== null && (validTo === null || next.validFrom <= validTo) ? next.validFrom - 1 : validTo;
  const until = ends === null ? "tills vidare" : `till och med ${formatDay(ends)}`;
  return html`<details class="ds-details" ${raw(current ? "open" : "")}>
    <summary>
      Från och med ${formatDay(validFrom)}, ${until}
      <small
        >${current ? "gäller i dag, " : ""}${source}${versions > 1 ? `, ${counted(versions, "version", "versioner")}` : ""}</small
      >
    </summary>
    <pre>${said}</pre>
  </details>`;
}

function editor(c: Context<Env>, contract: Contract, now: ContractRecord, typed: Typed | undefined): Html {
  if (!contract.changeable) {
    return html`<h2>Ändra villkoren</h2>
      ${emptyState("Avtalet kommer från ett system som inte tar emot ändringar. Ändra det där.")}`;
  }
  const day = typed?.fran ?? daysOfMonth(monthOf(dayOf(c.var.system.now()))).last + 1;
  return html`<h2 id="andra">Ändra villkoren</h2>
    <p>
      Ändra i texten och räkna exemplet. Föreslå sedan ändringen; en annan person godkänner den. Det som gällde före
      dagen ändras inte.
    </p>
    ${typed === undefined || typed.example === null ? "" : exampleTable(typed.example)} ${termsHelp()}
    ${form(
      c,
      `${hrefOf(contract)}/forslag`,
      html`${textArea({
          name: "villkor",
          label: "Villkor, i YAML eller JSON",
          rows: 24,
          maxLength: TERMS_MAX,
          required: true,
          value: typed === undefined || typed.villkor === "" ? now.text : typed.villkor,
        })}
        ${input({ name: "fran", label: "Från och med", type: "date", value: formatDay(day), required: true })}
        ${textArea({
          name: "skal",
          label: "Varför",
          help: "Behövs när du föreslår ändringen.",
          rows: 2,
          value: typed?.skal ?? "",
        })}
        <div class="row">
          <button class="ds-button" data-variant="secondary" name="steg" value="exempel">Räkna exemplet</button>
          <button class="ds-button" name="steg" value="forslag">Föreslå</button>
        </div>`,
    )}`;
}
