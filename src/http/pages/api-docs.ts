import { Hono } from "hono";
import { html } from "hono/html";
import type { Json } from "../api/openapi.ts";
import { guest } from "../authorise.ts";
import type { Env } from "../served.ts";
import { dataTable, type Html, layout } from "../views/layout.ts";

interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  description?: string;
  enum?: unknown[];
  const?: unknown;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
}
interface Content {
  schema?: Schema;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}
interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  description: string;
  security: Array<Record<string, string[]>>;
  parameters?: Array<{ name: string; in: string; required: boolean; description?: string; schema: Schema }>;
  requestBody?: { content: Record<string, Content> };
  responses: Record<string, { description: string; content?: Record<string, Content> }>;
}
/** The document as `openapi` makes it. */
interface Described {
  tags: Array<{ name: string; description: string }>;
  paths: Record<string, Record<string, Operation>>;
  webhooks: Record<string, { post: Operation }>;
  components: { schemas: Record<string, Schema> };
}

/** `/api/docs`: what `/openapi.json` says, for those who read it, a part a page. Shows nobody's data. */
export function apiDocsPages(document: () => Json) {
  const read = () => {
    // Made by `openapi`.
    const described = document() as unknown as Described;
    const operations = Object.entries(described.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
    );
    return { described, operations };
  };
  const title = "Gränssnitt för utförarnas system";
  const addressOf = ({ tags: [tag = ""], operationId }: Operation): string =>
    `/api/docs/${tag.toLowerCase()}#${operationId}`;
  return new Hono<Env>()
    .get("/", guest, (c) => {
      const { described, operations } = read();
      const body = html`<p>
          Här står vad utförarnas system kan läsa, svara på och få veta. Samma sak för maskiner finns i
          <a class="ds-link" href="/openapi.json">/openapi.json</a>. Kommunens administratör släpper in ett system med
          <code>klarsyn api-clients create</code> och lämnar över id och hemlighet. Beskrivningarna är på engelska.
        </p>
        ${dataTable(
          "Anrop",
          [{ title: "Anrop" }, { title: "Vad det gör", kind: "long" }],
          operations.map(({ name, operation }) => [
            html`<a class="ds-link" href="${addressOf(operation)}">${name}</a>`,
            html`<span lang="en">${operation.summary}</span>`,
          ]),
          "",
        )}
        <p><a class="ds-link" href="/api/docs/schemas">Uppgifternas form</a></p>
        <h2>Händelser som skickas</h2>
        <p>
          Skickas till utförarens egen adress, signerade enligt Standard Webhooks. De säger att något har hänt, aldrig
          om vem: hämta det med ditt eget systems rättigheter.
        </p>
        ${dataTable(
          "Händelser",
          [{ title: "Typ" }, { title: "Uppgifter" }],
          Object.entries(described.webhooks).map(([type, { post }]) => [type, eventFields(post)]),
          "",
        )}`;
      return c.html(layout(c, { title, path: "/api/docs", body }));
    })
    .get("/:part", guest, (c) => {
      const { described, operations } = read();
      const part = c.req.param("part");
      const tag = described.tags.find(({ name }) => name.toLowerCase() === part);
      const some = operations.filter(({ operation }) => operation.tags.includes(tag?.name ?? ""));
      if (part !== "schemas" && some.length === 0) return c.notFound();
      const shown =
        part === "schemas"
          ? Object.entries(described.components.schemas).map(([name, schema]) => schemaSection(name, schema))
          : some.map(({ name, operation }) => operationSection(name, operation));
      const body = html`<p><a class="ds-link" href="/api/docs">Alla anrop</a></p>
        <div lang="en">
          <h2>${tag?.name ?? "Schemas"}</h2>
          ${tag === undefined ? "" : html`<p>${tag.description}</p>`} ${shown}
        </div>`;
      return c.html(layout(c, { title, path: "/api/docs", body }));
    });
}

function operationSection(name: string, operation: Operation): Html {
  const { operationId, summary, description, security, parameters = [], requestBody, responses } = operation;
  const scopes = security.flatMap(({ oauth = [] }) => oauth);
  return html`<section aria-labelledby="${operationId}">
    <h3 id="${operationId}">${name}</h3>
    <p>${description === summary ? summary : `${summary} ${description}`}</p>
    ${scopes.length === 0 ? "" : html`<p>Scope: <code>${scopes.join(" ")}</code></p>`}
    ${
      parameters.length === 0
        ? ""
        : dataTable(
            `Parameters of ${operationId}`,
            [
              { title: "Name" },
              { title: "In", kind: "short" },
              { title: "Type" },
              { title: "Description", kind: "long" },
            ],
            parameters.map((one) => [
              `${one.name}${one.required ? " *" : ""}`,
              one.in,
              typeOf(one.schema),
              one.description ?? "",
            ]),
            "",
          )
    }
    ${Object.entries(requestBody?.content ?? {}).map(([type, content]) => contentBlock(`Body, ${type}`, content))}
    ${Object.entries(responses).map(([status, { content = {} }]) =>
      Number(status) >= 300
        ? ""
        : Object.entries(content).map(([type, one]) => contentBlock(`Answer ${status}, ${type}`, one)),
    )}
    ${dataTable(
      `Other answers of ${operationId}`,
      [
        { title: "Status", kind: "short" },
        { title: "What it means", kind: "long" },
      ],
      Object.entries(responses).flatMap(([status, { description: text }]) =>
        Number(status) < 300 ? [] : [[status, text.replaceAll("`", "")]],
      ),
      "",
    )}
  </section>`;
}

function contentBlock(title: string, { schema = {}, example, examples = {} }: Content): Html {
  const shown = example === undefined ? Object.values(examples).map(({ value }) => value) : [example];
  return html`<p>${title}: ${typeOf(schema)}</p>
    ${shown.map((value) => html`<pre tabindex="0">${JSON.stringify(value, null, 1)}</pre>`)}`;
}

/** What a value is, with the names of schemas as links. */
function typeOf(schema: Schema): Html | string {
  const { $ref, type, format, enum: values, const: only, items, anyOf, oneOf } = schema;
  if ($ref !== undefined) {
    const name = $ref.split("/").at(-1) ?? "";
    return html`<a class="ds-link" href="/api/docs/schemas#schema-${name}">${name}</a>`;
  }
  const several = anyOf ?? oneOf;
  if (several !== undefined)
    return html`${several.map((one, index) => html`${index > 0 ? " or " : ""}${typeOf(one)}`)}`;
  if (items !== undefined) return html`list of ${typeOf(items)}`;
  if (only !== undefined) return JSON.stringify(only);
  if (values !== undefined) return values.map((value) => String(value)).join(" | ");
  const name = [type ?? "any"].flat().join(" or ");
  return format === undefined ? name : `${name} (${format})`;
}

function fieldsOf({ properties, required = [], anyOf, oneOf }: Schema): Array<[string, Schema]> {
  const own = Object.entries(properties ?? {}).map(([name, field]): [string, Schema] => [
    `${name}${required.includes(name) ? " *" : ""}`,
    field,
  ]);
  return [...own, ...(anyOf ?? oneOf ?? []).flatMap(fieldsOf)];
}

function schemaSection(name: string, schema: Schema): Html {
  return html`<section aria-labelledby="schema-${name}">
    <h3 id="schema-${name}">${name}</h3>
    ${schema.description === undefined ? "" : html`<p>${schema.description}</p>`}
    ${dataTable(
      `Fields of ${name}`,
      [{ title: "Field" }, { title: "Type" }, { title: "Description", kind: "long" }],
      fieldsOf(schema).map(([field, one]) => [field, typeOf(one), one.description ?? one.items?.description ?? ""]),
      "",
    )}
  </section>`;
}

/** What the data of an event says beside what all events say. */
function eventFields({ requestBody }: Operation): string {
  const [{ schema }] = Object.values(requestBody?.content ?? {}) as [Content];
  const data = schema?.properties?.["data"]?.properties ?? {};
  return Object.keys(data)
    .filter((name) => !["version", "tenant", "test"].includes(name))
    .join(", ");
}
