/*
 * A provider's system that follows its orders: it gets a token, lists what has changed since last time, fetches each
 * order and accepts those that nobody has answered. Needs nothing but Node 24 or later:
 *
 *   KLARSYN_URL=https://… CLIENT_ID=kl_… CLIENT_SECRET=… node client.ts [CURSOR]
 *
 * It writes one JSON object a line for each order, and last the cursor to begin with next time.
 */

interface Acknowledgement {
  kind: "accepted" | "declined";
  current: boolean;
}
interface Order {
  id: string;
  version: string;
  status: string;
  gone: string | null;
  validFrom: string;
  acknowledgement: Acknowledgement | null;
}
interface OrderDetail extends Order {
  reference: string;
  person: { name: string | null; protected: boolean } | null;
  lines: Array<{ service: { code: string; name: string | null }; minutes: number; times: number; per: string }>;
}
interface Problem {
  type: string;
  title: string;
  status: number;
}

const { KLARSYN_URL: base = "", CLIENT_ID: id = "", CLIENT_SECRET: secret = "" } = process.env;

/** What the server says is wrong: decide by `type`, which is stable. */
class Refused extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.title);
    this.problem = problem;
  }
}

async function token(): Promise<string> {
  const response = await fetch(new URL("/api/v1/oauth/token", base), {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString("base64")}`,
    },
    body: new URLSearchParams({ grant_type: "client_credentials" }),
  });
  if (!response.ok) throw new Error(`no token: ${response.status} ${await response.text()}`);
  const { access_token } = (await response.json()) as { access_token: string };
  return access_token;
}

const bearer = await token();

/** One call. Waits and asks again where the server is busy; the key makes a write that is asked twice happen once. */
async function call<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
  const key = crypto.randomUUID();
  for (let tried = 1; ; tried++) {
    const response = await fetch(new URL(`/api/v1${path}`, base), {
      method,
      headers: {
        authorization: `Bearer ${bearer}`,
        ...(body === undefined ? {} : { "content-type": "application/json", "idempotency-key": key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (response.ok) return (await response.json()) as Answer;
    const again = response.status === 429 || response.status === 503;
    if (!again || tried === 5) throw new Refused((await response.json()) as Problem);
    const seconds = Number(response.headers.get("retry-after") ?? 2 ** tried);
    await new Promise((done) => setTimeout(done, seconds * 1000));
  }
}

async function accept({ id: order, version }: Order): Promise<Acknowledgement | null> {
  try {
    return await call("POST", `/orders/${order}/acknowledgement`, { kind: "accepted", version });
  } catch (error) {
    // It has changed since it was read, or is gone: it comes again with the next list.
    if (error instanceof Refused && error.problem.status === 409) return null;
    throw error;
  }
}

let cursor = process.argv[2];
for (let more = true; more;) {
  const from = cursor === undefined ? "" : `&cursor=${cursor}`;
  const page = await call<{ orders: Order[]; cursor: string; more: boolean }>("GET", `/orders?limit=100${from}`);
  for (const order of page.orders) {
    const detail = await call<OrderDetail>("GET", `/orders/${order.id}`);
    const answered = order.acknowledgement?.current === true || order.gone !== null;
    const acknowledgement = answered ? order.acknowledgement : await accept(detail);
    const { reference, validFrom, gone, lines } = detail;
    // Names are left out of what a program prints.
    process.stdout.write(`${JSON.stringify({ reference, validFrom, gone, lines: lines.length, acknowledgement })}\n`);
  }
  ({ cursor, more } = page);
}
process.stdout.write(`${JSON.stringify({ cursor })}\n`);
