import { readFile } from "node:fs/promises";
import { formatInstant } from "#model";
import {
  apiClientKinds,
  apiScopes,
  createApiClient,
  listApiClients,
  revokeApiClient,
  rotateApiClient,
} from "#operations";
import { defineCommand, formatOption } from "./command.ts";
import { render, say } from "./render.ts";
import { UsageError } from "./run.ts";

const usage =
  "[list | create --name N --provider P --scope S… [--unit U…] [--kind K] [--jwks FILE]\n" +
  "                    | revoke ID | rotate ID]";

/** In lines that fit a terminal, below each other. */
const folded = apiScopes
  .map((scope, index) => (index > 0 && index % 3 === 0 ? `\n${" ".repeat(31)}${scope}` : scope))
  .join(", ");

export default defineCommand({
  name: "api-clients",
  summary: "Which programs of providers may read and answer by themselves.",
  usage,
  needs: "system",
  positionals: { min: 0, max: 2 },
  options: {
    name: { type: "string", value: "TEXT", summary: "What it is called" },
    provider: { type: "string", value: "ID", summary: "Whose it is" },
    unit: { type: "string", value: "ID", summary: "Only of this unit (may be repeated; without: all)", multiple: true },
    scope: { type: "string", value: "SCOPE", summary: `What it may: ${folded}`, multiple: true },
    kind: {
      type: "string",
      value: apiClientKinds.join("|"),
      summary: "How it shows who it is",
      default: "secret",
      oneOf: apiClientKinds,
    },
    jwks: { type: "string", value: "FILE", summary: "Its public keys (JSON Web Key Set), for private_key_jwt" },
    format: formatOption,
  },
  async run({ name, provider, unit, scope, kind, jwks, format }, { system, positionals: [action = "list", id] }) {
    const { operator } = system;
    const keys = jwks === undefined ? undefined : await readFile(jwks, "utf8");
    const show = (made: { id: string; secret: string | null }): void => {
      process.stdout.write(`${made.id}${made.secret === null ? "" : `\n${made.secret}`}\n`);
      if (made.secret !== null) say("Hemligheten visas bara nu. Ge den till utföraren på ett säkert sätt.");
    };
    switch (action) {
      case "list": {
        await render(await listApiClients(system, operator), format, {
          columns: [
            { title: "Id", of: (client) => client.id },
            { title: "Namn", of: (client) => client.name },
            { title: "Utförare", of: (client) => client.provider },
            { title: "Enheter", of: (client) => client.units?.join(", ") ?? "alla" },
            { title: "Får", of: (client) => client.scopes.join(" ") },
            { title: "Sätt", of: (client) => client.kind },
            { title: "Senast", of: (client) => (client.lastUsedAt === null ? null : formatInstant(client.lastUsedAt)) },
            { title: "Läge", of: (client) => (client.revokedAt === null ? "gäller" : "återkallad") },
          ],
          json: ({ id, name, provider, units, scopes, kind, createdAt, createdBy, revokedAt, lastUsedAt }) => ({
            id,
            name,
            provider,
            units,
            scopes,
            kind,
            createdBy,
            createdAt: formatInstant(createdAt),
            revokedAt: revokedAt === null ? null : formatInstant(revokedAt),
            lastUsedAt: lastUsedAt === null ? null : formatInstant(lastUsedAt),
          }),
          empty: "Inga program har släppts in än.",
        });
        return "done";
      }
      case "create": {
        if (name === undefined || provider === undefined) throw new UsageError(`Usage: klarsyn api-clients ${usage}`);
        const units = unit === undefined || unit.length === 0 ? null : unit;
        // One of the list, checked by the options.
        const as = kind as (typeof apiClientKinds)[number];
        show(
          await createApiClient(system, operator, { name, provider, units, scopes: scope ?? [], kind: as, jwks: keys }),
        );
        return "done";
      }
      case "revoke": {
        if (id === undefined) throw new UsageError(`Usage: klarsyn api-clients ${usage}`);
        await revokeApiClient(system, operator, id);
        say(`${id} släpps inte in mer.`);
        return "done";
      }
      case "rotate": {
        if (id === undefined) throw new UsageError(`Usage: klarsyn api-clients ${usage}`);
        const { secret } = await rotateApiClient(system, operator, { id, jwks: keys });
        show({ id, secret });
        return "done";
      }
      default:
        throw new UsageError(`api-clients ${action}: expected list, create, revoke or rotate.`);
    }
  },
});
