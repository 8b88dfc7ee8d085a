import { html, raw } from "hono/html";
import { formatDay, type Day, formatOre } from "#model";
import {
  type CaseRow,
  caseStateNames,
  caseStates,
  levels,
  type QueueFilter,
  queueFilter,
  type QueuePage,
  type QueueQuery,
  type SavedView,
} from "#operations";
import { button, group, hidden, input, textArea, tick } from "../fields.ts";
import { type Html, inOwnWords } from "../html.ts";
import { amount, dataTable, emptyState, hours, selectField, wholeNumber } from "../layout.ts";
import { tag } from "../state.ts";
import {
  counted,
  dueText,
  levelTag,
  type Names,
  period,
  periodCell,
  providerText,
  stateTag,
  subjectText,
} from "./words.ts";

export const queuePath = "/arenden";

/** What of the queue is asked for, as it stands in an address. */
export type QueueAddress = Readonly<Partial<Record<keyof QueueFilter, string>>>;

/** What an address asks for; what of it makes no sense is left out, as if nobody had said it. */
export function readQueueFilter(said: Readonly<Record<string, string>>): {
  address: QueueAddress;
  filter: QueueFilter;
} {
  const address = Object.fromEntries(
    Object.entries(said).filter(([key, value]) => key in queueFilter.shape && value !== ""),
  );
  for (const { path } of queueFilter.safeParse(address).error?.issues ?? []) delete address[String(path[0])];
  return { address, filter: queueFilter.parse(address) };
}

/** A kept filter as an address says it. */
export const addressOf = (query: QueueQuery): QueueAddress =>
  Object.fromEntries(
    Object.entries(query)
      .filter(([, value]) => ["string", "number", "boolean"].includes(typeof value))
      .map(([key, value]) => [key, String(value as string | number | boolean)]),
  );

/** The address of a view of the queue: only what is not as it is by itself. */
export function queueHref(address: QueueAddress): string {
  const said = Object.entries(address).filter(([, value]) => value !== "");
  const text = new URLSearchParams(said).toString();
  return text === "" ? queuePath : `${queuePath}?${text}`;
}

const sorts: Readonly<Record<QueueFilter["sort"], string>> = {
  stake: "Störst belopp först",
  certainty: "Säkrast först",
  age: "Äldst först",
  due: "Det som brådskar först",
};

const states = [
  { value: "open", text: "Pågående" },
  { value: "all", text: "Alla" },
  ...caseStates.map((state) => ({ value: state, text: caseStateNames[state] })),
];

/** What narrows the queue. The usual choices are open, the rest behind a lid. */
export function filterForm(
  query: QueueAddress,
  choices: {
    providers: ReadonlyArray<readonly [id: string, name: string]>;
    rules: ReadonlyArray<readonly [id: string, name: string]>;
  },
): Html {
  const chosen = (name: keyof QueueQuery, value: string): boolean => (query[name] ?? "") === value;
  const any = (text: string) => ({ value: "", text });
  const field = (
    name: keyof QueueQuery,
    label: string,
    options: ReadonlyArray<{ value: string; text: string }>,
    standard = "",
  ): Html =>
    selectField(
      name,
      label,
      options.map((option) => ({
        ...option,
        chosen: chosen(name, option.value) || (query[name] === undefined && option.value === standard),
      })),
    );
  const more = (["level", "from", "through", "kronorMin", "minutesMin", "snoozed", "changed", "unit"] as const).filter(
    (name) => query[name] !== undefined,
  );
  const text = (name: "from" | "through" | "kronorMin" | "minutesMin", label: string, type: "date" | "number"): Html =>
    html`<div class="ds-field">
      <label class="ds-label" for="f-${name}">${label}</label>
      <input
        class="ds-input"
        size="10"
        type="${type}"
        id="f-${name}"
        name="${name}"
        value="${query[name] ?? ""}"
        ${raw(type === "number" ? 'min="0"' : "")}
      />
    </div>`;
  return html`<form method="get" action="${queuePath}" role="search" aria-label="Filtrera ärenden">
    <div class="row">
      ${field("state", "Status", states, "open")}
      ${field("assigned", "Tilldelat", [any("Alla"), { value: "me", text: "Mig" }, { value: "nobody", text: "Ingen" }])}
      ${field("provider", "Utförare", [any("Alla"), ...choices.providers.map(([value, name]) => ({ value, text: name }))])}
      ${field("rule", "Regel", [any("Alla"), ...choices.rules.map(([value, name]) => ({ value, text: name }))])}
      ${field(
        "sort",
        "Ordning",
        Object.entries(sorts).map(([value, name]) => ({ value, text: name })),
        "stake",
      )}
      ${button("Visa", "secondary")}
    </div>
    <details class="ds-details" ${raw(more.length > 0 ? "open" : "")}>
      <summary>Fler filter${more.length > 0 ? ` (${more.length} valda)` : ""}</summary>
      <div class="row">
        ${field("level", "Nivå", [any("Alla"), ...Object.entries(levels).map(([value, name]) => ({ value, text: name }))])}
        ${text("from", "Fynd från och med", "date")} ${text("through", "Fynd till och med", "date")}
        ${text("kronorMin", "Minst kronor", "number")} ${text("minutesMin", "Minst minuter", "number")}
        ${field(
          "snoozed",
          "Lagda åt sidan",
          [
            { value: "hidden", text: "Dolda" },
            { value: "also", text: "Visas också" },
            { value: "only", text: "Bara de" },
          ],
          "hidden",
        )}
        ${field("changed", "Underlaget", [any("Alla"), { value: "true", text: "Har ändrats" }])}
        ${query.unit === undefined ? "" : hidden({ unit: query.unit })}
      </div>
    </details>
  </form>`;
}

/** Views that somebody has kept, and the way to keep this one. */
export function savedViews(
  views: readonly SavedView[],
  query: QueueAddress,
  form: (action: string, body: Html) => Html,
): Html {
  const { after: _, ...kept } = query;
  return html`<details class="ds-details">
    <summary>Sparade vyer${views.length > 0 ? ` (${views.length})` : ""}</summary>
    <div>
      ${
        views.length === 0
          ? html`<p class="quiet">Du har inga sparade vyer. Välj filter, visa dem och spara dem här under ett namn.</p>`
          : html`<ul>
              ${views.map(
                ({ id, name, filter }) =>
                  html`<li class="row">
                    <a class="ds-link" href="${queueHref(addressOf(filter))}">${inOwnWords(name)}</a>
                    ${form(`${queuePath}/vyer/${id}/bort`, html`<button class="ds-link">Ta bort <span class="ds-sr-only">vyn ${inOwnWords(name)}</span></button>`)}
                  </li>`,
              )}
            </ul>`
      }
      ${form(
        `${queuePath}/vyer`,
        html`<div class="row">
          ${input({ name: "name", id: "vynamn", label: "Spara den här vyn som", required: true, extra: { maxlength: "60", size: "24" } })}
          ${hidden({ filter: new URLSearchParams(kept).toString() })} ${button("Spara", "secondary")}
        </div>`,
      )}
    </div>
  </details>`;
}

/** Search for somebody, with the reason that the log keeps. */
export function personSearch(form: (action: string, body: Html) => Html): Html {
  return html`<details class="ds-details screen">
    <summary>Sök ärenden om en person</summary>
    <div>
      ${form(
        `${queuePath}/person`,
        html`<div class="row">
          ${selectField("who", "Vem", [
            { value: "client", text: "Brukare" },
            { value: "staff", text: "Personal" },
          ])}
          ${input({ name: "text", id: "person", label: "Personnummer, nummer i källan eller namn", required: true, extra: { size: "28", autocomplete: "off", maxlength: "200" } })}
          ${input({ name: "reason", id: "person-skal", label: "Skäl. Det sparas i loggen", required: true, extra: { size: "28", autocomplete: "off", maxlength: "200" } })}
          ${button("Sök", "secondary")}
        </div>`,
      )}
    </div>
  </details>`;
}

/** Somebody who was found, with the cases that they are in. */
export function foundPerson(name: string, cases: readonly CaseRow[], names: Names): Html {
  return html`<h2>${name}</h2>
    ${dataTable(
      `Ärenden om ${name}`,
      [
        { title: "Ärende", kind: "short" },
        { title: "Utförare" },
        { title: "Vad", kind: "long" },
        { title: "Tid", kind: "short" },
        { title: "Status" },
      ],
      cases.map((row) => [
        html`<a class="ds-link" href="${queuePath}/${row.no}">${row.no}</a>`,
        providerText(row.provider, names),
        row.rules.map((id) => names.rule(id)).join(", "),
        period(row.firstDay, row.lastDay),
        stateTag(row.state),
      ]),
      "Inga ärenden.",
    )}`;
}

/** How much there is, by state. */
export function queueSummary({ total, stakeOre, stakeMinutes }: QueuePage): string {
  return `${counted(total, "ärende", "ärenden")}, ${formatOre(stakeOre)} och ${hours(stakeMinutes)} i fråga.`;
}

export const bulkSteps = {
  take: "Ta dem själv",
  release: "Lägg tillbaka dem i kön",
  snooze: "Lägg dem åt sidan",
  "data-fault": "Avsluta som fel i data",
  "nothing-further": "Avsluta utan ytterligare åtgärd",
} as const;

/** The list of cases, with a box at each for what is done with many at once. */
export function queueTable(
  page: QueuePage,
  query: QueueAddress,
  {
    names,
    today,
    works,
    form,
  }: { names: Names; today: Day; works: boolean; form: (action: string, body: Html) => Html },
): Html {
  if (page.cases.length === 0)
    return emptyState(
      Object.keys(query).length === 0
        ? "Inga ärenden väntar. Nya kommer med nattens fynd. Under Status kan du välja att se avslutade ärenden."
        : html`Inga ärenden passar filtren. <a class="ds-link" href="${queuePath}">Visa alla pågående ärenden</a>.`,
    );
  const { after: _, ...kept } = query;
  const sortable = (title: string, sort: QueueFilter["sort"], kind = ""): Html => {
    const now = sort === (query.sort ?? "stake");
    return html`<th
      scope="col"
      ${raw(kind === "" ? "" : `class="${kind}"`)}
      ${raw(now ? `aria-sort="${sort === "age" || sort === "due" ? "ascending" : "descending"}"` : "")}
    >
      <a class="ds-link" href="${queueHref({ ...kept, sort })}"
        >${title}<span aria-hidden="true">${now ? " ▾" : ""}</span></a
      >
    </th>`;
  };
  const table = html`<div class="scroll" tabindex="0" role="region" aria-label="Ärenden">
    <table class="ds-table" data-hover>
      <caption>
        ${sorts[(query.sort ?? "stake") as QueueFilter["sort"]]}. Visar ${page.cases.length} av
        ${counted(page.total, "ärende", "ärenden")}.
      </caption>
      <thead>
        <tr>
          ${works ? html`<th scope="col"><input class="ds-input" type="checkbox" data-all="case" aria-label="Markera alla på sidan" hidden /><span class="ds-sr-only">Markera</span></th>` : ""}
          ${sortable("Ärende", "age", "short")}
          <th scope="col">Gäller</th>
          <th scope="col">Vad</th>
          ${sortable("Nivå", "certainty")} ${sortable("Belopp", "stake", "number")}
          <th scope="col" class="number">Minuter</th>
          <th scope="col" class="short">Tid</th>
          <th scope="col">Status</th>
          ${sortable("Tilldelat", "due")}
        </tr>
      </thead>
      <tbody>
        ${page.cases.map((row) => queueRow(row, { names, today, works }))}
      </tbody>
    </table>
  </div>`;
  return works ? form(`${queuePath}/flera`, html`${table} ${bulkForm()}`) : table;
}

function queueRow(row: CaseRow, { names, today, works }: { names: Names; today: Day; works: boolean }): Html {
  const [first, ...rest] = row.rules;
  return html`<tr data-row>
    ${works ? html`<td><input class="ds-input" type="checkbox" name="case" value="${row.no} ${row.version}" aria-label="Markera ${row.no}" /></td>` : ""}
    <td class="short">
      <a class="ds-link" href="${queuePath}/${row.no}">${row.no}</a>
      ${row.changedAt === null ? "" : html`<br />${tag("ändrat underlag", "info")}`}
    </td>
    <td>${providerText(row.provider, names)}<br /><small>${subjectText(row.subject, names)}</small></td>
    <td class="long">
      ${first === undefined ? "Inget fynd står kvar" : names.rule(first)}${rest.length === 0 ? "" : html`<br /><small>och ${counted(rest.length, "regel", "regler")} till</small>`}
    </td>
    <td>${levelTag(row.level)}</td>
    <td class="number">${row.stakeOre === 0 ? "–" : amount(row.stakeOre)}</td>
    <td class="number">${row.stakeMinutes === 0 ? "–" : wholeNumber(row.stakeMinutes)}</td>
    <td class="period">
      ${periodCell(row.firstDay, row.lastDay)}<br /><small>${counted(row.findings, "fynd", "fynd")}</small>
    </td>
    <td>
      ${stateTag(row.state)}
      ${row.snoozedUntil === null ? "" : html`<br /><small>åt sidan till ${formatDay(row.snoozedUntil)}</small>`}
    </td>
    <td>
      ${row.assignedName ?? "–"}${row.dueOn === null ? "" : html`<br /><small>${dueText(row.dueOn, today)}</small>`}
    </td>
  </tr>`;
}

function bulkForm(): Html {
  return html`<details class="ds-details screen">
    <summary>Gör något med de markerade</summary>
    <div class="column">
      ${group(
        "Vad ska göras?",
        html`${Object.entries(bulkSteps).map(([value, label]) => tick({ name: "step", id: `flera-${value}`, label, value, type: "radio", checked: value === "take" }))}`,
      )}
      ${textArea({ name: "reason", id: "flera-skal", label: "Skäl", help: "Behövs för allt utom att ta dem och lägga tillbaka dem.", rows: 2, maxLength: 2000 })}
      ${input({ name: "until", id: "flera-till", label: "Åt sidan till och med", type: "date" })}
      ${button("Gör det", "secondary")}
      <p class="quiet">
        Det går att ångra på sidan som följer. Ärenden som någon annan har ändrat under tiden lämnas i fred.
      </p>
    </div>
  </details>`;
}
