import { createServer } from "node:http";
import { createServer as createTcpServer, type AddressInfo, type Server } from "node:net";
import { once } from "node:events";
import { expect, test } from "vitest";
import { sendNotice } from "#worker";

const notice = { subject: "Klarsyn: natten misslyckades", text: "Källan phoniro svarar inte." };

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

test("posts the notice to the operator's webhook, and names the target that refuses it", async () => {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      bodies.push(body);
      response.writeHead(request.url === "/full" ? 507 : 204).end();
    });
  });
  const port = await listening(server);
  expect(await sendNotice({ webhook: `http://127.0.0.1:${port}/klarsyn` }, notice)).toEqual([]);
  expect(await sendNotice({ webhook: `http://127.0.0.1:${port}/full` }, notice)).toEqual(["webhook"]);
  expect(JSON.parse(bodies[0] ?? "")).toEqual(notice);
  server.close();
});

test("sends the notice by SMTP, and says so where the server is away", async () => {
  let mail = "";
  const server = createTcpServer((socket) => {
    let receiving = false;
    socket.write("220 mail.example ESMTP\r\n");
    socket.on("data", (chunk) => {
      const text = chunk.toString();
      if (receiving) {
        mail += text;
        if (mail.includes("\r\n.\r\n")) {
          receiving = false;
          socket.write("250 taken\r\n");
        }
        return;
      }
      if (text.startsWith("DATA")) {
        receiving = true;
        socket.write("354 go on\r\n");
      } else if (text.startsWith("QUIT")) socket.end("221 bye\r\n");
      else socket.write("250 ok\r\n");
    });
    socket.on("error", () => {});
  });
  const port = await listening(server);
  const email = { smtp: `smtp://127.0.0.1:${port}`, from: "klarsyn@kommun.example", to: ["drift@kommun.example"] };
  expect(await sendNotice({ email }, notice)).toEqual([]);
  expect(mail).toContain("Subject: Klarsyn: natten misslyckades");
  expect(mail).toContain("phoniro svarar inte");
  server.close();
  await once(server, "close");
  expect(await sendNotice({ email }, notice)).toEqual(["email"]);
});
