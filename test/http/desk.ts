import { createApp } from "#http";
import { type Actor, actorOf, type Role } from "#operations";
import { csrf, signedIn } from "../support/signed-in.ts";
import { testSystem, uploadKey } from "../support/system.ts";

export const jsonl = (...records: object[]): string => records.map((record) => `${JSON.stringify(record)}\n`).join("");

/** Somebody of a role, called by their id. */
export const person = (role: Role, id: string, more: Partial<Pick<Actor, "scope">> = {}): Actor => ({
  ...actorOf({ id, name: `${id[0]!.toUpperCase()}${id.slice(1)} Ek`, tenantId: "0192", role }),
  ...more,
});

/** A municipality whose pages several people use, each with a session of their own. */
export async function desk(files: Readonly<Record<string, readonly object[]>> = {}) {
  const opened = await testSystem();
  const { system } = opened;
  const open = createApp(system, signedIn(system.operator));
  const upload = async (name: string, body: string) => {
    const response = await open.request(`/api/v1/intake/files?name=${name}`, {
      method: "POST",
      headers: { authorization: `Bearer ${uploadKey}`, "idempotency-key": name },
      body,
    });
    return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
  };
  for (const [name, records] of Object.entries(files)) await upload(`${name}.jsonl`, jsonl(...records));
  const apps = new Map<Actor, ReturnType<typeof createApp>>();
  const as = (actor: Actor) => {
    const app = apps.get(actor) ?? createApp(system, signedIn(actor));
    apps.set(actor, app);
    const answer = async (response: Response) => {
      const { status, headers } = response;
      return { status, location: headers.get("location"), headers, text: await response.text() };
    };
    return {
      get: async (path: string) => answer(await app.request(path)),
      post: async (path: string, fields: Record<string, string | string[]> = {}) => {
        const form = new URLSearchParams({ _csrf: csrf });
        for (const [name, values] of Object.entries(fields))
          for (const value of [values].flat()) form.append(name, value);
        const body = form.toString();
        const headers = {
          "content-type": "application/x-www-form-urlencoded",
          "content-length": String(Buffer.byteLength(body)),
        };
        return answer(await app.request(path, { method: "POST", headers, body }));
      },
    };
  };
  return { ...opened, upload, as, [Symbol.asyncDispose]: opened[Symbol.asyncDispose] };
}

/** What of a page people read. */
export const plain = (html: string): string =>
  html
    .replace(/<[^>]*>/g, " ")
    .replaceAll(/[\s\u00a0\u202f]+/g, " ")
    .trim();
