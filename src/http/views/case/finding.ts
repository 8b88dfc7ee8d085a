import { html, raw } from "hono/html";
import { formatDay, formatInstant, formatLocal, formatOre } from "#model";
import {
  type CaseFinding,
  type CaseRecord,
  dispositions,
  entityName,
  fieldNames,
  fieldText,
  goneTexts,
  levels,
  severities,
  type ShownCase,
  type SourceDay,
  statusText,
} from "#operations";
import type { Html } from "../html.ts";
import { hours, wholeNumber } from "../layout.ts";
import { tag } from "../state.ts";
import { counted, type Names, periodCell } from "./words.ts";

type Value = CaseFinding["evidence"][number]["value"];

const number = new Intl.NumberFormat("sv-SE", { maximumFractionDigits: 2 });

function valueText(value: Value): string {
  if (value === null) return "saknas";
  if (typeof value === "boolean") return value ? "ja" : "nej";
  return typeof value === "number" ? number.format(value) : value;
}

/** A case's findings, the one that is shown marked. */
export function findingList({ no, list, page }: ShownCase, chosen: CaseFinding | undefined): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Ärendets fynd">
    <table class="ds-table" data-hover>
      <caption>
        ${counted(list.length, "fynd", "fynd")} i ärendet
      </caption>
      <thead>
        <tr>
          <th scope="col">Fynd</th>
          <th scope="col" class="short">Tid</th>
          <th scope="col">Nivå</th>
          <th scope="col" class="number">Minuter</th>
          <th scope="col" class="number">Belopp</th>
          <th scope="col">Status</th>
        </tr>
      </thead>
      <tbody>
        ${list.map(
          (finding) =>
            html`<tr data-row>
              <td class="long">
                <a
                  class="ds-link"
                  href="/arenden/${no}?${new URLSearchParams({ fynd: finding.id, ...(page > 1 ? { sida: String(page) } : {}) }).toString()}#fynd"
                  ${raw(finding.id === chosen?.id ? 'aria-current="true"' : "")}
                  >${finding.rule.title}</a
                >
                ${finding.id === chosen?.id ? html`<small>(visas nedan)</small>` : ""}
              </td>
              <td class="period">${periodCell(finding.fromDay, finding.throughDay)}</td>
              <td>${levels[finding.level]}</td>
              <td class="number">${finding.minutes === null ? "–" : wholeNumber(finding.minutes)}</td>
              <td class="number">${finding.amountOre === null ? "–" : formatOre(finding.amountOre)}</td>
              <td class="short">${standing(finding)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** How a finding stands in its case. */
function standing(finding: CaseFinding): Html {
  if (finding.goneAt !== null) {
    const as = finding.goneAs === null ? "" : `: ${(goneTexts[finding.goneAs] ?? finding.goneAs).toLowerCase()}`;
    return html`${tag(`borta${as}`)}`;
  }
  return finding.judgement === null ? html`${statusText(finding)}` : tag(dispositions[finding.judgement], "info");
}

/** What a finding claims, what speaks for and against it, and what it rests on. */
export function findingBody(
  shown: ShownCase,
  finding: CaseFinding,
  { names, pictures, recordPage }: { names: Names; pictures: Html; recordPage: number },
): Html {
  const { rule } = finding;
  const records = shown.records.filter((record) => record.findings.includes(finding.id));
  return html`<section id="fynd" aria-labelledby="fynd-rubrik">
    <h2 id="fynd-rubrik">${rule.title}</h2>
    <p>
      ${tag(levels[finding.level])} ${tag(severities[finding.severity])}
      ${finding.goneAt === null ? "" : html`${standing(finding)} sedan ${formatLocal(finding.goneAt)}`}
      ${finding.changes > 0 && finding.goneAt === null ? tag(`underlaget har ändrats ${counted(finding.changes, "gång", "gånger")}`, "info") : ""}
    </p>
    <p class="claim">${finding.reason}</p>
    ${stake(finding)}
    <h3>Varför det spelar roll</h3>
    <p>${rule.why}</p>
    <p><strong>Gör så här:</strong> ${rule.remedy}</p>
    <div class="cards">
      <div>
        <h3>Talar för</h3>
        ${forIt(finding)}
      </div>
      <div>
        <h3>Talar emot, eller manar till försiktighet</h3>
        ${againstIt(finding, sourcesOf(shown.sources, records))}
      </div>
    </div>
    ${clauses(finding)} ${pictures}
    <h3 id="poster">Poster som fyndet vilar på</h3>
    ${recordList(shown, finding, records, recordPage, names)}
  </section>`;
}

function stake({ minutes, amountOre }: CaseFinding): Html | "" {
  const parts = [...(minutes === null ? [] : [hours(minutes)]), ...(amountOre === null ? [] : [formatOre(amountOre)])];
  return parts.length === 0 ? "" : html`<p>I fråga: <strong>${parts.join(" och ")}</strong></p>`;
}

function forIt({ evidence }: CaseFinding): Html {
  if (evidence.length === 0) return html`<p class="quiet">Regeln säger inte mer än påståendet.</p>`;
  return html`<ul class="weights for">
    ${evidence.map(({ condition: said, value, threshold, alternatives = [] }) => {
      // "tid i minuter ≥" with a value and its limit reads the other way round.
      const [, condition = said, relation = ""] = /^(.*?)\s*([<>≥≤=]*)$/.exec(said) ?? [];
      return html`<li>
        ${condition}:
        <strong>${valueText(value)}</strong
        >${threshold === undefined ? "" : html` <small>(gräns ${relation} ${valueText(threshold)})</small>`}
        ${
          alternatives.length === 0
            ? ""
            : html`<ul>
                ${alternatives.map((other) => html`<li><small>Prövat: ${other.condition}: ${valueText(other.value)}</small></li>`)}
              </ul>`
        }
      </li>`;
    })}
  </ul>`;
}

/** The rule's record, what it has excluded, and how well the sources did on those days. */
function againstIt({ rule }: CaseFinding, sources: readonly SourceDay[]): Html {
  const { share, judged, confirmed } = rule.precision;
  const percent = (part: number): string => `${Math.round(part * 100)} %`;
  const precision =
    share === null
      ? `Regelns träffsäkerhet är inte känd än: ${counted(judged, "fynd är bedömt", "fynd är bedömda")}, tio behövs.`
      : `Regeln har haft rätt i ${percent(share.value)} av ${counted(judged, "bedömt fynd", "bedömda fynd")} (${confirmed} bekräftade; mellan ${percent(share.low)} och ${percent(share.high)} med 95 % säkerhet).`;
  return html`<ul class="weights against">
      <li>${precision}</li>
      ${sources.flatMap(sourceDoubts).map((doubt) => html`<li>${tag("källan", "warning")} ${doubt}</li>`)}
    </ul>
    ${
      rule.innocent.length === 0
        ? ""
        : html`<p>Regeln har prövat och uteslutit att:</p>
            <ul>
              ${rule.innocent.map((cause) => html`<li>${cause}</li>`)}
            </ul>`
    }
    ${sources.length === 0 ? "" : sourceTable(sources)}`;
}

const sourcesOf = (sources: readonly SourceDay[], records: readonly CaseRecord[]): SourceDay[] => {
  const named = new Set(records.map(({ source }) => source));
  return sources.filter(({ source }) => named.has(source));
};

function sourceDoubts({ source, day, records, usual, quarantined, down }: SourceDay): string[] {
  const at = formatDay(day);
  return [
    ...(down ? [`${source} var nere ${at}.`] : []),
    ...(quarantined > 0 ? [`${counted(quarantined, "post", "poster")} från ${source} ${at} väntar i karantän.`] : []),
    ...(usual !== null && records < usual / 2
      ? [`${source} gav ${counted(records, "post", "poster")} ${at}; ${wholeNumber(usual)} är vanligt en sådan dag.`]
      : []),
  ];
}

function sourceTable(sources: readonly SourceDay[]): Html {
  return html`<details class="plain">
    <summary>Källorna de dagarna</summary>
    <div class="scroll" tabindex="0" role="region" aria-label="Källorna de dagarna">
      <table class="ds-table">
        <thead>
          <tr>
            <th scope="col">Källa</th>
            <th scope="col" class="short">Dag</th>
            <th scope="col" class="number">Poster</th>
            <th scope="col" class="number">Vanligt</th>
            <th scope="col" class="number">I karantän</th>
          </tr>
        </thead>
        <tbody>
          ${sources.map(
            ({ source, day, records, usual, quarantined }) =>
              html`<tr>
                <td>${source}</td>
                <td class="short">${formatDay(day)}</td>
                <td class="number">${wholeNumber(records)}</td>
                <td class="number">${usual === null ? "–" : wholeNumber(usual)}</td>
                <td class="number">${quarantined}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}

function clauses({ clauses: said }: CaseFinding): Html | "" {
  if (said.length === 0) return "";
  return html`<h3>Vad avtalet säger</h3>
    <ul>
      ${said.map(({ contract, clause, text }) => html`<li>${contract}, ${clause}${text === null ? "" : html`: ${text}`}</li>`)}
    </ul>`;
}

const RECORDS = 12;

/** A finding's records, a few at a time: of a month there may be many, each with all of its fields. */
function recordList(
  { no, page, recordsLeft }: ShownCase,
  { id }: CaseFinding,
  records: readonly CaseRecord[],
  recordPage: number,
  names: Names,
): Html {
  if (records.length === 0)
    return html`<p class="quiet">Fyndet vilar på att poster saknas. Det finns inga att visa.</p>`;
  const pages = Math.ceil(records.length / RECORDS);
  const at = Math.min(recordPage, pages);
  const link = (to: number, text: string): Html => {
    const query = new URLSearchParams({ fynd: id, sida: String(page), poster: String(to) }).toString();
    return html`<a class="ds-button" data-variant="secondary" href="/arenden/${no}?${query}#poster">${text}</a>`;
  };
  return html`${records.slice((at - 1) * RECORDS, at * RECORDS).map((record) => recordBody(no, record, names))}
  ${
    pages === 1
      ? ""
      : html`<p class="pages">
          ${at > 1 ? link(at - 1, "Föregående poster") : ""} ${at < pages ? link(at + 1, "Fler poster") : ""}
          <span class="quiet">Sida ${at} av ${pages}</span>
        </p>`
  }
  ${recordsLeft > 0 && at === pages ? html`<p class="quiet">Ytterligare ${recordsLeft} poster som fyndet vilar på visas inte här.</p>` : ""}`;
}

/** A record with all that its source has said of it; the newest version is open, the older ones are one press away. */
function recordBody(no: string, { entity, source, id, versions }: CaseRecord, names: Names): Html {
  const [newest, ...older] = versions;
  return html`<details class="ds-details">
    <summary>
      ${capital(entityName(entity))} ${id}
      <small
        >${source}${older.length === 0 ? "" : `, ${counted(versions.length, "version", "versioner")}`}${newest?.deleted === true ? ", borttagen i källan" : ""}</small
      >
    </summary>
    <div>
      ${newest === undefined ? html`<p class="quiet">Posten finns inte längre.</p>` : recordVersion(newest, names)}
      ${older.map(
        (one) =>
          html`<details class="plain">
            <summary>
              Version
              ${one.version ?? "utan nummer"}${one.receivedAt === null ? "" : `, kom in ${formatLocal(one.receivedAt)}`}
            </summary>
            ${recordVersion(one, names)}
          </details>`,
      )}
      ${
        newest === undefined
          ? ""
          : html`<p>
              <a
                class="ds-link"
                href="/arenden/${no}/post?${new URLSearchParams({ slag: entity, kalla: source, id, sida: String(newest.page), rad: String(newest.index) }).toString()}"
                >Visa posten som källan skickade den</a
              >
            </p>`
      }
    </div>
  </details>`;
}

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

export function recordVersion(
  { version: no, receivedAt, inForce, fields }: CaseRecord["versions"][number],
  names: Names,
): Html {
  return html`<p class="quiet">
      ${inForce ? "Gällande version" : "Äldre version"}${no === null ? "" : ` ${no > 1e11 ? formatInstant(no) : no}`}${receivedAt === null ? "" : `, kom in ${formatLocal(receivedAt)}`}
    </p>
    <dl>
      ${fields.map(
        ({ field, value, masked, changed }) =>
          html`<dt>${fieldNames[field] ?? field}</dt>
            <dd>
              ${masked ? html`<small>dold</small>` : fieldText(value, names.person)}${changed ? html` ${tag("ändrat", "info")}` : ""}
            </dd>`,
      )}
    </dl>`;
}
