import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { acknowledgeOwnOrder, actorOf, everything, listInbox } from "#operations";
import { startDelivering } from "#worker";
import { order, toldTown } from "../operations/told-town.ts";
import { startReceiver } from "../webhook/receiver.ts";

async function listening(server: Server | TcpServer): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** A mail server that takes connections and never says anything. */
async function silentMail() {
  const sockets = new Set<{ destroy: () => void }>();
  let asked = 0;
  const server = createTcpServer((socket) => {
    asked++;
    sockets.add(socket.on("error", () => undefined));
  });
  const port = await listening(server);
  return {
    email: { smtp: `smtp://127.0.0.1:${port}`, from: "klarsyn@kommun.example", to: ["drift@kommun.example"] },
    asked: () => asked,
    /** Ends every connection at once from now on. */
    refuse: () => {
      server.on("connection", (socket) => socket.destroy());
      for (const socket of sockets) socket.destroy();
    },
    [Symbol.asyncDispose]: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close").catch(() => undefined);
    },
  };
}

/** Somebody who reads what a webhook of the municipality's is told. */
async function reader() {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      bodies.push(body);
      response.writeHead(204).end();
    });
  });
  const port = await listening(server);
  return {
    webhook: `http://127.0.0.1:${port}/`,
    bodies,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

type Town = Awaited<ReturnType<typeof toldTown>>;

/** An order that the handlers are told of at once. */
async function decline(town: Town): Promise<void> {
  await town.orders(order("o-1", 1));
  const scope = { ...everything, providers: ["P1"] };
  const frida = actorOf({ id: "frida", name: "Frida Sten", tenantId: "0192", role: "provider", scope });
  const { orders } = await listInbox(town.needs, frida, { filter: "standing", limit: 50 });
  const { no } = orders.find(({ reference }) => reference === "o-1")!;
  const { rows } = await town.needs.database.pool.query<{ changeNo: number }>(
    'SELECT change_no AS "changeNo" FROM announced_orders WHERE no = $1',
    [no],
  );
  const answer = { kind: "declined", reason: "no-capacity" } as const;
  await acknowledgeOwnOrder(town.needs, frida, { no, changeNo: rows[0]!.changeNo, answer });
}

const log = { warn: () => undefined, error: () => undefined };
const system = (town: Town, notify: object) => ({
  ...town.needs,
  config: { ...town.needs.config, municipality: { name: "Provkommun" }, notify },
  log,
});

async function until(condition: () => boolean, ms = 10_000): Promise<void> {
  const deadline = Date.now() + ms;
  while (!condition() && Date.now() < deadline) await sleep(20);
}

test("a mail server that says nothing holds up no provider's system", async () => {
  await using town = await toldTown();
  await using mail = await silentMail();
  await using receiver = await startReceiver();
  await town.endpoint(receiver.url);
  await decline(town);
  const delivering = startDelivering(system(town, { email: mail.email }), 50);
  try {
    await until(() => mail.asked() > 0);
    expect(mail.asked()).toBe(1);
    await town.orders(order("o-2", 1));
    // Before the mail server is given up.
    await until(() => receiver.types().filter((type) => type === "order.created").length === 2);
    expect(receiver.types().filter((type) => type === "order.created")).toHaveLength(2);
    expect(mail.asked()).toBe(1);
  } finally {
    mail.refuse();
    await delivering.stop();
  }
}, 60_000);

test("handlers who were told in one way are not told again because another way fails", async () => {
  await using town = await toldTown();
  await using mail = await silentMail();
  await using told = await reader();
  mail.refuse();
  await decline(town);
  const delivering = startDelivering(system(town, { email: mail.email, webhook: told.webhook }), 20);
  try {
    await until(() => told.bodies.length > 0);
    await sleep(3000);
  } finally {
    await delivering.stop();
  }
  expect(told.bodies).toHaveLength(1);
  expect(told.bodies[0]).toContain("1 beställning har utföraren tackat nej till.");
}, 60_000);

test("whom nothing reaches is tried again after a minute, not every time", async () => {
  await using town = await toldTown();
  await using mail = await silentMail();
  mail.refuse();
  await decline(town);
  const delivering = startDelivering(system(town, { email: mail.email }), 20);
  try {
    await until(() => mail.asked() > 0);
    await sleep(4000);
  } finally {
    await delivering.stop();
  }
  expect(mail.asked()).toBe(1);
  // It is still to be told.
  const { rows } = await town.needs.database.pool.query("SELECT FROM order_reminders");
  expect(rows).toHaveLength(0);
}, 60_000);
